from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PaymentConfig(AppConfig):
    name = "payment"

    def ready(self) -> None:
        from payment import (  # noqa: F401  `checks` registers the start-up check
            audit,
            audit_donations,
            audit_gateways,
            audit_papers,
            checks,
            clearing,
            deposit_returns,
            deposits,
            donations,
            donations_profile,
            donations_recurring,
            labels,
            papers,
            payout_holds,
            payout_methods,
            payouts,
            seal,
            triggers,
            webhooks,
        )
        from payment.gateways.sandbox import post
        from payment.moves import moves as payment_moves
        from skilllink import clocks, moves
        from skilllink.realtime import topics
        from users import profile_sections
        from users.notifications import sources

        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        moves.register(payment_moves)
        sources.register(payout_methods.NOTICE, sources.Source("security", payout_methods.news))
        clocks.register("money.clear", clearing.sweep)
        for check in audit_gateways.CHECKS:
            audit.register(check)
        audit.register(audit_papers.papers_fit)
        audit.register(audit_papers.numbers_without_gap)
        audit.watch(audit_papers.papers_late)
        audit.register(audit_donations.gifts_fit)
        labels.register(donations.labels)
        profile_sections.register(donations_profile.TITLE, donations_profile.section, last=True)
        clocks.register("gateway.sandbox", post.sweep)
        clocks.register("money.deposits", deposits.sweep)
        clocks.register("money.donations", donations_recurring.sweep)
        clocks.register("money.events", webhooks.sweep)
        clocks.register("money.holds", payout_holds.sweep)
        clocks.register("money.papers", papers.sweep)
        clocks.register("money.payouts", payouts.sweep)
        clocks.register("money.returns", deposit_returns.sweep)
        # a verified cause is everybody's; what is told is only that something happened
        topics.register(topics.TopicKind("cause", may_listen=lambda user, pk: True, head=lambda pk: 0))
        # what everyone may know: that something was sealed, audited, halted
        kind, name = seal.TOPIC.split(":")
        topics.register(topics.TopicKind(kind, may_listen=lambda user, pk: pk == name, head=lambda pk: 0))
