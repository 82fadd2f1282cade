from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from notifications.admin.audiences import label
from notifications.admin.pages import OperatorPages, people
from notifications.admin.previews import title
from notifications.models import Outbox
from notifications.selectors.announcements import Recipients
from notifications.services import outbox

KINDS = {
    Outbox.Kind.ITEMS: _("Deliver “%(title)s”"),
    Outbox.Kind.LOG: _("Deliver “%(title)s”"),
    Outbox.Kind.UPDATE: _("Update “%(title)s”"),
    Outbox.Kind.RETRACT: _("Retract “%(title)s”"),
}
# Characters of an error in the list; its page has all of it.
ERROR_SHOWN = 120


class ParkedFilter(admin.SimpleListFilter):
    """Rows that were given up, those that failed at least once, and the rest."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("parked", gettext("parked")),
            ("failing", gettext("failing")),
            ("waiting", gettext("waiting")),
        ]

    def queryset(self, request: object, queryset: QuerySet[Outbox]) -> QuerySet[Outbox]:
        """The rows in the chosen state."""
        if self.value() == "parked":
            return queryset.filter(due_at=None)
        if self.value() == "failing":
            return queryset.filter(due_at__isnull=False, attempts__gt=0)
        if self.value() == "waiting":
            return queryset.filter(due_at__isnull=False, attempts=0)
        return queryset


@admin.register(Outbox)
class OutboxAdmin(OperatorPages):
    """What still has to be delivered; parked rows can be tried again."""

    list_display = ("what", "to", "state", "error_line", "age")
    list_filter = (ParkedFilter, "kind", "lane")
    list_select_related = ("notification", "topic")
    ordering = ("id",)
    actions = ("retry",)
    change_list_template = "clarion/admin/outbox.html"
    fields = ("what", "to", "state", "attempts", "error", "created_at", "due_at", "lane")

    @admin.action(description=_("Try again now"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        """Have the relay do these rows again, with ten new attempts."""
        count = outbox.retry(queryset)
        said = ngettext(
            "%(count)d row will be tried again.", "%(count)d rows will be tried again.", count
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: rows are written by services."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Outbox | None = None) -> list[str]:
        """Every field: a row is retried, not edited."""
        return list(self.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Outbox]:
        """Rows without their recipients, of which there may be a thousand in each; their number."""
        rows: QuerySet[Outbox] = super().get_queryset(request)
        return rows.defer("recipients").annotate(people=Recipients("recipients"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One row, in which there is nothing to save."""
        context |= {"show_save": False, "show_save_and_continue": False, "show_close": True}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("what"))
    def what(self, row: Outbox) -> str:
        """What is to be done."""
        return KINDS[Outbox.Kind(row.kind)] % {"title": title(row.notification)}

    @admin.display(description=_("to"))
    def to(self, row: Any) -> str:
        """Whom it concerns."""
        if row.topic:
            return str(getattr(row, "audience", "")) or label(row.topic.key)
        return people(row.people)

    @admin.display(description=_("state"), ordering="due_at")
    def state(self, row: Outbox) -> str:
        """Whether and when it is tried next."""
        if row.due_at is None:
            said = ngettext(
                "Parked after %(attempts)d attempt",
                "Parked after %(attempts)d attempts",
                row.attempts,
            )
            return said % {"attempts": row.attempts}
        if not row.attempts:
            return gettext("Waiting for a worker")
        parts: dict[str, object] = {"attempts": row.attempts, "limit": Outbox.ATTEMPTS}
        if row.due_at <= timezone.now():
            return gettext("Failed %(attempts)d of %(limit)d times, tried again now") % parts
        parts["time"] = timeuntil(row.due_at)
        return gettext("Failed %(attempts)d of %(limit)d times, tried again in %(time)s") % parts

    @admin.display(description=_("error"))
    def error_line(self, row: Outbox) -> str:
        """The last line of the last error: in a traceback, what it was."""
        lines = row.error.strip().splitlines()
        return Truncator(lines[-1]).chars(ERROR_SHOWN) if lines else "-"

    @admin.display(description=_("age"), ordering="created_at")
    def age(self, row: Outbox) -> str:
        """How long it has been there."""
        return timesince(row.created_at)
