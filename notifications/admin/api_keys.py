"""API keys of other services: made, shown once, listed and revoked."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from notifications import registry
from notifications.admin import audiences
from notifications.admin.audiences import Choices
from notifications.admin.forms import offer
from notifications.admin.pages import OperatorPages, operator
from notifications.models import ApiKey
from notifications.selectors.api_keys import state
from notifications.services import api_keys, permissions

STATES = {"valid": _("Valid"), "revoked": _("Revoked"), "expired": _("Expired")}
SCOPE = ("types", "topics", "may_notify", "may_embed")


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A new key. Who makes it gives no more than they have themselves."""

    # The class hides what was posted, which instances still have under these names.
    types = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Types"),
        help_text=_("Kinds of notification it may send"),
    )
    topics = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Topics"),
        help_text=_("Topics it may broadcast to"),
    )
    may_notify = forms.BooleanField(
        required=False,
        label=_("People"),
        help_text=_("May notify people whom it names, any of them"),
    )

    may_embed = forms.BooleanField(
        required=False,
        label=_("Embedding"),
        help_text=_("May show anybody's inbox in pages of other sites"),
    )

    request: HttpRequest

    class Meta:
        model = ApiKey
        fields = ("name", *SCOPE, "expires_at")
        help_texts = {
            "name": _("The service that gets it"),
            "expires_at": _("Opens nothing from then on; empty: until it is revoked"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Pages that only show a key have no fields.
        if "types" in self.fields:
            offer(self, "types", _types())
            offer(self, "topics", _topics(self.request))
            # The admin writes them before its two controls, and labels neither.
            date, time = self.fields["expires_at"].widget.widgets
            date.attrs["aria-label"], time.attrs["aria-label"] = gettext("Date:"), gettext("Time:")

    def clean_may_notify(self) -> bool:
        """Who may not notify people cannot have it done."""
        wanted: bool = self.cleaned_data["may_notify"]
        if wanted and not permissions.may_announce(self.request.user):
            raise forms.ValidationError(gettext("You may not notify people yourself."))
        return wanted

    def clean_may_embed(self) -> bool:
        """Who may not open inboxes to services cannot have a key do it."""
        wanted: bool = self.cleaned_data["may_embed"]
        if wanted and not permissions.may_embed(self.request.user):
            raise forms.ValidationError(gettext("You may not let a service show inboxes."))
        return wanted

    def clean(self) -> dict[str, Any]:
        """A key has to be good for something."""
        cleaned = cast("dict[str, Any]", super().clean())
        if self.errors:
            return cleaned
        says = bool(cleaned["topics"] or cleaned["may_notify"])
        if not says and not cleaned["may_embed"]:
            raise forms.ValidationError(
                gettext("Give it topics, or the right to notify people or to show inboxes.")
            )
        if says and not cleaned["types"]:
            raise forms.ValidationError(gettext("Give it types that it may send."))
        return cleaned


def _types() -> Choices:
    known = [(kind.key, kind.key) for kind in registry.all_types()]
    return [(ApiKey.EVERYTHING, gettext("All, later ones too")), *known]


def _topics(request: HttpRequest) -> Choices:
    """The topics that they may reach themselves."""
    user = request.user
    groups = audiences.choices(lambda topic: permissions.may_announce(user, topic))[1:]
    every = [(ApiKey.EVERYTHING, gettext("All, later ones too"))]
    may_reach_all = permissions.may_announce(user, registry.EVERYONE)
    return [*(every if may_reach_all else []), *groups]


@admin.register(ApiKey)
class ApiKeyAdmin(OperatorPages):
    """What services may publish with. A key is not changed: another one is made."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "state_shown", "scope", "created_by", "last_used_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    actions = ("revoke",)

    # --- What may be done ------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Revoking is the only change."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Never: what it published is its own. Revoke it."""
        return False

    @admin.action(description=_("Revoke selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Have them open nothing from now on, for good."""
        for key in queryset.filter(revoked_at=None):
            self.log_change(request, key, "Revoked.")
        count = api_keys.revoke(queryset)
        said = ngettext("%(count)d key was revoked.", "%(count)d keys were revoked.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    # --- Pages -----------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Django's own: keys have no topic to label."""
        return ChangeList

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[ApiKey]]:
        """The form, which knows who asks."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.request = request
        return form  # type: ignore[no-any-return]

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        """Of a key that is there, all but its digest, which is of no use to anybody."""
        if obj is None:
            return ["name", *SCOPE, "expires_at"]
        made = ["created_by", "created_at", "expires_at", "last_used_at", "revoked_at"]
        return ["name", "prefix", "state_shown", *SCOPE, *made]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """All of a key that is there."""
        return [] if obj is None else self.get_fields(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With one button: what comes after it has to be read."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make it. What is shown is kept for the answer to this very request, nowhere else."""
        request.new_key = api_keys.create(obj, operator(request))  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The key, this once: no redirect, which would have to carry it somewhere."""
        # Pages of the admin are not stored by browsers.
        new: Any = request
        return self.page(
            request, "api_key", gettext("New API key"), key=obj, shown=new.new_key.shown
        )

    # --- Columns ---------------------------------------------------------------------------------

    @admin.display(description=_("state"))
    def state_shown(self, key: ApiKey) -> str:
        """Whether it opens anything."""
        return str(STATES[state(key, timezone.now())])

    @admin.display(description=_("may send"))
    def scope(self, key: ApiKey) -> str:
        """What it was given, in a line."""
        to = [*([gettext("people")] if key.may_notify else []), *map(_named, key.topics)]
        said = [gettext("tokens for inboxes")] if key.may_embed else []
        if key.types and to:
            parts = {"types": ", ".join(map(_named, key.types)), "audiences": ", ".join(to)}
            said.insert(0, gettext("%(types)s to %(audiences)s") % parts)
        return "; ".join(said) or gettext("nothing")


def _named(part: str) -> str:
    return gettext("all") if part == ApiKey.EVERYTHING else part
