"""The page "Send an announcement"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.admin import audiences
from notifications.admin.forms import CONTENT, AnnouncementForm, put, templates
from notifications.admin.pages import on_its_way, operator, people
from notifications.admin.people import Selection
from notifications.admin.previews import Preview, preview
from notifications.exceptions import ClarionError, IdempotencyConflict
from notifications.models import Announcement
from notifications.selectors.announcements import audience_size
from notifications.services import content, permissions
from notifications.services.announcements import send_to_self
from notifications.services.submissions import announce_once, announce_to_once

if TYPE_CHECKING:
    from notifications.admin.announcements import AnnouncementAdmin

# To more people than this, or by a topic that is everybody, is asked once more, with the number.
WIDE = 50
SENT_BEFORE = _("This was sent before with other content. Press “Send now” again to send this too.")


@dataclass
class Compose:
    """One request for the page, with the people chosen in a list of users or without."""

    pages: AnnouncementAdmin
    request: HttpRequest
    chosen: Selection | None = None

    def __post_init__(self) -> None:
        self.user = operator(self.request)

    def opened(self) -> HttpResponse:
        """The page, blank."""
        self._refuse(self.request.GET.get("topic", "") if self.chosen is None else "")
        signed = self.chosen.signed(self.user) if self.chosen else ""
        initial = {"topic": self.request.GET.get("topic", ""), "people": signed}
        return self._page(self._form(initial=initial))

    def posted(self) -> HttpResponse:
        """What a press on one of its buttons leads to."""
        if text := self.request.POST.get("people", ""):
            self.chosen = Selection.read(text, self.user)
        self._refuse("" if self.chosen else self.request.POST.get("topic", ""))
        form = self._form(self.request.POST)
        if not form.is_valid():
            return self._page(form)
        try:
            return self._done(form)
        except IdempotencyConflict:
            form.renew()
            form.add_error(None, SENT_BEFORE)
        except ClarionError as error:
            put(form, error)
        return self._page(form)

    def _refuse(self, topic: str) -> None:
        """Raise `PermissionDenied` unless they may say something to this topic."""
        if not permissions.may_announce(self.user, topic):
            raise PermissionDenied

    def _form(self, data: Any = None, **kwargs: Any) -> AnnouncementForm:
        topics = audiences.choices(lambda topic: permissions.may_announce(self.user, topic))
        return AnnouncementForm(data, topics=topics, chosen=self.chosen is not None, **kwargs)

    def _done(self, form: AnnouncementForm) -> HttpResponse:
        """Do what was asked for. Raises `ClarionError` when the services refuse."""
        asked = self.request.POST
        if "_self" in asked:
            return self._sent_to_self(form)
        if "_send" in asked or "_confirmed" in asked:
            content.compose(**form.content)
            wide = self._is_wide(form)
            return self._asked(form) if wide and "_confirmed" not in asked else self._sent(form)
        return self._page(form, preview(form.content))

    def _sent_to_self(self, form: AnnouncementForm) -> HttpResponse:
        send_to_self(self.user, form.content)
        note = gettext("It is on its way to your own inbox, and to nobody else.")
        messages.success(self.request, note)
        return self._page(form, preview(form.content))

    def _sent(self, form: AnnouncementForm) -> HttpResponse:
        announcement = self._announce(form)
        messages.success(self.request, on_its_way(announcement))
        if permissions.may_see_history(self.user):
            return redirect("admin:clarion_announcement_change", announcement.pk)
        return redirect("admin:clarion_announcement_add")

    def _announce(self, form: AnnouncementForm) -> Announcement:
        key = form.cleaned_data["key"]
        if self.chosen is None:
            return announce_once(key, form.cleaned_data["topic"], form.content, self.user)
        how = form.cleaned_data["people"]
        return announce_to_once(key, self._people(self.chosen), how, form.content, self.user)

    def _people(self, chosen: Selection) -> QuerySet[AbstractBaseUser]:
        return chosen.people(self.pages.admin_site, self.request)

    def _reach(self, form: AnnouncementForm) -> int:
        """How many people it would go to now."""
        if self.chosen is not None:
            return self._people(self.chosen).count()
        return audience_size(form.cleaned_data["topic"])

    def _is_wide(self, form: AnnouncementForm) -> bool:
        topic = form.cleaned_data.get("topic", "")
        return bool(topic and permissions.is_wide(topic)) or self._reach(form) > WIDE

    def _asked(self, form: AnnouncementForm) -> HttpResponse:
        reach = people(self._reach(form))
        return self.pages.page(
            self.request,
            "confirm_announcement",
            gettext("Send to %(people)s?") % {"people": reach},
            form=form,
            preview=preview(form.content),
            to=self._to(form),
            reach=reach,
        )

    def _to(self, form: AnnouncementForm) -> str:
        topic = "" if self.chosen else form.cleaned_data["topic"]
        return audiences.label(topic)

    def _page(self, form: AnnouncementForm, shown: Preview | None = None) -> HttpResponse:
        to = ("people",) if self.chosen else ("topic",)
        fieldsets = [(None, {"fields": [*to, *CONTENT, "key"]})]
        # Any form will do, not only a model's.
        adminform = helpers.AdminForm(form, fieldsets, {}, model_admin=self.pages)  # type: ignore[arg-type]
        chosen = people(self._people(self.chosen).count()) if self.chosen else ""
        reach = people(self._reach(form)) if shown else ""
        return self.pages.page(
            self.request,
            "compose",
            gettext("Send an announcement"),
            adminform=adminform,
            errors=helpers.AdminErrorList(form, []),  # type: ignore[arg-type]
            preview=shown,
            reach=reach,
            chosen=chosen,
            templates=templates(),
            may_schedule=not self.chosen and permissions.may_schedule(self.user, "", "add"),
            media=self.pages.media + adminform.media,
        )
