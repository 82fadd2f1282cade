"""What models and their columns are called in the admin.

Said here and not in the models: there, each name would be a migration, and so would be each name
that is changed. It is set where Django looks, and not where it compares models with migrations.
"""

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import Announcement, ApiKey, Notification, Outbox, Schedule

MODELS: dict[type[Model], tuple[Promise, Promise]] = {
    ApiKey: (_("API key"), _("API keys")),
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
    "created_by": _("made by"),
    "due_at": _("due at"),
    "error": _("error"),
    "expires_at": _("expires at"),
    "kind": _("kind"),
    "lane": _("lane"),
    "last_used_at": _("last used at"),
    "level": _("level"),
    "may_notify": _("people"),
    "missed": _("slots left out"),
    "name": _("name"),
    "prefix": _("public part"),
    "priority": _("priority"),
    "retracted_at": _("retracted at"),
    "revoked_at": _("revoked at"),
    "state": _("state"),
    "thread": _("thread"),
    "title": _("title"),
    "topic": _("topic"),
    "topics": _("topics"),
    "type": _("type"),
    "types": _("types"),
    "url": _("link"),
}


def give() -> None:
    """Have the admin call them so."""
    for model, (one, many) in MODELS.items():
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many  # type: ignore[assignment]
        for field in model._meta.concrete_fields:
            if field.name in COLUMNS:
                field.verbose_name = COLUMNS[field.name]  # type: ignore[assignment]
