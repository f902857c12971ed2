from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PaymentConfig(AppConfig):
    name = "payment"

    def ready(self) -> None:
        from payment import (  # noqa: F401  `checks` registers the start-up check
            audit,
            audit_gateways,
            checks,
            clearing,
            deposit_returns,
            deposits,
            payout_holds,
            payouts,
            seal,
            triggers,
            webhooks,
        )
        from payment.gateways.sandbox import post
        from payment.moves import moves as payment_moves
        from skilllink import clocks, moves
        from skilllink.realtime import topics

        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        moves.register(payment_moves)
        clocks.register("money.clear", clearing.sweep)
        for check in audit_gateways.CHECKS:
            audit.register(check)
        clocks.register("gateway.sandbox", post.sweep)
        clocks.register("money.deposits", deposits.sweep)
        clocks.register("money.events", webhooks.sweep)
        clocks.register("money.holds", payout_holds.sweep)
        clocks.register("money.payouts", payouts.sweep)
        clocks.register("money.returns", deposit_returns.sweep)
        # what everyone may know: that something was sealed, audited, halted
        kind, name = seal.TOPIC.split(":")
        topics.register(topics.TopicKind(kind, may_listen=lambda user, pk: pk == name, head=lambda pk: 0))
