"""Filters of the operator's lists."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.admin import audiences
from notifications.models import Announcement, Schedule


class AudienceFilter(admin.SimpleListFilter):
    """Announcements by whom they were for."""

    title = _("audience")
    parameter_name = "to"
    PEOPLE = "people"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The topics that there are, and chosen people."""
        return [(key or self.PEOPLE, label) for key, label in audiences.labels().items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Announcement]
    ) -> QuerySet[Announcement]:
        """Those to the chosen audience."""
        if self.value() is None:
            return queryset
        return queryset.filter(topic="" if self.value() == self.PEOPLE else self.value())


class SenderFilter(admin.SimpleListFilter):
    """Announcements by what had them sent."""

    title = _("sender")
    parameter_name = "sender"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("me", gettext("me")),
            ("person", gettext("a person")),
            ("schedule", gettext("a schedule")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Announcement]
    ) -> QuerySet[Announcement]:
        """Those of the chosen sender."""
        if self.value() == "me":
            return queryset.filter(sent_by=request.user.pk)
        if self.value() == "person":
            return queryset.filter(sent_by__isnull=False)
        if self.value() == "schedule":
            return queryset.filter(sent_by=None)
        return queryset


class StateFilter(admin.SimpleListFilter):
    """Schedules by whether they go on."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("on", gettext("on")),
            ("paused", gettext("paused")),
            ("over", gettext("over")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> QuerySet[Schedule]:
        """Those in the chosen state."""
        if self.value() == "on":
            return queryset.filter(enabled=True, next_slot__isnull=False)
        if self.value() == "paused":
            return queryset.filter(enabled=False)
        if self.value() == "over":
            return queryset.filter(enabled=True, next_slot=None)
        return queryset
