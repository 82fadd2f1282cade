"""Whatever goes, and whatever else happens meanwhile: clients show what is there."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from notifications import broadcast, notify, retract, selectors
from notifications.models import Inbox, Item, Notification, Outbox, Pass
from notifications.selectors import ListFilter
from notifications.services import forgetting, pruning, relay
from notifications.services import inbox as service
from notifications.services.pruning import prune
from tests.services.test_concurrency import together
from tests.services.test_pruning import age, check, cursor_of

pytestmark = [pytest.mark.promise_3, pytest.mark.django_db(transaction=True)]

Shown = dict[str, tuple[object, ...]]


class Life:
    """What happens to an inbox, by dice."""

    def __init__(self, user, inbox, relay_all, settings, seed: int) -> None:
        self.user, self.inbox, self.relay, self.settings = user, inbox, relay_all, settings
        self.dice = random.Random(seed)

    def happen(self) -> None:
        acts: list[Callable[[], object]] = [
            *[self.say] * 4, self.tell, self.read, self.archive, self.bring_back,
            self.snooze, self.retract, self.prune,
        ]  # fmt: skip
        self.dice.choice(acts)()

    def some(self, most: int = 3) -> list[int]:
        rows = Item.objects.filter(inbox=self.inbox, gone=False).order_by("notification")
        here = list(rows.values_list("notification", flat=True))
        return self.dice.sample(here, min(most, len(here)))

    def say(self) -> None:
        notify(self.user, "message", title="T", thread=self.dice.choice(["", "", "t", "u"]))
        self.relay()

    def tell(self) -> None:
        broadcast("everyone", "message", title="T")
        self.relay()
        service.list_items(self.inbox.pk, None, 1)

    def read(self) -> None:
        service.mark(self.inbox.pk, self.dice.choice(["read", "seen", "unread"]), self.some())

    def archive(self) -> None:
        service.mark(self.inbox.pk, "archived", self.some())

    def bring_back(self) -> None:
        service.mark(self.inbox.pk, self.dice.choice(["unarchived", "unsnoozed"]), self.some())

    def snooze(self) -> None:
        service.snooze(self.inbox.pk, self.some(), timezone.now() + timedelta(days=1))

    def retract(self) -> None:
        for pk in self.some(1):
            retract(Notification.objects.get(pk=pk))
        self.relay()

    def prune(self) -> None:
        retracted = Notification.objects.filter(retracted_at__isnull=False)
        days = timedelta(days=self.dice.randrange(14))
        retracted.update(retracted_at=timezone.now() - days)
        age(self.some(1)[: self.dice.randrange(2)])
        self.settings.CLARION_KEEP_ITEMS = self.dice.randrange(2, 12)
        prune()
        self.settings.CLARION_KEEP_ITEMS = 1000


@pytest.mark.parametrize("seed", range(5))
def test_of_any_moment_whoever_resumes_shows_the_list(ada, inbox, relay_all, settings, seed):
    """Or is told to begin anew; and not everybody is."""
    life = Life(ada, inbox, relay_all, settings, seed)
    devices = [(cursor_of(inbox), shown(inbox))]
    for step in range(40):
        life.happen()
        if seed % 5 == 4 and step == 20:
            forgetting.forget(inbox.pk)
        check(inbox)
        devices.append((cursor_of(inbox), shown(inbox)))
    resets = [resume(inbox, cursor, items) for cursor, items in devices]
    assert set(resets) <= {"", "pruned"}
    # As the floor only rises, those from before a moment, and none after it.
    assert resets == sorted(resets, reverse=True)
    assert resets[-1] == ""


def resume(inbox: Inbox, cursor, items: Shown) -> str:
    """Why this client cannot be resumed; empty if it was, and shows what is there."""
    page = selectors.changes(inbox.pk, cursor, 500)
    if page.reset:
        return page.reset
    for item in page.items:
        items[item["id"]] = summary(item)
        if item["archived_at"] or item["snoozed_until"]:
            del items[item["id"]]
    for pk in page.removed:
        items.pop(pk, None)
    assert items == shown(inbox)
    return ""


def shown(inbox: Inbox) -> Shown:
    page = selectors.list_page(inbox.pk, None, 500, ListFilter())
    return {item["id"]: summary(item) for item in page.items}


def summary(item) -> tuple[object, ...]:
    return item["seq"], item["count"], item["seen_at"], item["read_at"]


class Crowd:
    """People, and what is done to their inboxes at the same time."""

    ROUNDS = 25

    def __init__(self, people: list[User]) -> None:
        self.people = people
        self.inboxes = list(Inbox.objects.order_by("pk").values_list("pk", flat=True))
        self.silence = False

    def talk(self) -> None:
        for n in range(self.ROUNDS):
            notify(self.people, "message", title=f"{n}", thread="" if n % 3 else "t")
            if n % 5 == 0:
                broadcast("everyone", "message", title=f"b{n}")
        self.silence = True

    def relay(self) -> None:
        while not self.silence or Outbox.objects.exclude(due_at=None).exists():
            for lane in Outbox.Lane:
                relay.relay_batch(lane)

    def mark(self) -> None:
        for n in range(self.ROUNDS):
            for pk in self.inboxes:
                page = service.list_items(pk, None, 10)
                ids = [int(item["id"]) for item in page.items][: n % 4]
                service.mark(pk, ("read", "archived", "unread")[n % 3], ids)

    def prune(self) -> None:
        while not self.silence:
            prune()

    def forget(self) -> None:
        for _ in range(3):
            forgetting.forget(self.inboxes[0])


def test_beside_the_relay_and_whoever_marks(make_user, settings, monkeypatch, caplog):
    """Counters equal counts, the newest are there, and nobody fails."""
    monkeypatch.setattr(relay, "BATCH_LOCK_SECONDS", 20.0)
    monkeypatch.setattr(pruning, "LOCK_SECONDS", 20.0)
    monkeypatch.setattr(pruning, "BATCH", 3)
    settings.CLARION_KEEP_ITEMS = 5
    crowd = Crowd([make_user(f"p{n}") for n in range(4)])
    together(crowd.talk, *[crowd.relay] * 2, crowd.mark, *[crowd.prune] * 2, crowd.forget)
    assert not Outbox.objects.exists()
    assert not [one for one in caplog.records if "pruned" in one.getMessage()]
    for pk in crowd.inboxes:
        service.list_items(pk, None, 1)
        check(Inbox.objects.get(pk=pk))
    Pass.objects.update(up_to=None)
    prune()
    last = Notification.objects.filter(title=f"{crowd.ROUNDS - 1}").get().pk
    for pk in crowd.inboxes:
        check(Inbox.objects.get(pk=pk))
        ids = list(Item.objects.filter(inbox=pk).values_list("notification", flat=True))
        assert len(ids) <= 5
        # Whoever forgot may have forgotten it.
        assert last in ids or pk == crowd.inboxes[0]
