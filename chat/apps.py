from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import frames, message_index, receipts, reportable, unread, uploads
        from skilllink import clocks

        post_migrate.connect(message_index.INDEX.install, sender=self, dispatch_uid="chat.message_index", weak=False)
        frames.register()
        receipts.register()
        reportable.register_kinds()
        unread.register()
        clocks.register("attachment.unsent", uploads.sweep)
