"""What all pages of operators have in common."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from notifications.admin import audiences
from notifications.models import Announcement
from notifications.selectors import outbox
from notifications.selectors.silence import silence

PARKED_PERMISSION = "clarion.view_outbox"


def warnings(request: HttpRequest) -> dict[str, object]:
    """Context of `clarion/admin/warnings.html`: silent processes, rows that were given up."""
    may_see = request.user.has_perm(PARKED_PERMISSION)
    return {"silence": silence(), "parked": outbox.parked() if may_see else 0}


def operator(request: HttpRequest) -> AbstractBaseUser:
    """Who is signed in. Raises `PermissionDenied` if nobody is."""
    if not isinstance(request.user, AbstractBaseUser):
        raise PermissionDenied
    return request.user


def people(count: int) -> str:
    """A number of people in words: "12,431 people"."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": number(count)}


def number(count: int) -> str:
    """A number in digits, grouped as the operator's language groups them."""
    return number_format(count, force_grouping=True)


def on_its_way(announcement: Announcement) -> str:
    """What to say of an announcement that was sent a moment ago."""
    reached = people(announcement.recipients)
    return gettext("It is on its way to %(people)s.") % {"people": reached}


class Labelled(ChangeList):
    """A page of rows with a topic that know its label, as `audience`."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the labels once for all."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        labels = audiences.labels()
        for row in rows:
            # The topic, or its key.
            key = getattr(row.topic, "key", row.topic) or ""
            row.audience = labels.get(key, key)
        self.result_list = rows  # only ever iterated


class OperatorPages(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """A model's pages with the warnings on top."""

    change_list_template = "clarion/admin/change_list.html"
    change_form_template = "clarion/admin/change_form.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """A list that knows the labels of topics."""
        return Labelled

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The list, with the warnings."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        context = {**warnings(request), **title, **(extra_context or {})}
        return super().changelist_view(request, context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """The form, with the warnings."""
        context = {**warnings(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def page(
        self, request: HttpRequest, template: str, title: str, **context: object
    ) -> TemplateResponse:
        """A page of our own among the model's."""
        request.current_app = self.admin_site.name
        shared = {**self.admin_site.each_context(request), **warnings(request)}
        own = {"opts": self.opts, "title": title, "media": self.media, **context}
        return TemplateResponse(request, f"clarion/admin/{template}.html", {**shared, **own})
