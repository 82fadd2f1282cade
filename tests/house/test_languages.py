"""Pages and lists come in the reader's language, and say in which."""

import re

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from notifications import notify
from notifications.services.relay import relay

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

GERMAN = {"accept-language": "de-AT, en;q=0.5"}


@pytest.fixture
def reader(client: Client, ada: object) -> Client:
    """Ada's browser."""
    client.force_login(ada)  # type: ignore[arg-type]
    return client


def said(answer: HttpResponse) -> str:
    """Return the text, once it is clear that caches know on what it depends."""
    varied = {name.strip() for name in answer["Vary"].split(",")}
    assert {"Accept-Language", "Cookie"} <= varied
    return answer.content.decode()


def test_the_inbox_page(reader: Client) -> None:
    answer = reader.get("/inbox/", headers=GERMAN)
    text = said(answer)
    assert answer["Content-Language"] == "de"
    assert '<html lang="de">' in text
    assert "<title>Posteingang · Clarion</title>" in text
    assert "Alle als gelesen markieren" in text
    assert "Abmelden" in text
    # What the elements say comes with the page, as data: nothing that a strict policy keeps out.
    assert re.search(
        r'<script id="clarion" type="application/json">[^<]*"Als gelesen markieren"', text
    )
    assert "Mark as read" not in text
    assert "Mark as read" in said(reader.get("/inbox/"))


def test_scripts_are_files_and_data(reader: Client) -> None:
    for tag in re.findall(r"<script[^>]*>", said(reader.get("/inbox/"))):
        assert "src=" in tag or 'type="application/json"' in tag


def test_the_login_page(client: Client) -> None:
    answer = client.get("/accounts/login/", headers=GERMAN)
    assert answer["Content-Language"] == "de"
    assert "Bei Clarion anmelden" in said(answer)
    refused = client.post(
        "/accounts/login/", {"username": "ada", "password": "wrong"}, headers=GERMAN
    )
    assert "Name und Passwort passen nicht zusammen." in said(refused)


def test_the_cookie_goes_first(client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get("/accounts/login/", headers=GERMAN)
    assert answer["Content-Language"] == "en"
    assert "Sign in to Clarion" in said(answer)


def test_the_list_of_the_inbox(reader: Client, ada: object) -> None:
    notify(ada, "demo.signed_in", data={"address": "192.0.2.9"})
    relay()
    answer = reader.get("/api/v1/inbox/", headers=GERMAN)
    said(answer)
    assert answer["Content-Language"] == "de"
    (item,) = answer.json()["items"]
    assert (item["title"], item["body"][:14]) == ("Neue Anmeldung", "Von 192.0.2.9.")
    (item,) = reader.get("/api/v1/inbox/").json()["items"]
    assert item["title"] == "New sign-in"
    marked = reader.post(
        "/api/v1/inbox/read", {"ids": [item["id"]]}, "application/json", headers=GERMAN
    )
    assert marked.json()["items"][0]["title"] == "Neue Anmeldung"


def test_the_demo_panel(reader: Client) -> None:
    text = said(reader.get("/inbox/", headers=GERMAN))
    assert "Etwas senden" in text
    assert "Produktneuigkeiten" in text
    refused = reader.post("/demo/send/", {}, headers={**GERMAN, "accept": "application/json"})
    assert refused.json()["detail"] == "An: Dieses Feld ist zwingend erforderlich."
