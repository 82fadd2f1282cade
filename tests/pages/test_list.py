"""The inbox without scripts: what is listed, and what its forms do."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from django.utils import timezone, translation

from notifications import broadcast
from notifications.models import Inbox, Notification
from notifications.pages.words import ago, ahead
from tests.pages.conftest import INBOX, Reader, deliver, fields_of

pytestmark = pytest.mark.django_db

Tell = Callable[..., Notification]
FORMS = [
    *(f"mark/{action}" for action in ("read", "unread", "archive", "unarchive", "unsnooze")),
    *("snooze/hour", "snooze/day", "snooze/week", "all/read", "all/archive"),
]


def titles(page: str) -> list[str]:
    return re.findall(r'class="item-open"[^>]*>([^<]*)<', page.partition("<template")[0])


def test_what_arrived_is_listed_newest_first(reader: Reader, tell: Tell) -> None:
    tell(reader.user, "First", url="/shop/1", body="Line <b>one</b>")
    tell(reader.user, "Second", level="error")
    broadcast("everyone", "message", title="For all")
    deliver()
    page = reader.open()
    assert titles(page) == ["For all", "Second", "First"]
    assert "3 unread" in page
    assert 'href="/shop/1"' in page
    assert "Line &lt;b&gt;one&lt;/b&gt;" in page
    assert "Error:" in page


def test_nothing_in_a_page_runs_or_is_styled_in_place(reader: Reader, tell: Tell) -> None:
    tell(reader.user, "x", url="https://elsewhere.example/", actions=[{"label": "y", "url": "/z"}])
    for page in (reader.open(), reader.open("/inbox/choices/")):
        assert "<style" not in page
        assert not re.search(r"\s(?:style|on\w+)=", page)
        for script in re.findall(r"<script[^>]*>", page):
            assert "src=" in script or "application/json" in script


def test_pages_are_kept_by_no_cache(reader: Reader) -> None:
    for address in (INBOX, "/inbox/choices/"):
        assert "no-store" in reader.client.get(address)["Cache-Control"]


def test_a_link_that_could_run_is_none(reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Click me", url="/harmless")
    bad = "javascript:alert(1)"
    Notification.objects.filter(pk=said.pk).update(
        url=bad, actions=[{"label": "Press me", "url": bad}, {"label": "Fine", "url": "/fine"}]
    )
    page = reader.open()
    assert "Click me" in page
    assert "javascript:" not in page
    assert "Press me" not in page
    assert 'href="/fine"' in page


def test_reading_and_unreading(reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    answer = reader.send("/inbox/mark/read/", id=said.pk)
    assert answer.redirect_chain == [(f"/inbox/#n{said.pk}", 302)]
    assert reader.item(said).read_at is not None
    assert "Mark as unread" in answer.content.decode()
    reader.send("/inbox/mark/unread/", id=said.pk)
    assert reader.item(said).read_at is None


def test_archive_and_back(reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    answer = reader.send("/inbox/mark/archive/", id=said.pk)
    assert "Archived." in answer.content.decode()
    assert titles(answer.content.decode()) == []
    assert titles(reader.open("/inbox/?show=archived")) == ["Hello"]
    answer = reader.send("/inbox/mark/unarchive/", "/inbox/?show=archived", id=said.pk)
    # Back to where the form stood.
    assert answer.request["QUERY_STRING"] == "show=archived"
    assert titles(reader.open()) == ["Hello"]


@pytest.mark.parametrize(("length", "hours"), [("hour", 1), ("day", 24), ("week", 168)])
def test_snooze_and_back(reader: Reader, tell: Tell, length: str, hours: int) -> None:
    said = tell(reader.user, "Later")
    before = timezone.now()
    answer = reader.send(f"/inbox/snooze/{length}/", id=said.pk)
    until = reader.item(said).snoozed_until
    assert until is not None
    assert before <= until - timedelta(hours=hours) <= timezone.now()
    assert titles(answer.content.decode()) == []
    page = reader.open("/inbox/?show=snoozed")
    assert titles(page) == ["Later"]
    assert "Comes back" in page
    reader.send("/inbox/mark/unsnooze/", "/inbox/?show=snoozed", id=said.pk)
    assert titles(reader.open()) == ["Later"]


def test_all_that_the_page_shows_and_nothing_newer(reader: Reader, tell: Tell) -> None:
    old = tell(reader.user, "Old")
    form = fields_of(reader.open())
    new = tell(reader.user, "New")
    reader.client.post("/inbox/all/read/", form)
    assert reader.item(old).read_at is not None
    assert reader.item(new).read_at is None
    answer = reader.send("/inbox/all/archive/")
    assert titles(answer.content.decode()) == ["New"]


def test_all_of_one_category(reader: Reader, tell: Tell, ada: Any) -> None:
    said = tell(reader.user, "Hello")
    reader.send("/inbox/all/read/", "/inbox/?category=security")
    assert reader.item(said).read_at is None
    reader.send("/inbox/all/read/", "/inbox/?category=messages")
    assert reader.item(said).read_at is not None


@pytest.mark.parametrize("show", ["snoozed", "archived"])
def test_all_is_marked_only_where_it_is_shown(reader: Reader, tell: Tell, show: str) -> None:
    tell(reader.user, "Hello")
    for shown in (INBOX, "/inbox/?show=unread"):
        assert "/inbox/all/read/" in reader.open(shown)
    assert "/inbox/all/" not in reader.open(f"/inbox/?show={show}")


def test_filters(reader: Reader, tell: Tell) -> None:
    read = tell(reader.user, "Read")
    tell(reader.user, "Not read")
    reader.send("/inbox/mark/read/", id=read.pk)
    assert titles(reader.open("/inbox/?show=unread")) == ["Not read"]
    assert titles(reader.open("/inbox/?category=messages")) == ["Not read", "Read"]
    assert titles(reader.open("/inbox/?category=security")) == []
    assert 'aria-current="page">Unread<' in reader.open("/inbox/?show=unread")


def test_a_thread_is_one_row_with_a_link_to_all_of_it(reader: Reader, tell: Tell) -> None:
    for number, actor in enumerate(("Bob", "Cyd", "Dan")):
        tell(reader.user, f"Comment {number}", thread="order 7&8", actor=actor)
    page = reader.open()
    assert titles(page) == ["Comment 2"]
    assert "Dan and 2 others" in page
    link = re.search(r'href="/inbox/(\?thread=[^"]+)">Show all 3<', page)
    assert link
    whole = reader.open(INBOX + link[1])
    assert titles(whole) == ["Comment 2", "Comment 1", "Comment 0"]
    assert "and 2 others" not in whole
    assert "Mute this thread" in whole
    # What is folded does not count and is not marked with all, so neither is offered for it.
    assert "1 unread" in page
    assert not re.search(r"\d unread", whole)
    assert "/inbox/all/" not in whole


def test_pages_follow_each_other_by_links(reader: Reader, tell: Tell, settings: Any) -> None:
    settings.CLARION_PAGE_SIZE = 2
    for number in range(5):
        tell(reader.user, f"{number}")
    seen, address = [], INBOX
    while address:
        page = reader.open(address)
        seen += titles(page)
        assert ('rel="prev"' in page) == (address != INBOX)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        address = link[1].replace("&amp;", "&") if link else ""
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    "query",
    [
        *("show=nonsense", "before=x", "before=-1", "before=0", "before=" + "9" * 40, "before=٣"),
        *("category=%00", "thread=%00", "category=" + "x" * 5000, "show=archived&before=999"),
    ],
)
def test_what_nobody_can_ask_for(reader: Reader, tell: Tell, query: str) -> None:
    tell(reader.user, "Hello")
    assert "Traceback" not in reader.open(f"/inbox/?{query}")


@pytest.mark.promise_8
@pytest.mark.parametrize("form", FORMS)
def test_another_persons_id_is_as_one_that_is_not_there(
    form: str, reader: Reader, tell: Tell, bob: Any
) -> None:
    theirs = tell(bob, "For Bob's eyes only", thread="private")
    before = Inbox.objects.filter(user=bob).values_list("seq", "unread", "unseen").get()
    answers = [reader.send(f"/inbox/{form}/", id=about) for about in (theirs.pk, 2**52)]
    bodies = [
        re.sub(r'"[A-Za-z0-9]{64}"|\d{16}', "", answer.content.decode()) for answer in answers
    ]
    assert bodies[0] == bodies[1]
    assert "There was nothing to change." in bodies[0]
    assert Inbox.objects.filter(user=bob).values_list("seq", "unread", "unseen").get() == before
    for query in ("?thread=private", f"?before={theirs.pk + 1}", "?category=messages"):
        assert "eyes only" not in reader.open(INBOX + query)


@pytest.mark.promise_8
@pytest.mark.parametrize("form", FORMS)
def test_without_the_token_nothing_changes(form: str, reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    inbox = Inbox.objects.filter(user=reader.user).values_list("seq")
    before = list(inbox)
    cursor = fields_of(reader.open())["cursor"]
    sent = {"id": said.pk, "cursor": cursor}
    assert reader.client.post(f"/inbox/{form}/", sent).status_code == 403
    sent["csrfmiddlewaretoken"] = fields_of(reader.open())["csrfmiddlewaretoken"]
    evil = {"Origin": "https://evil.example"}
    assert reader.client.post(f"/inbox/{form}/", sent, headers=evil).status_code == 403
    assert list(inbox.all()) == before


def test_nobody_is_led_to_the_login_page(tell: Tell) -> None:
    assert Client().get(INBOX)["Location"] == "/accounts/login/?next=/inbox/"
    for form in FORMS:
        # Not back to an address that takes forms alone.
        answer = Client().post(f"/inbox/{form}/", follow=True)
        assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/inbox/"


def test_whoever_signs_in_again_is_where_the_form_stood(reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    place = "/inbox/?show=unread&plain=1"
    form = fields_of(reader.open(place))
    del reader.client.cookies[settings.SESSION_COOKIE_NAME]
    sent = reader.client.post("/inbox/mark/archive/", form | {"id": said.pk}, follow=True)
    login = sent.request["PATH_INFO"], QueryDict(sent.request["QUERY_STRING"])["next"]
    assert login == ("/accounts/login/", place)
    reader.client.force_login(reader.user)
    # And is told that nothing was done.
    assert "That did not work." in reader.open(place)
    assert reader.item(said).archived_at is None


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_not_opened_as_a_page(form: str, reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    answer = reader.client.get(f"/inbox/{form}/?id={said.pk}")
    assert (answer.status_code, answer["Location"]) == (302, INBOX)
    assert reader.item(said).read_at is None


@pytest.mark.parametrize("form", ["mark/seen", "mark/x", "snooze/year", "all/unread"])
def test_what_no_form_does(form: str, reader: Reader) -> None:
    assert reader.send(f"/inbox/{form}/", id=1).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        *("https://evil.example/inbox/", "//evil.example/inbox/", "/\\evil.example/inbox/"),
        *(
            "/accounts/logout/",
            "javascript:alert(1)",
            "",
            "inbox/",
            "http:///inbox/",
            "/inbox/../x",
        ),
    ],
)
def test_it_leads_back_to_this_page_alone(wanted: str, reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    answer = reader.send("/inbox/mark/read/", id=said.pk, next=wanted)
    assert answer.redirect_chain == [(f"/inbox/#n{said.pk}", 302)]


@pytest.mark.parametrize("cursor", ["", "x", "e.1.1", "\0", "9" * 300])
def test_a_cursor_that_is_none(cursor: str, reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hello")
    page = reader.send("/inbox/all/read/", cursor=cursor).content.decode()
    assert "The page was out of date." in page
    assert reader.item(said).read_at is None


def test_without_messages_forms_do_what_they_say(reader: Reader, tell: Tell, settings: Any) -> None:
    ours = "django.contrib.messages.middleware.MessageMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != ours]
    said = tell(reader.user, "Hello")
    answer = reader.send("/inbox/mark/archive/", id=said.pk)
    assert (answer.status_code, reader.item(said).archived_at is None) == (200, False)
    assert reader.send("/inbox/all/read/", cursor="x").status_code == 200


def test_in_german(reader: Reader, tell: Tell) -> None:
    said = tell(reader.user, "Hallo", level="warning")
    page = reader.open(**{"Accept-Language": "de"})
    for words in ("1 ungelesen", "Als gelesen markieren", "Zurückstellen", "Warnung:", "Jetzt"):
        assert words.lower() in page.lower(), words
    Notification.objects.filter(pk=said.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert "vor 2 Tagen" in reader.open(**{"Accept-Language": "de"})


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=44), "now"),
        (timedelta(seconds=46), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=61), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    with translation.override("en"):
        assert ago(timezone.now() - passed) == words


def test_when_it_will_be() -> None:
    soon = timezone.now() + timedelta(seconds=5)
    with translation.override("en"):
        assert ahead(soon) == "in 1 minute"
        assert ahead(soon + timedelta(hours=1)) == "in 1 hour"
        # What was put off for a day a moment ago.
        assert ahead(timezone.now() + timedelta(days=1)) == "in 1 day"
        assert ahead(soon + timedelta(days=7)) == "in 7 days"
        assert ahead(datetime(2200, 1, 2, tzinfo=UTC)) == "on Jan. 2, 2200"
        assert ago(datetime(2020, 1, 2, tzinfo=UTC)) == "Jan. 2, 2020"
