"""People whom an operator chose in the list of users, however many they are."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from notifications.models import Announcement
from notifications.services.permissions import may_announce

SALT = "clarion.people"
DESCRIPTION = _("Notify these people…")


@dataclass(frozen=True)
class Selection:
    """Whom the list of a model showed under a query string: those ticked, or all of them.

    It travels in the form, signed. All are found again by the list's own search and filters when
    the form is sent, so that a million of them take no more room than one.
    """

    model: str
    query: str
    ticked: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> Selection:
        """What is ticked in the change list that posted this request."""
        across = request.POST.get("select_across") == "1"
        ticked = [] if across else request.POST.getlist(ACTION_CHECKBOX_NAME)
        return cls(model_admin.opts.label, request.GET.urlencode(), ticked)

    def signed(self, user: AbstractBaseUser) -> str:
        """As text that only this user can bring back."""
        parts = [self.model, self.query, self.ticked]
        return signing.dumps(parts, salt=f"{SALT}.{user.pk}", compress=True)

    @classmethod
    def read(cls, text: str, user: AbstractBaseUser) -> Selection:
        """From such a text. Raises `SuspiciousOperation`."""
        try:
            return cls(*signing.loads(text, salt=f"{SALT}.{user.pk}"))
        except signing.BadSignature:
            raise SuspiciousOperation("Not a selection of this user.") from None

    def people(self, site: admin.AdminSite, request: HttpRequest) -> QuerySet[AbstractBaseUser]:
        """Those users as they are by now. Raises `PermissionDenied`."""
        model_admin = site.get_model_admin(apps.get_model(self.model))
        if not model_admin.has_view_or_change_permission(request):
            raise PermissionDenied
        shown = _shown(model_admin, request, self.query)
        if self.ticked:
            shown = model_admin.get_queryset(request).filter(pk__in=self.ticked)
        # The list may be joined, annotated and sorted for its columns.
        chosen = shown.order_by().values("pk")
        return get_user_model()._default_manager.filter(pk__in=chosen)


def _shown(model_admin: admin.ModelAdmin[Any], request: HttpRequest, query: str) -> QuerySet[Any]:
    """Everything that the change list shows under this query string, on all of its pages."""
    asked = copy.copy(request)
    asked.method, asked.GET = "GET", QueryDict(query)
    try:
        return model_admin.get_changelist_instance(asked).get_queryset(asked)
    except IncorrectLookupParameters:
        raise SuspiciousOperation("What the list was filtered by is gone.") from None


class NotifyPeople(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """A mixin for any `ModelAdmin` of the user model: the action "Notify these people…".

    For those who may compose, where announcements are in the same admin site.
    """

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those of the model, and ours."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.admin_site.is_registered(Announcement) and may_announce(request.user):
            actions["notify_people"] = (notify_people, "notify_people", DESCRIPTION)
        return actions


def notify_people(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse:
    """Open the page that composes, for the people selected."""
    announcements: Any = model_admin.admin_site.get_model_admin(Announcement)
    page: HttpResponse = announcements.compose_for(request, Selection.of(model_admin, request))
    return page
