"""Which language a socket speaks."""

import pytest

from notifications.authentication import language_of


@pytest.fixture(autouse=True)
def default(settings):
    settings.LANGUAGE_CODE = "en"


def spoken(cookie="", accepted=""):
    headers = [(b"cookie", f"django_language={cookie}".encode())] if cookie else []
    if accepted:
        headers.append((b"accept-language", accepted.encode()))
    return language_of({"type": "websocket", "headers": headers})


def test_the_cookie_goes_first():
    assert spoken("de", "en") == "de"
    assert spoken("", "de, en;q=0.5") == "de"
    assert spoken() == "en"


@pytest.mark.parametrize("cookie", ["tlh", "*", "de_AT.UTF-8", "../de", "\x00", "d" * 5000])
def test_a_cookie_with_a_language_that_nobody_speaks(cookie):
    assert spoken(cookie, "*, de") == "en"
    assert spoken(cookie, "tlh, de") == "de"


def test_only_languages_of_the_site_come_out():
    # Each that did would be kept for ever, with its translations.
    assert {spoken(f"de-{n}") for n in range(100)} == {"de"}
    assert {spoken("", f"de-{n}") for n in range(100)} == {"de"}
