"""What models and their columns are called in the admin.

Said here and not in the models: there, each name would be a migration, and so would be each name
that is changed. It is set where Django looks, and not where it compares models with migrations.
"""

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import Announcement, Notification, Outbox, Schedule

MODELS: dict[type[Model], tuple[Promise, Promise]] = {
    Announcement: (_("announcement"), _("announcements")),
    Notification: (_("notification"), _("notifications")),
    Outbox: (_("row of the outbox"), _("outbox")),
    Schedule: (_("schedule"), _("schedules")),
}
COLUMNS: dict[str, Promise] = {
    "actor_id": _("ID of the actor"),
    "actor_label": _("actor"),
    "actor_type": _("type of the actor"),
    "attempts": _("attempts"),
    "body": _("body"),
    "category": _("category"),
    "created_at": _("created at"),
    "data": _("data"),
    "due_at": _("due at"),
    "error": _("error"),
    "expires_at": _("expires at"),
    "kind": _("kind"),
    "lane": _("lane"),
    "level": _("level"),
    "missed": _("slots left out"),
    "priority": _("priority"),
    "retracted_at": _("retracted at"),
    "state": _("state"),
    "thread": _("thread"),
    "title": _("title"),
    "topic": _("topic"),
    "type": _("type"),
    "url": _("link"),
}


def give() -> None:
    """Have the admin call them so."""
    for model, (one, many) in MODELS.items():
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many  # type: ignore[assignment]
        for field in model._meta.concrete_fields:
            if field.name in COLUMNS:
                field.verbose_name = COLUMNS[field.name]  # type: ignore[assignment]
