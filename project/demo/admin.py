"""The users' pages of the admin, with the action that notifies those who are selected."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from notifications.admin import NotifyPeople

admin.site.unregister(User)


@admin.register(User)
class PeopleAdmin(NotifyPeople, UserAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """Django's own, and "Notify these people…"."""
