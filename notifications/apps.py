from django.apps import AppConfig


class ClarionConfig(AppConfig):
    """Package `notifications`, label and table prefix `clarion`."""

    name = "notifications"
    label = "clarion"
    verbose_name = "Clarion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to signals, learn the notification types, add the checks."""
        from notifications import checks, receivers, registry

        receivers.connect()
        registry.autodiscover()
        checks.register_all()
