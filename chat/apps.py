from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import frames, reportable

        frames.register()
        reportable.register_kinds()
