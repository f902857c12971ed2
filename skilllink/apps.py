from django.apps import AppConfig


class SkillLinkConfig(AppConfig):
    """The project package as an app: it carries commands, template tags and system checks, no models."""

    name = "skilllink"
    verbose_name = "SkillLink"

    def ready(self) -> None:
        from skilllink import checks  # noqa: F401  registers the system checks
