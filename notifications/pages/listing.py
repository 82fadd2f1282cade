"""The list of an inbox, as a template shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from notifications import registry
from notifications.conf import settings
from notifications.pages.forms import number, text
from notifications.pages.words import ago, ahead
from notifications.person import inbox_of
from notifications.rendering import rendered
from notifications.selectors import ListFilter
from notifications.services.inbox import list_items
from notifications.wire.frames import Action, Item

# Which part of the inbox is shown; `show` in the address.
VIEWS = {
    "": _("Inbox"),
    "unread": _("Unread"),
    "snoozed": _("Snoozed"),
    "archived": _("Archived"),
}


@dataclass(frozen=True)
class Link:
    """Somewhere else to look."""

    label: str
    query: str
    is_here: bool = False


@dataclass(frozen=True)
class Row:
    """An item, and what is said of it in words."""

    item: Item
    url: str
    actions: Sequence[Action]
    who: str
    when: str
    comes_back: str
    # Shows all that it stands for; empty where that is nothing else.
    thread_query: str


@dataclass(frozen=True)
class Listing:
    """A page of what was asked for."""

    show: str
    category: str
    thread: str
    # Without scripts, also where they run: as asked, or because the element cannot show it.
    plain: bool
    # The same so.
    in_plain: str
    # What other addresses end in, so that they stay so; nothing where it was not asked for.
    plain_query: str
    views: Sequence[Link]
    categories: Sequence[Link]
    rows: Sequence[Row]
    older: str
    # The first page, unless this is it.
    newest: str
    unread: int
    # Whether marking all changes what is shown here, all of it and nothing else.
    shows_all: bool
    cursor: str
    here: str


def listing(request: HttpRequest) -> Listing:
    """What the address of a request asks for: `show`, `category`, `thread`, `before`, `plain`.

    What nobody can ask for is passed over.
    """
    show = request.GET.get("show", "")
    show = show if show in VIEWS else ""
    category, thread = text(request.GET.get("category")), text(request.GET.get("thread"))
    before = number(request.GET.get("before"))
    wanted = ListFilter(show == "unread", show == "archived", show == "snoozed", category, thread)
    page = list_items(inbox_of(request), before, settings.page_size, wanted)
    plain = "1" if request.GET.get("plain") else ""
    asked = {"show": show, "category": category, "thread": thread, "plain": plain}
    return Listing(
        show=show,
        category=category,
        thread=thread,
        plain=bool(plain or category or thread),
        in_plain=query(**asked | {"plain": "1"}),
        plain_query=plain_query(request),
        views=[
            Link(
                str(label),
                query(show=key, category=category, plain=plain),
                show == key and not thread,
            )
            for key, label in VIEWS.items()
        ],
        categories=_categories(show, category, plain),
        rows=[_row(item, thread, plain) for item in page.items],
        older=query(**asked, before=page.next) if page.next else "",
        newest=query(**asked) if before is not None else "",
        unread=page.counters.unread,
        shows_all=show in ("", "unread") and not thread,
        cursor=str(page.cursor),
        here=request.get_full_path(),
    )


def plain_query(request: HttpRequest) -> str:
    """What keeps the next page plain where this one was asked to be, and else nothing."""
    return query(plain="1") if request.GET.get("plain") else ""


def query(**parts: str) -> str:
    """The query of an address, without what is empty."""
    return "?" + urlencode({name: value for name, value in parts.items() if value})


def _categories(show: str, chosen: str, plain: str) -> list[Link]:
    every = Link(gettext("All categories"), query(show=show, plain=plain), not chosen)
    links = [
        Link(
            str(known.title),
            query(show=show, category=known.key, plain=plain),
            chosen == known.key,
        )
        for known in registry.all_categories()
    ]
    # Among one there is nothing to choose.
    return [every, *links] if len(links) > 1 else []


def _row(item: Item, thread: str, plain: str) -> Row:
    shown = rendered(item)
    snoozed = shown["snoozed_until"]
    gathers = shown["count"] > 1 and not thread
    return Row(
        item=shown,
        url=shown["url"] if _may_be_followed(shown["url"]) else "",
        actions=[action for action in shown["actions"] if _may_be_followed(action["url"])],
        who=_who(shown, alone=bool(thread)),
        when=ago(datetime.fromisoformat(shown["created_at"])),
        comes_back=ahead(datetime.fromisoformat(snoozed)) if snoozed else "",
        thread_query=query(thread=shown["thread"], plain=plain) if gathers else "",
    )


def _who(item: Item, *, alone: bool) -> str:
    """Who did it; `alone`, not who did what else it stands for."""
    actor = item["actor"]
    if actor is None:
        return ""
    others = item["actor_count"] - 1
    if alone or others < 1:
        return actor["label"]
    said = ngettext("%(name)s and %(count)d other", "%(name)s and %(count)d others", others)
    return said % {"name": actor["label"], "count": others}


def _may_be_followed(url: str) -> bool:
    try:
        return bool(url) and urlsplit(url.strip()).scheme in ("", "http", "https")
    except ValueError:
        return False
