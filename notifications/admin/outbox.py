from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.timesince import timesince, timeuntil

from notifications.admin.audiences import label
from notifications.admin.pages import OperatorPages
from notifications.admin.previews import title
from notifications.models import Outbox
from notifications.selectors.announcements import Recipients
from notifications.services import outbox

KINDS = {
    Outbox.Kind.ITEMS: "deliver",
    Outbox.Kind.LOG: "deliver",
    Outbox.Kind.UPDATE: "update",
    Outbox.Kind.RETRACT: "retract",
}
# Characters of an error in the list; its page has all of it.
ERROR_SHOWN = 120


class ParkedFilter(admin.SimpleListFilter):
    """Rows that were given up, those that failed at least once, and the rest."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, str]]:
        """The choices."""
        return [("parked", "parked"), ("failing", "failing"), ("waiting", "waiting")]

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

    @admin.action(description="Try again now", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        """Have the relay do these rows again, with ten new attempts."""
        count = outbox.retry(queryset)
        rows = "1 row" if count == 1 else f"{count} rows"
        self.message_user(request, f"{rows} will be tried again.", messages.SUCCESS)

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

    @admin.display(description="what")
    def what(self, row: Outbox) -> str:
        """What is to be done."""
        return f"{KINDS[Outbox.Kind(row.kind)].capitalize()} “{title(row.notification)}”"

    @admin.display(description="to")
    def to(self, row: Any) -> str:
        """Whom it concerns."""
        if row.topic:
            return str(getattr(row, "audience", "")) or label(row.topic.key)
        return "1 person" if row.people == 1 else f"{row.people:,} people"

    @admin.display(description="state", ordering="due_at")
    def state(self, row: Outbox) -> str:
        """Whether and when it is tried next."""
        if row.due_at is None:
            return f"Parked after {row.attempts} attempts"
        if not row.attempts:
            return "Waiting for a worker"
        later = row.due_at > timezone.now()
        when = f"in {timeuntil(row.due_at)}" if later else "now"
        return f"Failed {row.attempts} of {Outbox.ATTEMPTS} times, tried again {when}"

    @admin.display(description="error")
    def error_line(self, row: Outbox) -> str:
        """The last line of the last error: in a traceback, what it was."""
        lines = row.error.strip().splitlines()
        return Truncator(lines[-1]).chars(ERROR_SHOWN) if lines else "-"

    @admin.display(description="age", ordering="created_at")
    def age(self, row: Outbox) -> str:
        """How long it has been there."""
        return timesince(row.created_at)
