"""`{% load clarion %}`: the elements of `static/clarion/inbox.js` for any page.

    {% notification_bell %}     a button with how much is new, and the inbox behind it
    {% notification_toasts %}   what arrives, for some seconds

Both render nothing for who is not signed in. The first one on a page brings the script along, and
a data block with what it has to know; a strict policy for content has nothing against either.
Sockets of the page are opened with tickets if any of its tags has `ticket=True`.
"""

from typing import Any

from django import template
from django.conf import settings
from django.http.request import HttpHeaders
from django.middleware.csrf import get_token
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from notifications.authentication import may_enter
from notifications.texts import texts

register = template.Library()

BLOCK = "clarion"
# Beside it, from whichever tag asks first.
TICKET_BLOCK = "clarion-ticket"
SOCKET = "ws/notifications/"


@register.simple_tag(takes_context=True)
def notification_bell(
    context: Context, *, title: bool = False, favicon: str = "", ticket: bool = False
) -> SafeString:
    """Show the bell.

    `title`: the number also stands in the page's title. `favicon`: path of a static file that is
    the page's icon while something is new.
    """
    values = {"title": title, "favicon": favicon, "page": _page()}
    return _element(context, "clarion/bell.html", values, ticket=ticket)


@register.simple_tag(takes_context=True)
def notification_toasts(context: Context, *, ticket: bool = False) -> SafeString:
    """Have what arrives shown for some seconds."""
    return _element(context, "clarion/toasts.html", {}, ticket=ticket)


@register.simple_tag(takes_context=True)
def notification_setup(context: Context, *, ticket: bool = False) -> SafeString:
    """Only bring the script along: for pages that write the elements themselves."""
    return _element(context, "", {}, ticket=ticket)


def _element(context: Context, name: str, values: dict[str, Any], *, ticket: bool) -> SafeString:
    # Of the context itself, so that also `{% include ... only %}` knows who asks.
    request = getattr(context, "request", None) or context.get("request")
    user = getattr(request, "user", None)
    if user is None or not may_enter(user):
        return SafeString("")
    element = render_to_string(name, values) if name else ""
    before = _setup(request) if _is_first(context, BLOCK) else ""
    if ticket and _is_first(context, TICKET_BLOCK):
        before += json_script({"ticket": reverse("clarion-api:issue_ticket")}, TICKET_BLOCK)
    return mark_safe(before + element)  # noqa: S308 - of templates


def _is_first(context: Context, block: str) -> bool:
    """Whether the page is without this block; from now on it has it."""
    # The lowest layer is of the whole page, also where the tags stand in included templates.
    once: dict[Any, Any] = context.render_context.dicts[0]
    is_first = block not in once
    once[block] = "there"
    return is_first


def _setup(request: Any) -> SafeString:
    api = reverse("clarion-api:api-root")
    hidden = settings.CSRF_USE_SESSIONS or settings.CSRF_COOKIE_HTTPONLY
    config = {
        "api": f"{api}inbox/",
        "socket": f"{get_script_prefix()}{SOCKET}",
        "csrf": get_token(request),
        # Where scripts may read it: it changes with a new login in another tab.
        "csrf_cookie": "" if hidden else settings.CSRF_COOKIE_NAME,
        "csrf_header": HttpHeaders.parse_header_name(settings.CSRF_HEADER_NAME),
        "person": str(request.user.pk),
        "language": get_language() or "",
        "texts": texts(),
    }
    # The first imports the second, which the browser would otherwise hear of later.
    script = format_html(
        '<link rel="modulepreload" href="{}"><script type="module" src="{}"></script>',
        static("clarion/client.js"),
        static("clarion/inbox.js"),
    )
    return json_script(config, BLOCK) + script


def _page() -> str:
    try:
        return reverse("clarion:inbox")
    except NoReverseMatch:  # a project need not have that page
        return ""
