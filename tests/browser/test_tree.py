"""The accessibility tree of bell and list: what screen readers find, as a text to be read."""

from typing import Any

import pytest
from playwright.sync_api import expect

from notifications import notify
from notifications.models import Inbox
from tests.browser.conftest import OpenWindow
from tests.browser.elsewhere import elsewhere
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


def test_the_bell(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    notify(ada, "message", title="Lunch is here")
    expect(window.badge).to_have_text("1")
    bell = window.page.locator("notification-bell")
    expect(bell).to_match_aria_snapshot('- button "Notifications, 1 new"')
    expect(window.bell).to_have_attribute("aria-expanded", "false")
    window.bell.click()
    expect(bell).to_match_aria_snapshot(
        """
        - button "Notifications" [expanded]
        - dialog "Notifications":
          - heading "Notifications" [level=2]
          - text: 1 unread
          - status: Live
          - group "Show":
            - button "All" [pressed]
            - button "Unread"
            - button "Archived"
            - button "Snoozed"
          - combobox "Category"
          - button "Mark all read"
          - list "Notifications":
            - listitem:
              - paragraph:
                - text: Unread.
                - button "Lunch is here"
              - paragraph:
                - time: /now|ago/
              - 'button "Archive: Lunch is here"'
              - 'button "Mark as read: Lunch is here"'
              - 'button "More: Lunch is here"'
          - link "See all":
            - /url: /inbox/
        """
    )


def test_the_list(window_of: OpenWindow, ada: Any) -> None:
    notify(ada, "message", title="Read before", level="success", url="/inbox/?read")
    notify(ada, "message", title="Not read yet", body="Some words.", actor="Bob")
    look = {"label": "Look at it", "url": "/inbox/?look"}
    notify(
        ada, "message", title="Disk is full", level="error", priority="urgent", actions=[look]
    )  # fmt: skip
    for number in range(3):
        notify(ada, "message", title=f"Comment {number}", thread="roadmap", actor=f"Bob {number}")
    wait_until(lambda: Inbox.objects.filter(user=ada, unread=4).exists(), what="4 items")
    window = window_of(ada, hidden=True).open()
    window.item("Read before").get_by_role("button", name="Mark as read").click()
    window.expect_unread(3)
    window.item("Comment 2").get_by_role("button", name="Show 2 earlier ones").click()
    expect(window.inbox).to_match_aria_snapshot(
        """
        - heading "Inbox" [level=1]
        - text: 3 unread
        - status: Live
        - group "Show":
          - button "All" [pressed]
          - button "Unread"
          - button "Archived"
          - button "Snoozed"
        - combobox "Category"
        - button "Mark all read"
        - list "Notifications":
          - listitem:
            - paragraph:
              - text: Unread.
              - button "Comment 2"
            - paragraph:
              - text: Bob 2 and 2 others
              - time: /now|ago/
            - button "Hide earlier" [expanded]
            - list:
              - listitem:
                - text: Comment 1
                - paragraph: /Bob 1 · (now|.* ago)/
              - listitem:
                - text: Comment 0
                - paragraph: /Bob 0 · (now|.* ago)/
            - 'button "Archive: Comment 2"'
            - 'button "Mark as read: Comment 2"'
            - 'button "More: Comment 2"'
          - listitem:
            - paragraph:
              - text: "Unread. Urgent: Error:"
              - button "Disk is full"
            - paragraph:
              - time: /now|ago/
            - paragraph:
              - link "Look at it":
                - /url: /[?]look$/
            - 'button "Archive: Disk is full"'
            - 'button "Mark as read: Disk is full"'
            - 'button "More: Disk is full"'
          - listitem:
            - paragraph:
              - text: Unread.
              - button "Not read yet"
            - paragraph: Some words.
            - paragraph:
              - text: Bob
              - time: /now|ago/
            - 'button "Archive: Not read yet"'
            - 'button "Mark as read: Not read yet"'
            - 'button "More: Not read yet"'
          - listitem:
            - paragraph:
              - text: "Success:"
              - link "Read before"
            - paragraph:
              - time: /now|ago/
            - 'button "Archive: Read before"'
            - 'button "Mark as unread: Read before"'
            - 'button "More: Read before"'
        """
    )
    window.item("Not read yet").get_by_role("button", name="More").click()
    expect(window.inbox.get_by_role("menu")).to_match_aria_snapshot(
        """
        - 'menu "More: Not read yet"':
          - menuitem "Mark as read"
          - menuitem /Snooze for 3 hours/
          - menuitem /Snooze until tomorrow morning/
          - menuitem /Snooze until next week/
          - menuitem "Archive"
          - menuitem "Mute “Messages”"
        """
    )
