"""Which language a socket speaks."""

import pytest
from django.test import RequestFactory, override_settings
from django.utils.translation import get_language_from_request
from hypothesis import given
from hypothesis import strategies as st

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


CODES = ["de", "en", "DE", "de-AT", "en-GB", "fr", "tlh", "*", "x", "d e", "de_AT", ""]
WISHES = st.lists(
    st.builds(
        "{}{}".format, st.sampled_from(CODES), st.sampled_from(["", ";q=0.5", ";q=0", ";q=a"])
    ),
    max_size=4,
)


@given(cookie=st.sampled_from(CODES), wishes=WISHES, default=st.sampled_from(["en", "de", "en-us"]))
def test_requests_with_the_same_headers_speak_the_same(cookie, wishes, default):
    accepted = ", ".join(wishes)
    request = RequestFactory().get("/", headers={"accept-language": accepted})
    request.COOKIES["django_language"] = cookie
    with override_settings(LANGUAGE_CODE=default):
        assert spoken(cookie, accepted) == get_language_from_request(request)
