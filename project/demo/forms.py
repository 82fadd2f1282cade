"""What the demo panel asks for."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import registry
from notifications.models import Level

# Whom a value names is told by what stands before the colon.
PERSON = "person"
TOPIC = "topic"


def recipients() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return whom the panel can send to: people, groups, topics; as grouped choices."""
    people = get_user_model()._default_manager.filter(is_active=True).order_by("pk")[:50]
    groups = Group.objects.order_by("name")[:50]
    return [
        (gettext("Person"), [(f"{PERSON}:{user.pk}", user.get_username()) for user in people]),
        (
            gettext("Group"),
            [
                (f"{TOPIC}:staff", gettext("staff")),
                *((f"{TOPIC}:auth_group.{group.pk}", group.name) for group in groups),
            ],
        ),
        (
            gettext("Broadcast"),
            [
                (f"{TOPIC}:everyone", gettext("everyone")),
                *((f"{TOPIC}:{topic.key}", str(topic.title)) for topic in registry.all_topics()),
            ],
        ),
    ]


class SendForm(forms.Form):
    """One notification, to somebody."""

    to = forms.ChoiceField(label=_("To"))
    title = forms.CharField(label=_("Title"), max_length=200, initial=_("It works"))
    body = forms.CharField(
        label=_("Body"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )
    url = forms.CharField(max_length=2000, required=False, label=_("Link"))
    level = forms.ChoiceField(label=_("Level"), choices=Level.choices, initial=Level.INFO)
    use_required_attribute = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["to"].choices = recipients()  # type: ignore[attr-defined]


FIELDS = tuple(SendForm.base_fields)
