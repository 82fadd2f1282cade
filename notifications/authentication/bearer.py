"""`Authorization: Bearer <what is shown>` (RFC 6750): API keys and tokens."""

from django.http import HttpRequest


def bearer_of(request: HttpRequest) -> str | None:
    """What is shown, perhaps nothing; None where it is no such header."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else None
