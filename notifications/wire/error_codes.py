"""What can be wrong with a request over HTTP, or with a frame from a client.

Codes are stable: clients decide by them, not by statuses or texts. `api/errors.py` says which of
our exceptions has which. Mirrored by docs/api.md and, for the socket's, docs/protocol.md; a test
compares.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorCode:
    """One row of the table: `status` as in RFC 9110; None for what only frames can have."""

    code: str
    title: str
    status: int | None
    when: str
    socket: bool = False


NOT_JSON = ErrorCode("not_json", "Not JSON", 400, "the body is not JSON", socket=True)
UNAUTHORIZED = ErrorCode(
    "unauthorized",
    "Sign in first",
    401,
    "nobody active is signed in, or not any more; "
    "the API key is missing, unknown, expired or revoked",
)
CSRF_FAILED = ErrorCode(
    "csrf_failed", "No CSRF token", 403, "the CSRF token is missing or wrong, or the origin is"
)
NOT_ALLOWED = ErrorCode("not_allowed", "Not allowed", 403, "it is not for this person to choose")
OUT_OF_SCOPE = ErrorCode(
    "out_of_scope", "Out of scope", 403, "the API key was not given this type, topic or audience"
)
NOT_FOUND = ErrorCode("not_found", "Not found", 404, "there is no such thing, or it is not yours")
METHOD_NOT_ALLOWED = ErrorCode(
    "method_not_allowed", "Method not allowed", 405, "the path knows other methods: see `Allow`"
)
CURSOR_INVALID = ErrorCode(
    "cursor_invalid",
    "Cursor invalid",
    409,
    "the cursor is of another epoch, ahead of the inbox, or no cursor: load the first page",
)
NOTHING_TO_CANCEL = ErrorCode(
    "nothing_to_cancel", "Nothing to cancel", 409, "everybody concerned has it already"
)
ALREADY_GONE = ErrorCode(
    "already_gone", "Already gone", 409, "the notification was retracted or has expired"
)
CURSOR_RESET = ErrorCode(
    "cursor_reset",
    "Cursor reset",
    410,
    "nothing can be resumed from this cursor: load the first page; `reason` as in `reset`",
)
TOO_LARGE = ErrorCode(
    "too_large", "Too large", 413, "the body has more than 64 KiB, in publishing more than 1 MiB"
)
UNSUPPORTED_MEDIA_TYPE = ErrorCode(
    "unsupported_media_type", "Unsupported media type", 415, "the body is not said to be JSON"
)
BAD_FIELD = ErrorCode(
    "bad_field",
    "A field is wrong",
    422,
    "parameters or fields are missing or wrong; `errors` has one entry for each",
    socket=True,
)
INVALID_NOTIFICATION = ErrorCode(
    "invalid_notification",
    "Cannot be said",
    422,
    "the content or the audience cannot be sent as it is; `detail` begins with what",
)
UNKNOWN_NOTIFICATION_TYPE = ErrorCode(
    "unknown_notification_type", "Unknown type", 422, "no notification type is registered so"
)
UNKNOWN_TOPIC = ErrorCode("unknown_topic", "Unknown topic", 422, "there is no such audience")
INVALID_CHOICE = ErrorCode(
    "invalid_choice", "Cannot be chosen", 422, "no such category, or more than can be kept"
)
INVALID_MOMENT = ErrorCode(
    "invalid_moment", "Moment out of range", 422, "`until` has passed, or is too far away"
)
INVALID_SCHEDULE = ErrorCode(
    "invalid_schedule", "Cannot recur", 422, "it cannot recur like that, or never would"
)
NO_RECIPIENTS = ErrorCode(
    "no_recipients", "No recipients", 422, "nobody is known of those who are named"
)
IDEMPOTENCY_IN_PROGRESS = ErrorCode(
    "idempotency_in_progress",
    "In progress",
    409,
    "a request with this idempotency key is being done: again after `Retry-After` seconds",
)
IDEMPOTENCY_CONFLICT = ErrorCode(
    "idempotency_conflict", "Key used before", 422, "the idempotency key stands for something else"
)
RATE_LIMITED = ErrorCode(
    "rate_limited",
    "Too many requests",
    429,
    "too many in a minute: again after `Retry-After` seconds",
)
UNAVAILABLE = ErrorCode(
    "unavailable", "Unavailable", 503, "the database is away or overloaded: again after a moment"
)
UNKNOWN_TYPE = ErrorCode(
    "unknown_type", "Unknown type", None, "not one of the two types below", socket=True
)

ERROR_CODES = (
    NOT_JSON,
    UNAUTHORIZED,
    CSRF_FAILED,
    NOT_ALLOWED,
    OUT_OF_SCOPE,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    CURSOR_INVALID,
    NOTHING_TO_CANCEL,
    ALREADY_GONE,
    CURSOR_RESET,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    BAD_FIELD,
    INVALID_NOTIFICATION,
    UNKNOWN_NOTIFICATION_TYPE,
    UNKNOWN_TOPIC,
    INVALID_CHOICE,
    INVALID_MOMENT,
    INVALID_SCHEDULE,
    NO_RECIPIENTS,
    IDEMPOTENCY_IN_PROGRESS,
    IDEMPOTENCY_CONFLICT,
    RATE_LIMITED,
    UNAVAILABLE,
    UNKNOWN_TYPE,
)
