"""Inboxes in pages of other origins: who gets tokens, what these open, and which pages may ask."""

import json
from typing import Any

import pytest
from django.test import Client

from notifications import notify
from notifications.authentication import token
from notifications.live.breaker import breaker
from notifications.models import ApiKey, Item, Outbox
from notifications.services import api_keys, rates, relay
from tests.api.conftest import MakeService, Service, refused
from tests.api.test_authorization import PERSONAL, Operation, cursor_of, state_of

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database, pytest.mark.django_db]

SHOP = "https://shop.example"
EVIL = "https://evil.example"
ALLOW = "Access-Control-Allow-Origin"
# All of a person's data, and its end, are for their own login session.
TAKING = [o for o in PERSONAL if "export" in o.path or o.method == "DELETE"]
# Inboxes are what tokens open.
OPENED = [
    operation
    for operation in PERSONAL
    if operation.path.startswith("inbox/") and operation not in TAKING
]


@pytest.fixture(autouse=True)
def origins(settings: Any) -> None:
    """One other origin may show inboxes; rates are not what this is about."""
    settings.CLARION_ORIGINS = settings.CORS_ALLOWED_ORIGINS = [SHOP]
    settings.CLARION_RATE_PERSON = settings.CLARION_RATE_KEY = settings.CLARION_RATE_ADDRESS = 0
    settings.CLARION_REDIS_URL = ""


@pytest.fixture
def shop(service: MakeService) -> Service:
    """A service that may show inboxes, and nothing else."""
    return service(types=[], topics=[], may_notify=False, may_embed=True)


@pytest.fixture
def said(ada: Any) -> Any:
    """Something in Ada's inbox."""
    notification = notify(ada, "message", title="For Ada's eyes only")
    for lane in Outbox.Lane:
        relay.relay_batch(lane)
    return notification


def token_for(service: Service, user: Any) -> str:
    answer = service.post("tokens", {"user_id": user.pk})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["expires_in"], body["person"]) == (900, str(user.pk))
    issued: str = body["token"]
    return issued


def bearer(shown: str, origin: str = SHOP) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}", "Origin": origin}


@pytest.mark.parametrize("operation", OPENED, ids=str)
class TestOpened:
    def test_a_token_opens_it_without_cookie_and_csrf_token(
        self, operation: Operation, shop: Service, ada: Any, said: Any
    ) -> None:
        strict = Client(enforce_csrf_checks=True)
        answer = operation.ask(strict, said.pk, cursor_of(ada), **bearer(token_for(shop, ada)))
        assert answer.status_code == operation.succeeds, answer.content
        assert answer[ALLOW] == SHOP
        assert "Access-Control-Allow-Credentials" not in answer
        assert "origin" in answer["Vary"]

    def test_for_its_person_alone(
        self, operation: Operation, shop: Service, ada: Any, bob: Any, said: Any
    ) -> None:
        before = state_of(ada)
        # Also in a browser in which somebody else has signed in here.
        client = Client()
        client.force_login(ada)
        answer = operation.ask(client, said.pk, cursor_of(bob), **bearer(token_for(shop, bob)))
        assert "eyes only" not in answer.content.decode()
        assert state_of(ada) == before

    def test_one_that_holds_no_longer_opens_nothing(
        self, operation: Operation, shop: Service, ada: Any, said: Any
    ) -> None:
        old = token.issue(shop.key, ada.pk, now=0)
        assert old is not None
        signed_in = Client()
        signed_in.force_login(ada)
        cursor, before = cursor_of(ada), state_of(ada)
        for shown in (old.token, "x", "", shop.shown):
            # Whatever cookies come along: who shows a token asks as nobody else.
            for client in (Client(), signed_in):
                answer = operation.ask(client, said.pk, cursor, **bearer(shown))
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
                # So that the page can read that it is so.
                assert answer[ALLOW] == SHOP
        assert state_of(ada) == before

    @pytest.mark.parametrize("origin", [EVIL, "null", "http://shop.example", f"{SHOP}:8443"])
    def test_pages_from_elsewhere_cannot_read_it(
        self, operation: Operation, origin: str, shop: Service, ada: Any, said: Any
    ) -> None:
        shown = bearer(token_for(shop, ada), origin)
        assert ALLOW not in operation.ask(Client(), said.pk, cursor_of(ada), **shown)
        asking = {
            "Origin": origin,
            "Access-Control-Request-Method": operation.method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        assert ALLOW not in operation.ask(_Preflight(), said.pk, "e.1.1", **asking)

    def test_a_listed_page_may_ask_with_a_token_and_without_cookies(
        self, operation: Operation, said: Any
    ) -> None:
        asking = {
            "Origin": SHOP,
            "Access-Control-Request-Method": operation.method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        answer = operation.ask(_Preflight(), said.pk, "e.1.1", **asking)
        assert answer.status_code == 200
        assert answer[ALLOW] == SHOP
        assert operation.method in answer["Access-Control-Allow-Methods"]
        assert answer["Access-Control-Allow-Headers"] == "authorization, content-type"
        assert "Access-Control-Allow-Credentials" not in answer

    def test_cookies_do_nothing_for_a_listed_page(
        self, operation: Operation, ada: Any, said: Any
    ) -> None:
        """Where site and page are of the same site, browsers send them along."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(ada)
        token_of_page = client.get("/accounts/login/").cookies["csrftoken"].value
        cursor, before = cursor_of(ada), state_of(ada)
        answer = operation.ask(client, said.pk, cursor, Origin=SHOP)
        assert "Access-Control-Allow-Credentials" not in answer
        if operation.method == "POST":
            for more in ({}, {"X-CSRFToken": token_of_page}):
                answer = operation.ask(client, said.pk, cursor, Origin=SHOP, **more)
                assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
            assert state_of(ada) == before


class _Preflight(Client):
    """Asks by OPTIONS, and without a body, whatever is to be asked."""

    def generic(self, method: str, path: str, *_: Any, **options: Any) -> Any:
        options.pop("data", None)
        options.pop("content_type", None)
        return super().generic("OPTIONS", path, **options)


@pytest.mark.parametrize(
    "path", ["/inbox/", "/accounts/login/", "/admin/", "/api/v1/ticket", "/api/v1/tokens",
             "/api/v1/notifications", "/api/v1/docs", "/api/v1/openapi.json", "/readyz"]
)  # fmt: skip
def test_a_listed_page_reads_nothing_but_inboxes(path: str, ada: Any) -> None:
    client = Client()
    client.force_login(ada)
    for method in ("GET", "POST", "OPTIONS"):
        asking = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
        assert ALLOW not in client.generic(method, path, headers=asking)


@pytest.mark.parametrize("operation", TAKING, ids=str)
def test_what_a_token_does_not_open(
    operation: Operation, shop: Service, ada: Any, said: Any
) -> None:
    before = state_of(ada)
    client = Client(enforce_csrf_checks=True)
    answer = operation.ask(client, said.pk, cursor_of(ada), **bearer(token_for(shop, ada)))
    assert answer.status_code in (401, 403)
    assert state_of(ada) == before


def test_only_a_key_that_may_gets_tokens(service: MakeService, shop: Service, ada: Any) -> None:
    refused(service().post("tokens", {"user_id": ada.pk}), 403, "out_of_scope")
    api_keys.revoke(ApiKey.objects.filter(pk=shop.key.pk))
    refused(shop.post("tokens", {"user_id": ada.pk}), 401, "unauthorized")
    browser = Client()
    ada.is_superuser = True
    ada.save()
    browser.force_login(ada)
    answer = browser.post("/api/v1/tokens", {"user_id": ada.pk}, content_type="application/json")
    refused(answer, 401, "unauthorized")


def test_a_token_makes_no_tokens_and_says_nothing(shop: Service, ada: Any, said: Any) -> None:
    headers = bearer(token_for(shop, ada))
    for path, body in (
        ("tokens", {"user_id": ada.pk}),
        ("ticket", {}),
        ("notifications", {"type": "message", "title": "x", "recipients": {"ids": [ada.pk]}}),
    ):
        answer = Client(enforce_csrf_checks=True).post(
            f"/api/v1/{path}", json.dumps(body), "application/json", headers=headers
        )
        assert answer.status_code in (401, 403), path
    for path in ("/inbox/", "/inbox/choices/", "/admin/"):
        assert Client().get(path, headers=headers).status_code == 302


@pytest.mark.parametrize("user_id", [2**52, "nobody", "7 "])
def test_nobody(shop: Service, user_id: object) -> None:
    refused(shop.post("tokens", {"user_id": user_id}), 404, "not_found")


@pytest.mark.parametrize("body", [{}, {"user_id": None}, {"user_id": True}, {"user_id": [1]},
                                  {"user_id": 1, "for": "ever"}])  # fmt: skip
def test_what_is_no_question(shop: Service, body: object) -> None:
    refused(shop.post("tokens", body), 422, "bad_field")


def test_by_text(shop: Service, ada: Any) -> None:
    """As where keys are UUIDs."""
    assert shop.post("tokens", {"user_id": str(ada.pk)}).json()["person"] == str(ada.pk)


def test_requests_with_a_token_count_as_the_persons(
    shop: Service, ada: Any, said: Any, settings: Any, redis_server: Any
) -> None:
    # No test inherits that Redis was away.
    breaker.reset()
    rates._limiter.cache_clear()
    settings.CLARION_REDIS_URL, settings.CLARION_RATE_PERSON = settings.REDIS_URL, 2
    headers = bearer(token_for(shop, ada))
    answers = [Client().get("/api/v1/inbox/counts", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" in answers[2]["Access-Control-Expose-Headers"]


def test_a_basic_password_of_a_proxy_leaves_it_to_the_cookie(ada: Any, said: Any) -> None:
    client = Client()
    client.force_login(ada)
    headers = {"Authorization": "Basic c3RhZ2luZzpzZWNyZXQ="}
    assert client.get("/api/v1/inbox/counts", headers=headers).json()["unread"] == 1
    assert Item.objects.get().read_at is None
