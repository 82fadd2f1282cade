"""The language a socket speaks."""

from itertools import takewhile

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from notifications.authentication.handshake import Scope, cookies, headers


def language_of(scope: Scope) -> str:
    """The reader's language: Django's language cookie, then Accept-Language, then the default.

    The same as that of a request with these headers, so that lists and frames agree.

    Always one of LANGUAGES, whatever the client asks for: of each language that comes out of here
    something is kept for as long as the process lives.
    """
    cookie = cookies(scope).get(settings.LANGUAGE_COOKIE_NAME, "")
    accepted = ",".join(headers(scope, b"accept-language")).lower()
    wishes = takewhile("*".__ne__, (code for code, _ in parse_accept_lang_header(accepted)))
    for code in (cookie, *wishes, settings.LANGUAGE_CODE):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
