"""The form of a schedule: what, to whom, when."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.admin import audiences
from notifications.admin.forms import CONTENT, ContentForm, offer, posted, put
from notifications.exceptions import ClarionError
from notifications.models import Schedule
from notifications.services import permissions
from notifications.services.schedules import ScheduleFields

WHEN = (
    "kind",
    "at",
    "every",
    "period",
    "cron",
    "time_zone",
    "starts_at",
    "ends_at",
    "missed",
    "enabled",
)
PREVIEW = "_preview"


class MomentField(forms.DateTimeField):
    """A reading of the clock in the schedule's zone; `zone` is set by the form."""

    zone: tzinfo = UTC
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def prepare_value(self, value: object) -> object:
        """A moment as the clock there shows it."""
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        """A reading as a moment. Raises `ValidationError` where it never comes, or comes twice."""
        with timezone.override(self.zone):
            return super().to_python(value)


class ScheduleForm(forms.ModelForm, ContentForm):  # type: ignore[type-arg]  # generic for mypy only
    """What a schedule says, to whom and when; what fits is for the services to say.

    A preview is complete and still not valid, so that nothing saves it.
    """

    # Set by the admin on a subclass for each request.
    request: ClassVar[HttpRequest]
    refused: ClassVar[ClarionError | None] = None

    topic = forms.ChoiceField(label=_("To"))
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("The times below, and the crontab, are of this zone.")
    )
    at = MomentField(required=False, label=_("At"))
    starts_at = MomentField(required=False, label=_("From"))
    ends_at = MomentField(required=False, label=_("Until"))

    class Meta:
        model = Schedule
        fields = ("topic", *CONTENT, *WHEN)
        labels = {
            "kind": _("Comes"),
            "every": _("Every"),
            "period": _("Period"),
            "cron": _("Crontab"),
            "missed": _("Missed slots"),
            "enabled": _("Enabled"),
        }
        help_texts = {
            "every": _("Minutes and hours are elapsed time; days keep the time of day."),
            "cron": _(
                "Minute, hour, day of month, month, day of week: "
                "0 9 * * 1-5 is 09:00 from Monday to Friday."
            ),
            "missed": _("What becomes of slots that came while nothing ran."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "topic", audiences.choices(self._may_schedule))
        offer(self, "time_zone", [(name, name) for name in zones(self.instance.time_zone)])
        self.fields["time_zone"].initial = timezone.get_current_timezone_name()
        zone = self._zone()
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.zone = zone

    @property
    def previewing(self) -> bool:
        """Whether it was posted to be looked at."""
        return PREVIEW in posted(self)

    def is_valid(self) -> bool:
        """Whether it can be saved."""
        return super().is_valid() and not self.previewing

    def clean(self) -> None:
        """Say what the services refused when they were asked."""
        super().clean()
        if self.refused is not None:
            put(self, self.refused)

    @property
    def schedule(self) -> ScheduleFields:
        """What the form says, once it is complete."""
        return cast(ScheduleFields, {name: self.cleaned_data[name] for name in self.Meta.fields})

    def _may_schedule(self, topic: str) -> bool:
        action: permissions.Action = "change" if self.instance.pk else "add"
        return permissions.may_schedule(self.request.user, topic, action)

    def _zone(self) -> tzinfo:
        name = self["time_zone"].value()
        return ZoneInfo(name) if name in available_timezones() else UTC


def zones(current: str) -> list[str]:
    """Names of time zones, by continent; UTC first. Old names only if it is the current one."""
    places = {name for name in available_timezones() if "/" in name and name[:4] != "Etc/"}
    return ["UTC", *sorted(places | {current} - {"UTC"})]
