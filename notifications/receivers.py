"""Signals we hear; each handler makes one call."""

from collections.abc import Collection, Iterable
from functools import partial

from django.apps import apps as django_apps
from django.apps.registry import Apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import FieldDoesNotExist
from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_delete,
)
from django.dispatch import receiver
from django.http import HttpRequest

from notifications import selectors
from notifications.authentication import login_id
from notifications.live.publish import publish_many
from notifications.models import Topic
from notifications.services import inboxes, memberships, topics
from notifications.services.audience import UserKey
from notifications.services.topics import group_topic
from notifications.signals import inbox_changed
from notifications.wire.events import InboxEvent, Recheck, SignedOut, user_group

# What of a user a login depends on.
LOGIN_FIELDS = frozenset({"password", "is_active"})


@receiver(inbox_changed, dispatch_uid="clarion.publish_change")
def publish_change(inbox_id: int, event: InboxEvent, **_: object) -> None:
    """Tell the person's open sockets."""
    publish_many([(user_group(inbox_id), event.message())])


@receiver(user_logged_out, dispatch_uid="clarion.close_sockets")
def close_sockets(request: HttpRequest | None, user: AbstractBaseUser | None, **_: object) -> None:
    """Close the sockets of a login session that ends."""
    if request is None or user is None:
        # Channels' own `logout` says no request; the heartbeat finds out.
        return
    inbox_id = selectors.inbox_of(user.pk)
    if inbox_id is not None:
        event = SignedOut(login_id(request.session.session_key))
        publish_many([(user_group(inbox_id), event.message())])


def user_saved(
    instance: AbstractBaseUser,
    created: bool,
    raw: bool = False,
    update_fields: Iterable[str] | None = None,
    **_: object,
) -> None:
    """Make an inbox with its user; follow staff status; look again at who may be signed in."""
    if raw or not isinstance(instance, get_user_model()):
        # A fixture may load rows in any order; the inbox is made when it is first needed.
        return
    if created:
        inboxes.begin(instance)
        return
    if update_fields is None or "is_staff" in update_fields:
        memberships.follow([instance.pk])
    # What the columns were before, nobody knows here.
    if update_fields is None or not LOGIN_FIELDS.isdisjoint(update_fields):
        recheck(selectors.inbox_of(instance.pk))


def user_deleted(instance: AbstractBaseUser, **_: object) -> None:
    """Keep the relay out of an inbox that is about to go, and its sockets from staying on."""
    if isinstance(instance, get_user_model()):
        inbox_id = selectors.inbox_of(instance.pk)
        inboxes.delete_of(instance)
        recheck(inbox_id)


def recheck(inbox_id: int | None) -> None:
    """Have the sockets of a person compared with the database, once it says what is new.

    The heartbeat does so anyway, after what no signal tells: updates in bulk, and login sessions
    that are deleted. To listen to those would make `clearsessions` load each of them.
    """
    if inbox_id is not None:
        pair = (user_group(inbox_id), Recheck().message())
        transaction.on_commit(partial(publish_many, [pair]), robust=True)


def groups_changed(
    instance: Model, action: str, reverse: bool, pk_set: set[UserKey] | None, **_: object
) -> None:
    """Follow auth groups, changed from the user's side or from the group's."""
    if action == "pre_clear" and reverse:
        # Afterwards nobody can tell who was in it.
        users = instance.user_set.values_list("pk", flat=True)  # type: ignore[attr-defined]
        vars(instance)["_clarion_cleared"] = list(users)
    if action in ("post_add", "post_remove", "post_clear"):
        memberships.follow(_concerned(instance, reverse, pk_set))


def _concerned(instance: Model, reverse: bool, pk_set: set[UserKey] | None) -> Collection[UserKey]:
    if not reverse:
        return [instance.pk]
    if pk_set is None:
        cleared: list[UserKey] = vars(instance).pop("_clarion_cleared", [])
        return cleared
    return pk_set


def group_deleted(instance: Model, **_: object) -> None:
    """Have its members leave: no signal says that they are no longer in it.

    Not before it is deleted: until then they are.
    """
    memberships.dissolve(group_topic(instance.pk))


def migrated(using: str, apps: Apps = django_apps, **_: object) -> None:
    """Have everybody belong to the default topics from the first deploy on, or after a flush."""
    try:
        apps.get_model("clarion", "Topic")._meta.get_field("default_since")
    except (LookupError, FieldDoesNotExist):
        # Migrated to where there were none yet.
        return
    if using == router.db_for_write(Topic):
        topics.begin_log()
        topics.begin_defaults()


def connect() -> None:
    """Listen to the user model, whichever it is, with its proxies and children."""
    # No `sender`: a proxy or child sends in its own name.
    post_save.connect(user_saved, dispatch_uid="clarion.user_saved")
    pre_delete.connect(user_deleted, dispatch_uid="clarion.user_deleted")
    post_migrate.connect(
        migrated, sender=django_apps.get_app_config("clarion"), dispatch_uid="clarion.migrated"
    )
    groups = getattr(get_user_model(), "groups", None)
    if groups is not None:
        m2m_changed.connect(
            groups_changed, sender=groups.through, dispatch_uid="clarion.groups_changed"
        )
        post_delete.connect(group_deleted, sender=Group, dispatch_uid="clarion.group_deleted")
