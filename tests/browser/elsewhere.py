"""A page of the site without a list of its own."""

import re

from playwright.sync_api import Route

from tests.browser.window import Window

# Its address.
ELSEWHERE = "/inbox/?elsewhere"


def elsewhere(window: Window, toasts: str = "") -> Window:
    """Open a page with the bell in its head and toasts, but without a list.

    `toasts` are attributes of their element.
    """

    def without_list(route: Route) -> None:
        answer = route.fetch()
        main = '<main id="content"><h1>Elsewhere</h1><label>Text <input></label></main>'
        page = re.sub(r"<main.*</main>", main, answer.text(), flags=re.DOTALL)
        page = page.replace("<notification-toasts", f"<notification-toasts {toasts}")
        policy = {"content-security-policy": "default-src 'self'"}
        route.fulfill(response=answer, body=page, headers=answer.headers | policy)

    window.page.route("**/inbox/?elsewhere", without_list)
    window.open(ELSEWHERE)
    window.wait_for("document.querySelector('notification-bell').client?.status === 'live'")
    return window
