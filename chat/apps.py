from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import frames, reportable, unread

        frames.register()
        reportable.register_kinds()
        unread.register()
