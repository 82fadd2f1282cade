"""One browser window with the inbox page in it, as its reader sees it."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.cable import Cable

# The page asks the browser whether it is visible; headless windows always are.
VISIBILITY = """
    let hidden = %s;
    Object.defineProperty(document, "visibilityState", {get: () => hidden ? "hidden" : "visible"});
    window.setHidden = (value) => {
        hidden = value;
        document.dispatchEvent(new Event("visibilitychange"));
    };
"""


class Window:
    """A context of its own (cookies, cache), and a network cable of its own."""

    def __init__(
        self,
        context: BrowserContext,
        cable: Cable,
        *,
        hidden: bool = False,
        violations: list[str] | None = None,
    ) -> None:
        """Open an empty page. A hidden window never marks anything seen.

        `violations` are what the Content-Security-Policy kept from pages of the test; those that
        are left at its end fail it.
        """
        self.violations = [] if violations is None else violations
        self.context = context
        self.cable = cable
        context.add_init_script(VISIBILITY % ("true" if hidden else "false"))
        self.page: Page = context.new_page()

    def open(self, path: str = "/inbox/") -> Window:
        """Go to a page; the inbox is waited for until it is live."""
        self.page.goto(self.cable.url + path)
        if path == "/inbox/":
            self.expect_status("live")
        return self

    @property
    def titles(self) -> Locator:
        """Return the titles in the list, newest first."""
        return self.page.locator("#list .item-open:visible")

    @property
    def badge(self) -> Locator:
        """Return the number on the bell."""
        return self.page.locator("#badge")

    def item(self, title: str) -> Locator:
        """Return the list's entry with this title."""
        return self.page.locator("#list .item").filter(has=self.page.get_by_text(title, exact=True))

    def expect_titles(self, titles: Sequence[str]) -> None:
        """Wait until exactly these are listed, in this order: nothing missing, nothing twice."""
        expect(self.titles).to_have_text(list(titles))

    def expect_unread(self, count: int) -> None:
        """Wait until the page counts so many unread, and shows as many as such."""
        expect(self.page.locator("#unread")).to_have_text(f"{count} unread" if count else "")
        expect(self.page.locator("#list .item.is-unread")).to_have_count(count)

    def expect_status(self, status: str) -> None:
        """Wait until the page says that its connection is so."""
        expect(self.page.locator("#status")).to_have_attribute("data-status", status)

    def expect_no_overflow(self) -> None:
        """Fail if the page is wider than the window."""
        root = "document.documentElement"
        assert self.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")

    def show(self) -> None:
        """Bring a hidden window to the front."""
        self.page.evaluate("window.setHidden(false)")

    def unplug(self) -> None:
        """Cut the network, and have the browser notice."""
        self.context.set_offline(True)
        self.cable.cut()

    def plug_in(self) -> None:
        """Restore the network, and have the browser notice."""
        self.cable.mend()
        self.context.set_offline(False)
