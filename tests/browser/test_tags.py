"""What the tags of templates bring about in a browser."""

import re
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from playwright.sync_api import Route

from tests.browser.conftest import OpenWindow

pytestmark = pytest.mark.browser

PAGE = "{% load clarion %}{% notification_bell %}{% notification_toasts ticket=True %}"


def test_a_ticket_that_a_later_tag_asks_for(
    window_of: OpenWindow, ada: Any, rf: RequestFactory
) -> None:
    request = rf.get("/")
    request.user = ada
    drawn = Template(PAGE).render(Context({"request": request}))
    # All that the later tag has beside its element.
    later = re.findall(r"<script[^>]*>[^<]*</script>", drawn.partition("</notification-bell>")[2])
    assert len(later) == 1
    window = window_of(ada)

    def with_both(route: Route) -> None:
        answer = route.fetch()
        page = answer.text().replace("</body>", f"{later[0]}</body>")
        assert later[0] in page
        route.fulfill(response=answer, body=page)

    window.page.route(f"{window.cable.url}/inbox/", with_both)
    with window.page.expect_response("**/api/v1/ticket") as ticket:
        window.open()
    assert ticket.value.status == 200
