"""`client.js` in a browser against a real site: everything that it can ask for."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications import broadcast, notify, retract, update
from notifications.models import Inbox, Item
from notifications.services import inbox
from tests.browser.conftest import OpenWindow

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

# A second client in the page, which tells what it shows after each step.
BEGIN = """async () => {
    const { ClarionClient } = await import("/static/clarion/client.js");
    const { api, socket, csrf } = JSON.parse(document.getElementById("clarion").textContent);
    window.client = new ClarionClient({
        socketUrl: new URL(socket, location.href).href.replace(/^http/, "ws"),
        apiUrl: api,
        csrfToken: () => csrf,
    });
    window.until = (holds) => new Promise((resolve) => {
        const look = () => holds() && resolve();
        client.addEventListener("change", look);
        look();
    });
    window.titles = () => client.items.map(({ title }) => title);
    client.start();
    await until(() => client.cursor !== null);
}"""


def test_every_state(window_of: OpenWindow, ada: Any) -> None:
    for title, thread in (("One", ""), ("Two", "t"), ("Three", "")):
        notify(ada, "message", title=title, thread=thread)
    window = window_of(ada, hidden=True).open()
    window.expect_titles(["Three", "Two", "One"])
    window.page.evaluate(BEGIN)

    said = window.page.evaluate(
        """async () => {
            const [three, two, one] = client.items.map(({ id }) => id);
            const said = [];
            const say = () => said.push([titles(), client.counts.unread, client.counts.unseen]);
            const both = async (promise) => { say(); await promise; say(); };
            await both(client.archive([three]));
            await both(client.unarchive([three]));
            await both(client.snooze([two], new Date(Date.now() + 3_600_000)));
            said.push((await client.list({ snoozed: true })).items.map(({ title }) => title));
            await both(client.unsnooze([two]));
            await both(client.readAll({ thread: "t" }));
            await both(client.archiveRead());
            said.push((await client.list({ archived: true })).items.map(({ title }) => title));
            await both(client.markSeen([one]));
            await both(client.seenAll());
            await both(client.markRead([one]));
            await both(client.markUnread([one]));
            await both(client.readAll());
            return said;
        }"""
    )
    everything = [["Three", "Two", "One"], 3, 3]
    # Before the server has answered, and after; snoozing is seeing.
    assert said == [
        *[[["Two", "One"], 2, 2]] * 2,
        *[everything] * 2,
        *[[["Three", "One"], 2, 2]] * 2,
        ["Two"],
        *[[["Three", "Two", "One"], 3, 2]] * 2,
        *[[["Three", "Two", "One"], 2, 2]] * 2,
        *[[["Three", "One"], 2, 2]] * 2,
        ["Two"],
        *[[["Three", "One"], 2, 1]] * 2,
        *[[["Three", "One"], 2, 0]] * 2,
        *[[["Three", "One"], 1, 0]] * 2,
        *[[["Three", "One"], 2, 0]] * 2,
        *[[["Three", "One"], 0, 0]] * 2,
    ]
    # The page has followed.
    window.expect_titles(["Three", "One"])
    window.expect_unread(0)
    assert Inbox.objects.get(user=ada).unread == 0


def test_what_wakes_up_is_news(window_of: OpenWindow, ada: Any) -> None:
    notify(ada, "message", title="Sleeper")
    window = window_of(ada, hidden=True)
    window.page.clock.install()
    window.open()
    window.expect_titles(["Sleeper"])
    window.page.evaluate(BEGIN)
    window.page.evaluate(
        """async () => {
            await client.snooze([client.items[0].id], new Date(Date.now() + 3_600_000));
            window.news = [];
            client.addEventListener("notification", ({ detail }) => news.push(detail.item.title));
        }"""
    )
    expect(window.titles).to_have_count(0)
    window.page.clock.fast_forward(3_600_000)
    Item.objects.update(snoozed_until=timezone.now())
    assert inbox.wake(1)
    window.expect_titles(["Sleeper"])
    window.expect_unread(1)
    expect(window.badge).to_have_text("1")
    window.wait_for("window.news.length === 1")


def test_updates_and_retractions_of_a_broadcast(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True).open()
    said = [broadcast("everyone", "message", title=title) for title in ("Wrong", "Recalled")]
    window.expect_titles(["Recalled", "Wrong"])
    update(said[0], title="Right")
    window.expect_titles(["Recalled", "Right"])
    retract(said[1])
    window.expect_titles(["Right"])
    window.expect_unread(1)


def test_what_expires_leaves_by_itself(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True)
    window.page.clock.install()
    window.open()
    soon = timezone.now() + timedelta(minutes=5)
    notify(ada, "message", title="Soon over", expires_at=soon)
    notify(ada, "message", title="Stays")
    window.expect_titles(["Stays", "Soon over"])
    window.page.clock.fast_forward(300_000)
    window.expect_titles(["Stays"])


def test_choices_and_topics(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True).open()
    window.page.evaluate(BEGIN)
    said = window.page.evaluate(
        """async () => {
            const said = [];
            const say = async () => said.push(await client.choices());
            await say();
            const key = said[0].categories.find(({ mandatory }) => !mandatory).key;
            await client.optOut(key); await say();
            await client.optIn(key);
            await client.mute({ category: key, until: new Date(Date.now() + 3_600_000) });
            await client.mute({ thread: "order-7" }); await say();
            await client.unmute({ category: key });
            await client.unmute({ thread: "order-7" }); await say();
            const [{ key: topic }] = await client.topics();
            for (const change of ["subscribe", "unsubscribe"]) {
                const topics = await client[change](topic);
                said.push(topics.find(({ key }) => key === topic).subscribed);
            }
            return said;
        }"""
    )
    first, out, muted, again, *subscribed = said
    assert first == again
    assert subscribed == [True, False]
    assert [c["receive"] for c in out["categories"]].count(False) == 1
    assert [c["muted"] for c in muted["categories"]].count(True) == 1
    assert [t["thread"] for t in muted["threads"]] == ["order-7"]
