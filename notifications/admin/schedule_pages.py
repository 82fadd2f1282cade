"""What can be done with one schedule, and what it has sent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, pgettext

from notifications.admin import audiences, history
from notifications.admin.forms import content_of
from notifications.admin.pages import OperatorPages, on_its_way, operator, people
from notifications.admin.previews import preview
from notifications.admin.refusals import refusal
from notifications.exceptions import ClarionError
from notifications.models import Schedule
from notifications.selectors.announcements import audience_size
from notifications.services import permissions, schedules
from notifications.services.submissions import run_once

Act = Callable[[Schedule], object]


class SchedulePages(OperatorPages):
    """Running, pausing and resuming one schedule; its history."""

    def get_urls(self) -> list[URLPattern]:
        """Those of every model, and ours."""
        views = {
            "run": self.run_view,
            "pause": self.pause_view,
            "resume": self.resume_view,
            "sent": self.sent_view,
        }
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"clarion_schedule_{name}",
            )
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def pause_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Pause it (POST)."""
        return self._act(request, object_id, schedules.pause, gettext("Paused."))

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Resume it (POST)."""
        return self._act(request, object_id, schedules.resume, gettext("Resumed."))

    def _act(self, request: HttpRequest, object_id: str, act: Act, done: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        schedule = self._found(request, object_id)
        if not self.has_change_permission(request, schedule):
            raise PermissionDenied
        if self.attempt(request, schedule, act, done):
            messages.success(request, done)
        return _back(schedule)

    def attempt(self, request: HttpRequest, schedule: Schedule, act: Act, done: str) -> bool:
        """Do it and log it as `done`, or say why the service refused; whether it was done."""
        try:
            act(schedule)
        except ClarionError as error:
            messages.error(request, f"{schedule}: {refusal(error)}")
            return False
        self.log_change(request, schedule, done)
        return True

    def run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once, with the number, then send it out of turn."""
        schedule = self._found(request, object_id)
        if not permissions.may_run_now(request.user, schedule.topic):
            raise PermissionDenied
        try:
            run = self._run if request.method == "POST" else self._ask
            return run(request, schedule)
        except ClarionError as error:
            messages.error(request, refusal(error))
            return _back(schedule)

    def _ask(self, request: HttpRequest, schedule: Schedule) -> HttpResponse:
        reach = people(audience_size(schedule.topic))
        return self.page(
            request,
            "confirm_run",
            gettext("Send to %(people)s?") % {"people": reach},
            original=schedule,
            preview=preview(content_of(schedule)),
            to=audiences.label(schedule.topic),
            reach=reach,
            key=uuid4().hex,
        )

    def _run(self, request: HttpRequest, schedule: Schedule) -> HttpResponse:
        said = run_once(request.POST.get("key", ""), schedule, operator(request))
        messages.success(request, on_its_way(said))
        self.log_change(request, schedule, gettext("Sent out of turn."))
        return _back(schedule)

    def sent_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What it sent and left out, the newest first."""
        schedule = self._found(request, object_id)
        may = self.has_view_or_change_permission(request, schedule)
        if not (may and permissions.may_see_history(request.user)):
            raise PermissionDenied
        return self.page(
            request,
            "history",
            pgettext("what a schedule sent", "History"),
            original=schedule,
            subtitle=schedule,
            history=history.page_of(schedule, request.GET.get("p", "1")),
            zone=schedule.time_zone,
            own_zone=timezone.get_current_timezone_name(),
        )

    def _found(self, request: HttpRequest, object_id: str) -> Schedule:
        schedule: Schedule | None = self.get_object(request, unquote(object_id))
        if schedule is None:
            raise Http404
        return schedule


def _back(schedule: Schedule) -> HttpResponse:
    return redirect("admin:clarion_schedule_change", schedule.pk)
