from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from notifications.models import Outbox
from notifications.services import outbox


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
class OutboxAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """What still has to be delivered; parked rows can be tried again."""

    list_display = ("id", "kind", "lane", "notification", "attempts", "due_at", "error")
    list_filter = (ParkedFilter, "kind", "lane")
    list_select_related = ("notification",)
    actions = ("retry",)

    @admin.action(description="Try again now", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        """Have the relay do these rows again, with ten new attempts."""
        count = outbox.retry(queryset)
        self.message_user(request, f"{count} rows will be tried again.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: rows are written by services."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Outbox | None = None) -> list[str]:
        """Every field: a row is retried, not edited."""
        return [field.name for field in Outbox._meta.fields]
