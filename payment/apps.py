from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PaymentConfig(AppConfig):
    name = "payment"

    def ready(self) -> None:
        from payment import checks, clearing, seal, triggers  # noqa: F401  registers the start-up check
        from payment.moves import moves as payment_moves
        from skilllink import clocks, moves
        from skilllink.realtime import topics

        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        moves.register(payment_moves)
        clocks.register("money.clear", clearing.sweep)
        # what everyone may know: that something was sealed, audited, halted
        kind, name = seal.TOPIC.split(":")
        topics.register(topics.TopicKind(kind, may_listen=lambda user, pk: pk == name, head=lambda pk: 0))
