"""The language a socket speaks."""

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from notifications.authentication.handshake import Scope, cookies, headers


def language_of(scope: Scope) -> str:
    """The reader's language: Django's language cookie, then Accept-Language, then the default."""
    code = cookies(scope).get(settings.LANGUAGE_COOKIE_NAME)
    if code is not None and translation.check_for_language(code):
        return code
    accepted = ",".join(headers(scope, b"accept-language"))
    for code, _ in parse_accept_lang_header(accepted.lower()):
        if code == "*":
            break
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
