from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """What was said, to read: people have it already."""

    change_list_template = "clarion/admin/change_list.html"
    list_display = ("id", "type", "title", "level", "created_at", "retracted_at")
    list_filter = ("type", "level")
    date_hierarchy = "created_at"
    search_fields = ("title", "body")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: saying something takes more than a row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        """Never."""
        return False
