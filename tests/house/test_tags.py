"""`{% load clarion %}`: what the tags put into a page, and for whom."""

import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import set_script_prefix
from django.utils import translation

from notifications.routing import websocket_urlpatterns
from notifications.templatetags.clarion import SOCKET
from notifications.texts import SAMPLES

PAGE = "{% load clarion %}{% notification_bell %}{% notification_toasts %}"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Whatever was asked for before."""
    with translation.override("en"):
        yield


@pytest.fixture
def request_of(rf: RequestFactory) -> Any:
    """Makes the request of somebody."""

    def make(user: Any) -> HttpRequest:
        request = rf.get("/")
        request.user = user
        request.session = {}  # type: ignore[assignment]
        return request

    return make


def drawn(request: HttpRequest | None, page: str = PAGE) -> str:
    """Return what a template makes."""
    return Template(page).render(Context({"request": request} if request else {}))


def config(page: str, name: str = "clarion") -> dict[str, Any]:
    """Return what the data block of a page says."""
    block = re.findall(rf'<script id="{name}" type="application/json">(.*?)</script>', page)
    assert len(block) == 1
    said: dict[str, Any] = json.loads(block[0])
    return said


def test_nothing_for_who_is_not_signed_in(request_of: Any) -> None:
    assert drawn(request_of(AnonymousUser())) == ""
    assert drawn(None) == ""


@pytest.mark.django_db
def test_nothing_for_who_is_not_active(request_of: Any, ada: Any) -> None:
    ada.is_active = False
    assert drawn(request_of(ada)) == ""


@pytest.mark.django_db
def test_elements_with_what_they_need_once_a_page(request_of: Any, ada: Any) -> None:
    page = drawn(request_of(ada))
    assert page.count('<script type="module" src="/static/clarion/inbox.js"></script>') == 1
    assert page.count("<notification-bell") == page.count("<notification-toasts") == 1
    assert '<notification-bell inbox="/inbox/"><a href="/inbox/">Notifications</a>' in page
    said = config(page)
    assert said["api"] == "/api/v1/inbox/"
    assert said["socket"] == "/ws/notifications/"
    assert "clarion-ticket" not in page
    assert said["person"] == str(ada.pk)
    assert len(said["csrf"]) == 64
    # Each page has its own, also of one request.
    request = request_of(ada)
    first = config(drawn(request))
    assert config(drawn(request)) == first | {"csrf": ANY}


@pytest.mark.django_db
def test_once_also_where_templates_include_and_extend(
    request_of: Any, ada: Any, settings: Any
) -> None:
    parts = {
        "base": "{% load clarion %}{% notification_bell %}{% block main %}{% endblock %}",
        "part": PAGE,
        "page": "{% extends 'base' %}{% block main %}{% include 'part' %}"
        "{% include 'part' only %}{% endblock %}",
    }
    options = {
        "loaders": [
            ("django.template.loaders.locmem.Loader", parts),
            "django.template.loaders.app_directories.Loader",
        ],
        "context_processors": ["django.template.context_processors.request"],
    }
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": options}]
    from django.template.loader import render_to_string

    page = render_to_string("page", request=request_of(ada))
    assert page.count("<notification-bell") == 3
    assert config(page)
    assert page.count("inbox.js") == 1


@pytest.mark.django_db
def test_what_a_bell_is_told(request_of: Any, ada: Any) -> None:
    bell = "{% notification_bell title=True favicon='clarion/icon-new.svg' %}"
    page = drawn(request_of(ada), "{% load clarion %}" + bell)
    assert ' page-title favicon="/static/clarion/icon-new.svg">' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tags",
    [
        "{% notification_bell ticket=True %}{% notification_toasts %}",
        "{% notification_bell %}{% notification_toasts ticket=True %}",
        "{% notification_bell %}{% notification_setup ticket=True %}",
        "{% notification_bell ticket=True %}{% notification_toasts ticket=True %}",
    ],
)
def test_any_tag_may_ask_for_tickets(request_of: Any, ada: Any, tags: str) -> None:
    page = drawn(request_of(ada), "{% load clarion %}" + tags)
    assert config(page, "clarion-ticket") == {"ticket": "/api/v1/ticket"}
    assert config(page)["api"] == "/api/v1/inbox/"


@pytest.mark.django_db
def test_below_a_prefix(request_of: Any, ada: Any) -> None:
    set_script_prefix("/shop/")
    try:
        said = config(drawn(request_of(ada)))
    finally:
        set_script_prefix("/")
    assert said["api"] == "/shop/api/v1/inbox/"
    assert said["socket"] == "/shop/ws/notifications/"


def test_the_socket_is_where_its_route_is() -> None:
    assert str(websocket_urlpatterns[0].pattern) == SOCKET


@pytest.mark.django_db
@pytest.mark.parametrize("hidden", ["CSRF_COOKIE_HTTPONLY", "CSRF_USE_SESSIONS", ""])
def test_the_token_lets_requests_through(ada: Any, settings: Any, hidden: str) -> None:
    if hidden:
        setattr(settings, hidden, True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    said = config(client.get("/inbox/").content.decode())
    assert bool(said["csrf_cookie"]) == (not hidden)
    if said["csrf_cookie"]:
        assert said["csrf_cookie"] in client.cookies
    refused = client.post("/api/v1/inbox/read", {"ids": []}, "application/json")
    assert refused.status_code == 403
    token = {"x-csrftoken": said["csrf"]}
    done = client.post("/api/v1/inbox/read", {"ids": ["1"]}, "application/json", headers=token)
    assert done.status_code == 200


@pytest.mark.django_db
def test_the_token_goes_where_django_looks_for_it(ada: Any, settings: Any) -> None:
    settings.CSRF_HEADER_NAME = "HTTP_X_XSRF_TOKEN"
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    said = config(client.get("/inbox/").content.decode())
    done = client.post(
        "/api/v1/inbox/read",
        {"ids": ["1"]},
        "application/json",
        headers={said["csrf_header"]: said["csrf"]},
    )
    assert done.status_code == 200


@pytest.mark.django_db
def test_texts_are_the_readers(request_of: Any, ada: Any) -> None:
    with translation.override("de"):
        said = config(drawn(request_of(ada)))
    assert said["language"] == "de"
    assert said["texts"]["undo"] == "Rückgängig"
    assert said["texts"]["arrived_many"] == {
        "1": "{count} neue Benachrichtigung",
        "2": "{count} neue Benachrichtigungen",
    }


def test_samples_tell_the_languages_apart() -> None:
    # What CLDR has for Polish (one, few, many) and Arabic (zero, one, two, few, many, other).
    def polish(number: int) -> int:
        few = number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)
        return 0 if number == 1 else 1 if few else 2

    def arabic(number: int) -> int:
        rest = number % 100
        return number if number < 3 else 3 if 3 <= rest <= 10 else 4 if rest >= 11 else 5

    assert {polish(number) for number in SAMPLES} == {0, 1, 2}
    assert {arabic(number) for number in SAMPLES} == {0, 1, 2, 3, 4, 5}
