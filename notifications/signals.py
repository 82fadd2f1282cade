"""Signals that Clarion sends."""

from django.dispatch import Signal

# Sent after commit by every service that changed an inbox, except the relay, which publishes in
# bulk. Arguments: sender (Inbox), inbox_id (int), event (wire.events.InboxEvent).
inbox_changed = Signal()
