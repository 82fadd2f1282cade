"""The forms of operators: what is said, to whom."""

import json
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import registry
from notifications.admin.audiences import Choices
from notifications.admin.refusals import refusal
from notifications.exceptions import ClarionError
from notifications.models import Level, Schedule
from notifications.services.announcements import Content

CONTENT = ("type", "title", "body", "url", "level", "data")
OWN_TEXT = "message"
WIDE = {"class": "vLargeTextField"}


def types() -> list[tuple[str, str]]:
    """The types that can be chosen, the one for text of one's own first."""
    known = [kind.key for kind in registry.all_types() if kind.key != OWN_TEXT]
    own = gettext("%(type)s (your own text)") % {"type": OWN_TEXT}
    return [(OWN_TEXT, own), *((key, key) for key in known)]


@dataclass(frozen=True)
class Template:
    """A type with templates, as the page lists them for those who choose one."""

    key: str
    title: str
    body: str
    example: str


def templates() -> list[Template]:
    """Every type with templates."""
    return [
        Template(kind.key, str(kind.title), str(kind.body), json.dumps(dict(kind.example)))
        for kind in registry.all_types()
        if not kind.ad_hoc
    ]


class DataField(forms.JSONField):
    """JSON, blank where there is none."""

    def prepare_value(self, value: Any) -> Any:
        """As text to edit."""
        return super().prepare_value(value) if value else ""


class ContentForm(forms.Form):
    """What can be said; what fits is for the services to say."""

    type = forms.ChoiceField(label=_("Type"), initial=OWN_TEXT, choices=types)
    title = forms.CharField(label=_("Title"), required=False, widget=AdminTextInputWidget(WIDE))
    body = forms.CharField(label=_("Body"), required=False, widget=AdminTextareaWidget({"rows": 4}))
    url = forms.CharField(
        required=False,
        widget=AdminTextInputWidget(WIDE),
        label=_("Link"),
        help_text=_("Where a click leads: a path of this site, or http(s)://…"),
    )
    level = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[("", _("that of the type")), *Level.choices],
        help_text=_("How it looks"),
    )
    # The class hides what was posted, which instances still have under this name.
    data = DataField(  # type: ignore[assignment]
        label=_("Data"),
        required=False,
        widget=AdminTextareaWidget({"rows": 3, "spellcheck": "false"}),
        help_text=_("JSON that fills the templates of the type"),
    )

    def clean_data(self) -> dict[str, object]:
        """Nothing is an empty object."""
        return self.cleaned_data["data"] or {}

    @property
    def content(self) -> Content:
        """What the form says, once it is valid."""
        return cast(Content, {name: self.cleaned_data[name] for name in CONTENT})


class AnnouncementForm(ContentForm):
    """What is said now, and to whom: a topic, or people chosen before.

    `key` is this form's own: posted twice, it sends once.
    """

    topic = forms.ChoiceField(label=_("To"))
    people = forms.CharField(required=False, widget=forms.HiddenInput)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=lambda: uuid4().hex)

    field_order = ("topic", *CONTENT)

    def __init__(self, *args: Any, topics: Choices, chosen: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if chosen:
            del self.fields["topic"]
        else:
            del self.fields["people"]
            offer(self, "topic", topics)

    def renew(self) -> None:
        """Become another form with the same in it, which can be sent once more."""
        self.data = {**posted(self).dict(), "key": uuid4().hex}  # type: ignore[assignment]


def content_of(schedule: Schedule) -> Content:
    """What a schedule says."""
    return cast(Content, {name: getattr(schedule, name) for name in CONTENT})


def offer(form: forms.BaseForm, name: str, choices: Choices) -> None:
    """Let a field of the form be one of these."""
    cast(forms.ChoiceField, form.fields[name]).choices = choices


def posted(form: forms.BaseForm) -> QueryDict:
    """What was posted to the form; nothing if it was only opened."""
    return cast(QueryDict, form.data)


def put(form: forms.BaseForm, error: ClarionError | ValueError) -> None:
    """Make what a service refused an error of the form, at the field that it speaks of."""
    message = str(error)
    first = message.replace(":", " ").partition(" ")[0]
    field = first if first in form.fields else None
    form.add_error(field, capfirst(refusal(error).removeprefix(f"{field}: ")))
