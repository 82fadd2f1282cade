from __future__ import annotations

import copy
import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from notifications.admin.filters import StateFilter
from notifications.admin.forms import CONTENT, content_of, put, templates
from notifications.admin.moments import both, slots
from notifications.admin.pages import operator, people
from notifications.admin.previews import preview
from notifications.admin.refusals import refusal
from notifications.admin.schedule_form import ScheduleForm
from notifications.admin.schedule_pages import Act, SchedulePages
from notifications.admin.words import spoken
from notifications.exceptions import ClarionError
from notifications.models import Schedule
from notifications.selectors.announcements import audience_size
from notifications.services import permissions, schedules

# Posted by the page that composes, whose fields are the first values here.
COMPOSED = "_compose"


@admin.register(Schedule)
class ScheduleAdmin(SchedulePages):
    """Broadcasts that go out by themselves."""

    form = ScheduleForm
    fieldsets = (
        (_("What, and to whom"), {"fields": ("topic", *CONTENT)}),
        (
            _("When"),
            {
                "fields": (
                    "kind",
                    "time_zone",
                    "at",
                    ("every", "period"),
                    "cron",
                    ("starts_at", "ends_at"),
                    "missed",
                    "enabled",
                )
            },
        ),
    )
    list_display = ("what", "audience", "state", "next_time", "recurrence")
    list_filter = (StateFilter, "kind")
    search_fields = ("title", "body", "topic")
    ordering = ("next_slot", "pk")
    actions = ("pause_selected", "resume_selected")
    save_on_top = False
    change_form_template = "clarion/admin/schedule.html"

    # --- What may be done ------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        """Also depends on whom it reaches."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or permissions.may_schedule(request.user, obj.topic, "change"))

    # --- The form --------------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Schedule | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Schedule]]:
        """The form, which knows who asks and what the services refused."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.request, form.refused = request, getattr(request, "refused", None)
        return form  # type: ignore[no-any-return]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Add or change. What the services refuse becomes errors of the form."""
        if request.method == "POST":
            topic = request.POST.get("topic", "")
            action: permissions.Action = "change" if object_id else "add"
            if not permissions.may_schedule(request.user, topic, action):
                raise PermissionDenied
        if COMPOSED in request.POST:
            request = _as_opened(request)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ClarionError as error:
            request.refused = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What was composed before, if it was."""
        if COMPOSED not in request.POST:
            return super().get_changeform_initial_data(request)
        initial = {name: request.POST.get(name, "") for name in ("topic", *CONTENT)}
        return {**initial, "data": _json(initial["data"])}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The form, what it will look like, and when it comes next."""
        form, stored = context["adminform"].form, context["original"]
        context |= {"templates": templates(), "saved": stored, **_tools(request, stored)}
        try:
            context |= self._shown(form, stored)
        except ClarionError as error:
            context |= self._marked(form, error)
        return super().render_change_form(request, context, *args, **kwargs)

    def _marked(self, form: ScheduleForm, error: ClarionError) -> dict[str, object]:
        """What cannot be previewed: an error of the form, or of what is stored."""
        if not form.is_bound:
            return {"refused": refusal(error)}
        put(form, error)
        return {"errors": helpers.AdminErrorList(form, [])}

    def _shown(self, form: ScheduleForm, stored: Schedule | None) -> dict[str, object]:
        """The preview: of what was posted to be looked at, or of what is stored."""
        if form.is_bound and (form.errors or not form.previewing):
            return {}
        draft = schedules.draft(form.schedule) if form.is_bound else stored
        if draft is None:
            return {}
        said = preview(content_of(draft))
        recurrence = schedules.recurrence_of(draft)
        return {
            "preview": said,
            "reach": people(audience_size(draft.topic)),
            "words": spoken(recurrence),
            "slots": slots(schedules.upcoming(draft), draft.time_zone),
            "zone": draft.time_zone,
            "own_zone": timezone.get_current_timezone_name(),
            "draft": draft,
        }

    # --- Writing ---------------------------------------------------------------------------------

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Schedule:
        """Save through the service. Raises `ClarionError` for what it refuses."""
        if change:
            return schedules.edit(self._stored(form.instance), form.schedule)
        return schedules.create(form.schedule, operator(request))

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Nothing: the service has saved it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: it has no parts of its own."""

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Delete it and its doorbell."""
        schedules.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Delete each, and its doorbell."""
        for schedule in queryset:
            schedules.delete(schedule)

    def _stored(self, schedule: Schedule) -> Schedule:
        return Schedule.objects.get(pk=schedule.pk)

    @admin.action(description=_("Pause selected schedules"), permissions=["change"])
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Have them wait."""
        count = self._each(request, queryset, schedules.pause, gettext("Paused."))
        said = ngettext("%(count)d schedule was paused.", "%(count)d schedules were paused.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Resume selected schedules"), permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Have them go on with their next slots."""
        count = self._each(request, queryset, schedules.resume, gettext("Resumed."))
        said = ngettext(
            "%(count)d schedule was resumed.", "%(count)d schedules were resumed.", count
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def _each(self, request: HttpRequest, chosen: QuerySet[Schedule], act: Act, done: str) -> int:
        """Do it to those that this person may change, and name the others; how many it was."""
        theirs = [row for row in chosen if self.has_change_permission(request, row)]
        count = sum(self.attempt(request, row, act, done) for row in theirs)
        if left := len(chosen) - len(theirs):
            note = ngettext(
                "%(count)d goes to everyone, which takes a permission that you lack.",
                "%(count)d go to everyone, which takes a permission that you lack.",
                left,
            )
            self.message_user(request, note % {"count": left}, messages.WARNING)
        return count

    # --- Columns ---------------------------------------------------------------------------------

    @admin.display(description=_("what"), ordering="title")
    def what(self, row: Schedule) -> str:
        """Its title, or its type."""
        return row.title or row.type

    @admin.display(description=_("to"), ordering="topic")
    def audience(self, row: Any) -> str:
        """The topic's label."""
        label: str = row.audience
        return label

    @admin.display(description=_("when"))
    def recurrence(self, row: Schedule) -> str:
        """The recurrence in words, or why it is none any more."""
        try:
            return spoken(schedules.recurrence_of(row))
        except ClarionError as error:
            return refusal(error)

    @admin.display(description=_("next time"), ordering="next_slot")
    def next_time(self, row: Schedule) -> str:
        """In its zone, and in the operator's."""
        return both(row.next_slot, row.time_zone) if row.next_slot else "-"

    @admin.display(description=_("state"))
    def state(self, row: Schedule) -> str:
        """Whether it goes on."""
        return _state(row)


def _state(row: Schedule) -> str:
    if schedules.is_over(row):
        return gettext("Over")
    return gettext("On") if row.enabled and row.next_slot else gettext("Paused")


def _tools(request: HttpRequest, schedule: Schedule | None) -> dict[str, object]:
    """What the page of a stored schedule offers this person."""
    if schedule is None:
        return {}
    user = request.user
    return {
        "state": _state(schedule),
        "may_change": permissions.may_schedule(user, schedule.topic, "change"),
        "may_run": permissions.may_run_now(user, schedule.topic),
        "may_see_history": permissions.may_see_history(user),
    }


def _as_opened(request: HttpRequest) -> HttpRequest:
    """The request as if it only opened the page; what it posted is read as first values."""
    opened = copy.copy(request)
    opened.method = "GET"
    return opened


def _json(text: str) -> object:
    """What a form field for JSON shows for this; text that is no JSON stays."""
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError:
        return InvalidJSONInput(text)
