"""The headers that keep pages of the site from what others might do with them."""

import re
from typing import Any

import pytest
from django.test import Client

from project.middleware import POLICY

PAGES = ["/accounts/login/", "/inbox/", "/api/v1/docs", "/api/v1/inbox/", "/healthz", "/nowhere"]


def policy_of(answer: Any) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";")]
    return {name: sources for name, _, sources in parts}


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_bears_them(client: Client, path: str) -> None:
    answer = client.get(path)
    assert policy_of(answer) == POLICY
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    # Django's own.
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_nothing_from_elsewhere_and_nothing_in_place() -> None:
    everything = " ".join(POLICY.values())
    assert not re.search(r"unsafe|nonce|https?:|\*", everything)
    assert POLICY["default-src"] == "'self'"
    assert POLICY["frame-ancestors"] == POLICY["base-uri"] == POLICY["object-src"] == "'none'"


@pytest.mark.django_db
@pytest.mark.any_database
def test_only_developers_see_pages_without(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "Content-Security-Policy" not in answer
    assert "Content-Security-Policy" in client.get("/accounts/login/")
