"""What the OpenAPI description says of every operation."""

from collections.abc import Iterable, Mapping
from typing import Any

from notifications.api.errors import MEDIA_TYPE
from notifications.api.schemas import Problem
from notifications.wire.error_codes import ERROR_CODES

TAGS = (
    ("inbox", "What the person of the login session has"),
    ("state", "What that person does with it"),
    ("choices", "What that person wants to get"),
    ("socket", "What opens sockets"),
    ("publishing", "For other services, with an API key"),
)
REFERENCE = {"$ref": "#/components/schemas/Problem"}


def complete(schema: dict[str, Any]) -> None:
    """Declare the errors that no operation has to declare for itself, and how all errors look."""
    for methods in schema["paths"].values():
        for method, operation in methods.items():
            for status in _everywhere(method, operation):
                operation["responses"].setdefault(status, {})
            for status, answer in operation["responses"].items():
                if status >= 400:
                    answer["description"] = _codes(status)
                    answer["content"] = {MEDIA_TYPE: {"schema": REFERENCE}}
    schema["tags"] = [{"name": name, "description": words} for name, words in TAGS]
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["components"]["schemas"] |= {**made.pop("$defs", {}), "Problem": made}


def _codes(status: int) -> str:
    """The codes of a status, as Markdown."""
    return "\n".join(
        f"- `{code.code}`: {code.when}" for code in ERROR_CODES if code.status == status
    )


def _everywhere(method: str, operation: Mapping[str, Any]) -> Iterable[int]:
    if "requestBody" in operation:
        yield from (400, 413, 415)
    if "security" in operation:
        yield 401
        if method not in ("get", "head"):
            yield 403
        yield from (429, 503)
    if "requestBody" in operation or operation.get("parameters"):
        yield 422
