"""The site as a Django app, for its system checks and commands."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Registers the site's system checks when Django starts."""

    name = "project"
    label = "project"

    def ready(self) -> None:
        """Import the checks, which register themselves."""
        from project import checks  # noqa: F401 - needs the loaded settings
