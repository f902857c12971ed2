from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from payment import audit, forecast, labels, verify
        from projects import (
            cards,
            contract_moves,
            escrow_audit,
            escrow_labels,
            evidence,
            forecasts,
            gig_moves,
            gig_sweeps,
            gig_topics,
            live,
            profile,
            reportable,
            search,
            sweeps,
            taxonomy,
        )
        from skilllink import clocks, moves
        from skilllink.realtime import topics
        from users import profile_sections

        audit.register(escrow_audit.escrows_fit)
        forecast.register(forecasts.of_contracts)
        labels.register(escrow_labels.labels)
        labels.register_contracts(escrow_labels.contracts)
        verify.register("contract", evidence.of_contract)
        gig_sweeps.register()
        gig_topics.register_topics()
        reportable.register_kinds()
        cards.register_kinds()
        moves.register(gig_moves.moves)
        moves.register(contract_moves.moves)
        profile_sections.register(profile.SCORE_TITLE, profile.scored)
        profile_sections.register(profile.TITLE, profile.reviews, facts=profile.facts)
        clocks.register("projects.clock", sweeps.sweep)
        topics.register(live.contract)
        post_migrate.connect(search.install, sender=self, dispatch_uid="projects.search")
        post_migrate.connect(taxonomy.keep, sender=self, dispatch_uid="projects.taxonomy")
