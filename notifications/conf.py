"""Clarion's settings: `CLARION_<NAME>` in Django's settings, with the defaults below.

Read at use, so that `override_settings` works. Documented in docs/settings.md.
"""

import re
from typing import TypeVar

from django.conf import settings as django_settings

Keep = dict[str, dict[str, int]]
T = TypeVar("T", int, float, str, Keep)


# As browsers write one (RFC 6454, section 6.2), but for the port that goes without saying.
_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?"
)


def is_origin(text: object) -> bool:
    """Whether a browser could say that a page is from there."""
    return (
        isinstance(text, str)
        and _ORIGIN.fullmatch(text) is not None
        and not re.fullmatch(r"http://.*:80|https://.*:443", text)
    )


class Settings:
    """Typed access; a missing setting has its default, a wrong one is found by `checks`."""

    @staticmethod
    def _get(name: str, default: T) -> T:
        value: T = getattr(django_settings, f"CLARION_{name}", default)
        return value

    @property
    def redis_url(self) -> str:
        """Redis of the gate that bundles relay wake-ups, and of rates.

        Empty: every commit wakes the relay, and nobody counts requests.
        """
        return self._get("REDIS_URL", "")

    @property
    def origins(self) -> frozenset[str]:
        """Other origins whose pages may show inboxes, with tokens."""
        return frozenset(getattr(django_settings, "CLARION_ORIGINS", ()))

    @property
    def heartbeat_seconds(self) -> float:
        """How often each socket gets a heartbeat and is compared with the database."""
        return self._get("HEARTBEAT_SECONDS", 30.0)

    @property
    def resume_limit(self) -> int:
        """Changed rows past which a resume is answered with `reset` and a first page."""
        return self._get("RESUME_LIMIT", 500)

    @property
    def page_size(self) -> int:
        """Items of one page, in lists and in `sync` frames."""
        return self._get("PAGE_SIZE", 30)

    @property
    def socket_budget(self) -> int:
        """Bytes that may wait for a socket before it is skipped until it has drained."""
        return self._get("SOCKET_BUDGET", 64 * 1024)

    @property
    def process_budget(self) -> int:
        """Bytes that may wait for all sockets of a process together; then more are skipped."""
        return self._get("PROCESS_BUDGET", 67_108_864)

    @property
    def threads(self) -> int:
        """Threads of a web process for reads of sockets; as many for handlers on a stock layer."""
        return self._get("THREADS", 4)

    @property
    def idempotency_days(self) -> int:
        """Days that idempotency keys are remembered."""
        return self._get("IDEMPOTENCY_DAYS", 90)

    @property
    def rate_person(self) -> int:
        """Requests a minute that a person may make to the API, from all devices; 0: any number."""
        return self._get("RATE_PERSON", 600)

    @property
    def rate_key(self) -> int:
        """Requests a minute that an API key may make; 0: any number."""
        return self._get("RATE_KEY", 600)

    @property
    def rate_address(self) -> int:
        """Wrong API keys a minute that an address is told of with 401; 0: any number."""
        return self._get("RATE_ADDRESS", 30)

    @property
    def log_days(self) -> int:
        """Days that entries of the broadcast log are kept for those who have not listed them."""
        return self._get("LOG_DAYS", 365)

    @property
    def keep_items(self) -> int:
        """Items that each inbox keeps, the newest ones."""
        return self._get("KEEP_ITEMS", 10_000)

    @property
    def keep_days(self) -> int:
        """Days that items are kept in inboxes."""
        return self._get("KEEP_DAYS", 365)

    @property
    def keep(self) -> Keep:
        """The same for single categories, beside those for all: `items`, `days` or both."""
        return self._get("KEEP", {})

    @property
    def storm_limit(self) -> int:
        """Notifications of one type to one person past which more become one row; 0: none."""
        return self._get("STORM_LIMIT", 100)

    @property
    def storm_seconds(self) -> int:
        """Seconds within which they count as a storm."""
        return self._get("STORM_SECONDS", 60)

    @property
    def schedule_grace_seconds(self) -> float:
        """Seconds by which a slot may be late and is still sent as if it were not."""
        return self._get("SCHEDULE_GRACE_SECONDS", 300.0)


settings = Settings()
