"""One browser window with the inbox page in it, as its reader sees it."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.cable import Cable
from tests.support.waiting import wait_until

# The page asks the browser whether it is visible; headless windows always are.
VISIBILITY = """
    let hidden = %s;
    Object.defineProperty(document, "visibilityState", {get: () => hidden ? "hidden" : "visible"});
    window.setHidden = (value) => {
        hidden = value;
        document.dispatchEvent(new Event("visibilitychange"));
    };
"""
# Said by a page that broke the policy, as its console would.
VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
"""
FOCUSED = """() => {
    let element = document.activeElement;
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element.ariaLabel ?? element.textContent;
}"""


class Window:
    """A context of its own (cookies, cache), and a network cable of its own."""

    def __init__(
        self,
        context: BrowserContext,
        cable: Cable,
        *,
        hidden: bool = False,
        complaints: list[str] | None = None,
    ) -> None:
        """Open an empty page. A hidden window never marks anything seen.

        `complaints` are what its pages complain of, as what the policy kept from them; those that
        are left at the end of the test fail it.
        """
        self.complaints = [] if complaints is None else complaints
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
    def inbox(self) -> Locator:
        """Return the list's element on the inbox page."""
        return self.page.locator("main notification-inbox")

    @property
    def titles(self) -> Locator:
        """Return the titles in the list, newest first."""
        return self.inbox.locator(".item > .content > .title > .open:visible")

    @property
    def bell(self) -> Locator:
        """Return the button in the page's head."""
        return self.page.locator("notification-bell .bell")

    @property
    def badge(self) -> Locator:
        """Return the number on the bell."""
        return self.page.locator("notification-bell #badge")

    @property
    def toasts(self) -> Locator:
        """Return what has just arrived."""
        return self.page.locator("notification-toasts .toast")

    def item(self, title: str) -> Locator:
        """Return the list's entry with this title."""
        return self.inbox.locator(".item").filter(has=self.page.get_by_text(title, exact=True))

    def choose(self, title: str, entry: str) -> None:
        """Choose from the menu of an entry of the list."""
        self.item(title).get_by_role("button", name="More").click()
        self.inbox.get_by_role("menuitem", name=entry).click()

    def expect_titles(self, titles: Sequence[str]) -> None:
        """Wait until exactly these are listed, in this order: nothing missing, nothing twice."""
        expect(self.titles).to_have_text(list(titles))

    def expect_unread(self, count: int) -> None:
        """Wait until the page counts so many unread, and shows as many as such."""
        expect(self.inbox.locator("#unread")).to_have_text(f"{count} unread" if count else "")
        expect(self.inbox.locator(".item.is-unread")).to_have_count(count)

    def expect_status(self, status: str) -> None:
        """Wait until the page says that its connection is so."""
        expect(self.inbox.locator("#status")).to_have_attribute("data-status", status)

    def expect_announced(self, text: str, manner: str = "polite") -> None:
        """Wait until screen readers are told so."""
        expect(self.page.locator(f"#clarion-{manner}")).to_contain_text(text)

    def expect_no_overflow(self) -> None:
        """Fail if the page is wider than the window."""
        root = "document.documentElement"
        assert self.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")

    @property
    def focused(self) -> str:
        """Return the name of the control that has the focus, wherever it is."""
        return str(self.page.evaluate(FOCUSED))

    def wait_for(self, expression: str) -> None:
        """Wait until an expression holds; Playwright's own way is nothing for a strict policy."""
        wait_until(lambda: self.page.evaluate(expression), what=expression)

    def show(self) -> None:
        """Bring a hidden window to the front."""
        self.page.evaluate("window.setHidden(false)")

    def stop_the_clock(self) -> None:
        """Have no time pass that is not asked for (`page.clock`, which has to be installed)."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1_000 + 1)

    def unplug(self) -> None:
        """Cut the network, and have the browser notice."""
        self.context.set_offline(True)
        self.cable.cut()

    def plug_in(self) -> None:
        """Restore the network, and have the browser notice."""
        self.cable.mend()
        self.context.set_offline(False)
