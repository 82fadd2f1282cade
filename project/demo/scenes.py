"""What the buttons of `/demo/` do: each as an application would do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from typing import TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group
from django.dispatch import Signal
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from notifications import broadcast, notify, retract, update
from notifications.exceptions import InvalidNotification
from notifications.models import Notification
from notifications.services import schedules
from project.demo.notification_types import COMMENT, INVITATION, NEWS, NOTE, SHIPPED, order_paid
from workers import app

# Of what the demo itself said, the only that it changes and takes back.
OURS = frozenset({NOTE.key, COMMENT.key, INVITATION.key, SHIPPED.key})
SHORT = timedelta(seconds=10)
SOON = timedelta(seconds=3)
# Of one storm, a request.
BURST = 10
THREAD = "demo.plan"
_commentators = cycle(("Grace", "Alan", "Grace", "Edsger", "Barbara"))
_orders = cycle(range(1001, 10_000))


@dataclass(frozen=True)
class Scene:
    """Who says something to whom, what they said last, and how often this was repeated."""

    sender: AbstractBaseUser
    recipient: AbstractBaseUser
    last: Notification | None
    step: int
    times: int


Played = Sequence[Notification]


class _Sender(TypedDict):
    actor: AbstractBaseUser


@dataclass(frozen=True)
class Button:
    """A button: what it says and does, how often at which interval (ms), and what is said of it."""

    name: str
    label: str | Promise
    play: Callable[[Scene], Played]
    times: int = 1
    every: int = 0
    done: str | Promise = ""


def _from(scene: Scene) -> _Sender:
    return {"actor": scene.sender}


def _hello(scene: Scene) -> Played:
    said = gettext("%(name)s says hello") % {"name": scene.sender.get_username().title()}
    return [notify(scene.recipient, NOTE.key, title=said, **_from(scene))]


def _success(scene: Scene) -> Played:
    order = {"number": f"A-{next(_orders)}"}
    return [notify(scene.recipient, SHIPPED.key, data=order, url="/inbox/choices/")]


def _warning(scene: Scene) -> Played:
    said = gettext("The disk is nearly full")
    body = gettext("At the rate of last week it is full on Thursday.")
    return [notify(scene.recipient, NOTE.key, title=said, body=body, level="warning")]


def _error(scene: Scene) -> Played:
    said = gettext("The backup has failed")
    body = gettext("The last one that worked is two days old.")
    return [notify(scene.recipient, NOTE.key, title=said, body=body, level="error")]


def _urgent(scene: Scene) -> Played:
    said = gettext("The door of the server room is open")
    return [notify(scene.recipient, NOTE.key, title=said, level="error", priority="urgent")]


def _invitation(scene: Scene) -> Played:
    data = {"name": scene.sender.get_username().title()}
    return [notify(scene.recipient, INVITATION.key, data=data, **_from(scene))]


def _comment(scene: Scene) -> Played:
    name = next(_commentators)
    data = {"name": name, "document": gettext("the plan")}
    body = gettext("The second part could be shorter.")
    return [
        notify(scene.recipient, COMMENT.key, data=data, body=body, thread=THREAD, actor=name),
    ]


def _progress(scene: Scene) -> Played:
    if scene.step == 0:
        said = gettext("Your export is running: %(percent)d %%") % {"percent": 0}
        return [notify(scene.recipient, NOTE.key, title=said)]
    export = _last(scene)
    if scene.step == scene.times - 1:
        done = gettext("Your export is ready")
        update(export, title=done, level="success", url="/inbox/choices/")
    else:
        percent = 100 * scene.step // (scene.times - 1)
        running = gettext("Your export is running: %(percent)d %%") % {"percent": percent}
        update(export, title=running)
    return []


def _brief(scene: Scene) -> Played:
    said = gettext("Half price, for ten seconds")
    until = timezone.now() + SHORT
    return [notify(scene.recipient, NOTE.key, title=said, expires_at=until, level="success")]


def _everyone(scene: Scene) -> Played:
    said = gettext("Maintenance at noon")
    body = gettext("Said to everyone: one row, however many they are.")
    return [broadcast("everyone", NOTE.key, title=said, body=body, level="warning")]


def _team(scene: Scene) -> Played:
    team = Group.objects.filter(name="team").first()
    if team is None:
        raise InvalidNotification(
            gettext("There is no group 'team': manage.py demo_data makes it.")
        )
    said = gettext("The team meets at four")
    body = gettext("Said to a group. Ada is in it, Bob is not.")
    return [broadcast(f"auth_group.{team.pk}", NOTE.key, title=said, body=body, **_from(scene))]


def _news(scene: Scene) -> Played:
    said = gettext("There is something new")
    body = gettext("Said to a topic, which everybody follows until they choose not to.")
    return [broadcast(NEWS.key, NOTE.key, title=said, body=body)]


def _task(scene: Scene) -> Played:
    fields = {"title": gettext("A Celery task says hello")}
    app.send_task("notifications.notify", [[str(scene.recipient.pk)], NOTE.key], fields)
    return []


def _signal(scene: Scene) -> Played:
    order_paid.send(Signal, customer=scene.recipient, number=f"A-{next(_orders)}")
    return []


def _schedule(scene: Scene) -> Played:
    schedules.create(
        {
            "topic": "everyone",
            "type": NOTE.key,
            "title": gettext("Scheduled, and here it is"),
            "kind": "once",
            "at": timezone.now() + SOON,
        },
        by=None,
    )
    return []


def _update(scene: Scene) -> Played:
    update(_last(scene), title=gettext("On second thought: never mind"), level="warning")
    return []


def _retract(scene: Scene) -> Played:
    retract(_last(scene))
    return []


def _retract_thread(scene: Scene) -> Played:
    retract(thread=THREAD, recipient=scene.recipient)
    return []


def _storm(scene: Scene) -> Played:
    numbers = range(BURST * scene.step + 1, BURST * (scene.step + 1) + 1)
    said = gettext("Drop %(number)d of %(all)d")
    total = BURST * scene.times
    return [
        notify(scene.recipient, NOTE.key, title=said % {"number": number, "all": total})
        for number in numbers
    ]


def _last(scene: Scene) -> Notification:
    if scene.last is None:
        raise InvalidNotification(gettext("Say something first."))
    return scene.last


GROUPS: Sequence[tuple[Promise, Sequence[Button]]] = [
    (
        _("Say"),
        [
            Button("hello", pgettext_lazy("demo", "Hello"), _hello),
            Button("success", _("A success"), _success),
            Button("warning", _("A warning"), _warning),
            Button("error", _("An error"), _error),
            Button("urgent", _("Something urgent"), _urgent),
        ],
    ),
    (
        _("Say more"),
        [
            Button("invitation", _("With actions"), _invitation),
            Button(
                "comment",
                _("In a thread"),
                _comment,
                done=_("Say it again: of a thread one row is shown."),
            ),
            Button("progress", _("With progress"), _progress, times=6, every=800),
            Button("brief", _("For ten seconds"), _brief),
        ],
    ),
    (
        _("Say it from"),
        [
            Button("task", _("a Celery task"), _task, done=_("A worker says it in a moment.")),
            Button("signal", _("a Django signal"), _signal, done=_("A rule on a signal said it.")),
            Button(
                "schedule",
                _("a schedule, in 3 s"),
                _schedule,
                done=_("Beat sends it in three seconds."),
            ),
        ],
    ),
    (
        _("Say it to"),
        [
            Button(
                "everyone",
                _("everyone"),
                _everyone,
                done=_("To everyone: one row in the database, however many they are."),
            ),
            Button("team", _("a group"), _team, done=_("Ada is in the group, Bob is not.")),
            Button(
                "news",
                _("a topic"),
                _news,
                done=_("Everybody follows this topic until they choose not to."),
            ),
        ],
    ),
    (
        _("Take it back"),
        [
            Button("update", _("Change the last one"), _update),
            Button("retract", _("Retract the last one"), _retract),
            Button("retract-thread", _("Retract the thread"), _retract_thread),
        ],
    ),
    (
        _("All at once"),
        [
            Button(
                "storm",
                _("1,000 in 10 seconds"),
                _storm,
                times=100,
                every=100,
                done=_("Of one kind a person gets 100 rows a minute; what goes beyond is one row."),
            ),
        ],
    ),
]
BUTTONS = {button.name: button for group in GROUPS for button in group[1]}
