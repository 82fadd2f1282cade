"""What the page `/demo/` may be asked for, and by whom."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from notifications import notify
from notifications.models import ApiKey, Notification
from notifications.services.api_keys import revoke
from project.demo.cast import KEY
from project.local.people import make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(db: None) -> Client:
    make_people()
    return Client()


def token_of(client: Client, name: str) -> str:
    answer = client.post(f"/demo/tokens/{name}/")
    assert answer.status_code == 200
    return str(answer.json()["token"])


def play(client: Client, button: str, token: str, **asked: Any) -> Any:
    return client.post(
        f"/demo/play/{button}/",
        json.dumps(asked),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_a_token_opens_one_inbox(client: Client) -> None:
    shown = {"Authorization": f"Bearer {token_of(client, 'ada')}"}
    answer = client.get("/api/v1/inbox/", headers=shown)
    assert answer.json()["person"] == str(person("ada").pk)


def test_there_are_tokens_only_for_those_whose_password_everybody_knows(client: Client) -> None:
    for name in ("demo", "ops", "nobody"):
        assert client.post(f"/demo/tokens/{name}/").status_code == 404
    ada = person("ada")
    ada.set_password("something that she thought of")
    ada.save()
    assert client.post("/demo/tokens/ada/").status_code == 403
    assert client.post("/demo/tokens/bob/").status_code == 200


def test_tokens_need_the_csrf_token() -> None:
    make_people()
    assert Client(enforce_csrf_checks=True).post("/demo/tokens/ada/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_key_behind_the_tokens_can_be_revoked(client: Client) -> None:
    first = token_of(client, "ada")
    assert token_of(client, "bob")
    keys = ApiKey.objects.filter(name=KEY)
    assert keys.count() == 1
    revoke(keys)
    assert play(client, "hello", first, to="bob").status_code == 401
    assert play(client, "hello", token_of(client, "ada"), to="bob").status_code == 200


def test_who_shows_no_token_says_nothing(client: Client) -> None:
    for shown in ("", "nonsense", token_of(client, "ada") + "x"):
        assert play(client, "hello", shown, to="bob").status_code == 401
    client.force_login(person("ada"))
    assert client.post("/demo/play/hello/", {"to": "bob"}).status_code == 401
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [{}, {"to": "ops"}, {"to": "bob", "step": 1}, {"to": "bob", "step": -1}, {"to": ["bob"]}],
)
def test_what_is_asked_for_wrongly(client: Client, asked: dict[str, Any]) -> None:
    assert play(client, "hello", token_of(client, "ada"), **asked).status_code == 400
    assert not Notification.objects.exists()


def test_unknown_buttons(client: Client) -> None:
    assert play(client, "goodbye", token_of(client, "ada"), to="bob").status_code == 404


def test_only_what_the_demo_said_is_changed_or_taken_back(client: Client) -> None:
    other = notify(person("bob"), "message", title="Not of the demo")
    shown = token_of(client, "ada")
    for button in ("update", "retract"):
        for last in (str(other.pk), "0", "-1", "9" * 30, "x", None):
            assert play(client, button, shown, to="bob", last=last).status_code == 422
    other.refresh_from_db()
    assert other.title == "Not of the demo"
    assert other.retracted_at is None


def person(name: str) -> Any:
    return get_user_model()._default_manager.get_by_natural_key(name)
