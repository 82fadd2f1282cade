from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.admin import audiences
from notifications.admin.compose import Compose
from notifications.admin.filters import AudienceFilter, SenderFilter
from notifications.admin.moments import both, written
from notifications.admin.pages import Labelled, OperatorPages, number, operator, people
from notifications.admin.people import Selection
from notifications.admin.previews import picture, title
from notifications.admin.refusals import refusal
from notifications.exceptions import NothingToCancel
from notifications.models import Announcement
from notifications.selectors.announcements import Progress, progress
from notifications.services import permissions
from notifications.services.announcements import cancel


class WithProgress(Labelled):
    """A page of announcements that know how far they have come."""

    def get_results(self, request: HttpRequest) -> None:
        """Read it for the whole page."""
        super().get_results(request)
        followed = progress(self.result_list)
        for row in self.result_list:
            row.progress = followed[row.pk]


@admin.register(Announcement)
class AnnouncementAdmin(OperatorPages):
    """What was announced, to read and to cancel; adding one is composing it."""

    list_display = (
        "sent_at",
        "said",
        "audience",
        "state_shown",
        "by",
        "recipients_shown",
        "waiting",
        "reached",
        "read",
    )
    list_display_links = ("sent_at", "said")
    list_filter = ("state", AudienceFilter, SenderFilter, "created_at")
    list_select_related = ("notification", "schedule", "sent_by", "cancelled_by")
    search_fields = ("notification__title", "notification__body")
    ordering = ("-created_at",)
    show_full_result_count = False
    actions = None
    change_list_template = "clarion/admin/announcements.html"
    change_form_template = "clarion/admin/announcement.html"

    # --- What may be done ------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may compose."""
        return permissions.may_announce(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Never: people have it already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Never: it is the history."""
        return False

    # --- Pages -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Those of every model, and the page that cancels."""
        cancelling = self.admin_site.admin_view(self.cancel_view)
        own = [path("<path:object_id>/cancel/", cancelling, name="clarion_announcement_cancel")]
        return [*own, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows how far each has come."""
        return WithProgress

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Compose."""
        page = Compose(self, request)
        return page.posted() if request.method == "POST" else page.opened()

    def compose_for(self, request: HttpRequest, chosen: Selection) -> HttpResponse:
        """Compose, for people chosen in the list that posted this request."""
        return Compose(self, request, chosen).opened()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One announcement: how it looks, and how far it has come."""
        announcement: Announcement = context["original"]
        self._follow(announcement)
        context |= {
            "title": gettext("Announcement"),
            "subtitle": self.said(announcement),
            "picture": announcement.notification and picture(announcement.notification),
            "may_cancel": permissions.may_cancel(request.user) and self._waits(announcement),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Announcement | None = None) -> list[Any]:
        """What the page of one announcement says beside the preview."""
        fields = ["audience", "state_shown", "sent_at", "by", "from_schedule"]
        fields += ["recipients_shown", "waiting", "reached", "read"]
        if obj and obj.missed:
            fields.append("missed")
        if obj and obj.error:
            fields.append("error")
        return fields

    def get_readonly_fields(
        self, request: HttpRequest, obj: Announcement | None = None
    ) -> list[str]:
        """All of them."""
        return self.get_fields(request, obj)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once, then keep it from those who do not have it yet."""
        announcement = self.get_object(request, unquote(object_id))
        if not (permissions.may_cancel(request.user) and self.has_view_permission(request)):
            raise PermissionDenied
        if announcement is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        self._follow(announcement)
        if request.method == "POST":
            return self._cancelled(request, announcement)
        waiting = people(announcement.progress.waiting)
        return self.page(
            request,
            "confirm_cancel",
            gettext("Keep it from %(people)s?") % {"people": waiting},
            original=announcement,
            name=self.said(announcement),
            picture=announcement.notification and picture(announcement.notification),
            waiting=waiting,
        )

    def _cancelled(self, request: HttpRequest, announcement: Announcement) -> HttpResponse:
        try:
            spared = cancel(announcement, operator(request))
        except NothingToCancel as error:
            messages.warning(request, refusal(error))
        else:
            said = gettext("Cancelled: %(people)s will not get it.") % {"people": people(spared)}
            messages.success(request, said)
            self.log_change(request, announcement, gettext("Cancelled."))
        return redirect("admin:clarion_announcement_change", announcement.pk)

    def _follow(self, announcement: Announcement) -> None:
        row: Any = announcement
        row.progress = progress([announcement])[announcement.pk]
        row.audience = audiences.label(announcement.topic)

    def _waits(self, announcement: Announcement) -> bool:
        followed: Progress = announcement.progress  # type: ignore[attr-defined]
        return followed.waiting > 0

    # --- Columns ---------------------------------------------------------------------------------

    @admin.display(description=_("sent at"), ordering="created_at")
    def sent_at(self, row: Announcement) -> str:
        """In the operator's time zone."""
        return format_html('<span class="clarion-moment">{}</span>', written(row.created_at))

    @admin.display(description=_("what"))
    def said(self, row: Announcement) -> str:
        """The title as its readers see it."""
        if row.notification:
            return title(row.notification)
        return str(row.schedule) if row.schedule else "-"

    @admin.display(description=_("to"))
    def audience(self, row: Any) -> str:
        """The topic's label."""
        label: str = row.audience
        return label

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: Announcement) -> str:
        """What became of it, and what somebody did about it."""
        if row.cancelled_at is None:
            return capfirst(row.get_state_display())
        parts = {"when": written(row.cancelled_at), "who": row.cancelled_by}
        if row.cancelled_by:
            said = gettext("Cancelled %(when)s by %(who)s") % parts
        else:
            said = gettext("Cancelled %(when)s") % parts
        if not row.spared:
            return said
        return gettext("%(cancelled)s, %(people)s spared") % {
            "cancelled": said,
            "people": people(row.spared),
        }

    @admin.display(description=_("by"))
    def by(self, row: Announcement) -> str:
        """Who sent it."""
        if row.sent_by:
            return row.sent_by.get_username()
        if row.slot or row.schedule:
            return gettext("a schedule")
        return gettext("somebody since deleted")

    @admin.display(description=_("schedule"))
    def from_schedule(self, row: Announcement) -> str:
        """The slot that it is for, in the schedule's zone and the operator's."""
        if row.schedule is None:
            return "-"
        if row.slot is None:
            return gettext("%(schedule)s, out of turn") % {"schedule": row.schedule}
        return format_html("{}<br>{}", row.schedule, both(row.slot, row.schedule.time_zone))

    @admin.display(description=_("for"))
    def recipients_shown(self, row: Any) -> str:
        """People it was for."""
        return number(row.progress.recipients)

    @admin.display(description=_("waiting"))
    def waiting(self, row: Any) -> str:
        """People whose inboxes, or the log, it has not got to."""
        return number(row.progress.waiting)

    @admin.display(description=_("reached"))
    def reached(self, row: Any) -> str:
        """People in whose inboxes it is."""
        return number(row.progress.reached)

    @admin.display(description=_("read"))
    def read(self, row: Any) -> str:
        """People who opened it."""
        return number(row.progress.read)
