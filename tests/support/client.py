"""A client in Python: what any client makes of the frames, by the rules of docs/protocol.md."""

from typing import Any

Item = dict[str, Any]
Frame = dict[str, Any]


class ReferenceClient:
    """Assembles an inbox from frames and first pages; does no I/O.

    `wants_page`: load the first page over HTTP and give it to `load`.
    `wants_resume`: send a `resume` frame with `cursor`.
    """

    def __init__(self) -> None:
        self.known: dict[str, Item] = {}
        # Ids that were removed, and the seq at which.
        self.gone: dict[str, int] = {}
        self.epoch = ""
        self.seq = self.position = 0
        self.unread = self.unseen = self.taken = 0
        self.wants_page = True
        self.wants_resume = False

    @property
    def cursor(self) -> str:
        """The cursor to connect with; empty before the first page."""
        return f"{self.epoch}.{self.seq}.{self.position}" if self.epoch else ""

    def listed(self) -> dict[str, Item]:
        """What a reader sees, by id."""
        return {key: item for key, item in self.known.items() if not _is_away(item)}

    def badge(self, state: str) -> int:
        """The number of `unread` or `unseen` to show."""
        done = {"unread": "read_at", "unseen": "seen_at"}[state]
        return getattr(self, state) + sum(
            item["seq"] is None and item["position"] > self.taken and not item[done]
            for item in self.listed().values()
        )

    def load(self, page: dict[str, Any]) -> None:
        """Begin anew with a first page."""
        self.known, self.gone = {}, {}
        self.epoch, seq, position = page["cursor"].split(".")
        self.seq, self.position = int(seq), int(position)
        self._merge(page["items"])
        self._count(page)
        self.wants_page = self.wants_resume = False

    def take(self, frame: Frame) -> None:
        """Take a frame from the socket."""
        if self.wants_page:
            return
        match frame["type"]:
            case "notifications" | "change":
                self._take_change(frame)
            case "broadcast":
                self._take_broadcast(frame)
                self.position = max(self.position, frame["position"])
            case "sync":
                self._merge(frame["items"])
                self._remove(frame["removed"], frame["seq"])
                self.seq, self.position = frame["seq"], frame["position"]
                self._count(frame)
            case "heartbeat":
                if self.seq < frame["seq"]:
                    self.wants_resume = True
                else:
                    # What passed by without a frame was not for this person.
                    self.position = max(self.position, frame["position"])
            case "reset":
                self.wants_page = True

    def _take_broadcast(self, frame: Frame) -> None:
        if frame["kind"] == "new":
            self._merge([frame["item"]])
            return
        # What the inbox has taken in is updated or removed by a change of its own.
        key = frame["id"] if frame["kind"] == "retract" else frame["item"]["id"]
        known = self.known.get(key)
        if known is None or known["seq"] is not None:
            return
        if frame["kind"] == "retract":
            self._remove([key], 0)
        else:
            self.known[key] = dict(frame["item"])

    def _take_change(self, frame: Frame) -> None:
        if frame["since"] > self.seq:
            self.wants_resume = True
            return
        self._merge(frame["items"])
        # Also of a frame that is older than the page: the one before it may have brought them back.
        self._remove(frame.get("removed", []), frame["seq"])
        if frame["seq"] <= self.seq:
            return
        if "all_up_to" in frame:
            self._mark_all(frame["all_up_to"], frame["seq"])
        self.seq = frame["seq"]
        self._count(frame)

    def _mark_all(self, bound: dict[str, Any], seq: int) -> None:
        for item in self.known.values():
            by_seq = item["seq"] is not None and item["seq"] <= bound["seq"]
            by_position = item["position"] is not None and item["position"] <= bound["position"]
            limited = any(bound.get(key, item[key]) != item[key] for key in ("category", "thread"))
            unread = bound.get("only_read") and not item["read_at"]
            within = (by_seq or by_position) and not (limited or unread or _is_away(item))
            lacks = [key for key in ("seen_at", "read_at", "archived_at") if key in bound]
            if within and not all(item[key] for key in lacks):
                for state in ("seen_at", "read_at", "archived_at"):
                    item[state] = item[state] or bound.get(state)
                if item["seq"] is not None:
                    item["seq"] = seq

    def _merge(self, items: list[Item]) -> None:
        for item in items:
            known = self.known.get(item["id"])
            left_at = self.gone.get(item["id"], -1)
            # One with a seq is newer than one straight from the log.
            if (item["seq"] or 0) > left_at and (
                known is None or (item["seq"] or 0) >= (known["seq"] or 0)
            ):
                self.known[item["id"]] = dict(item)

    def _remove(self, ids: list[str], seq: int) -> None:
        for key in ids:
            if (self.known.get(key, {}).get("seq") or 0) <= seq:
                self.known.pop(key, None)
                self.gone[key] = max(seq, self.gone.get(key, -1))

    def _count(self, frame: Frame) -> None:
        self.unread, self.unseen = frame["unread"], frame["unseen"]
        self.taken = frame["taken"]


def _is_away(item: Item) -> bool:
    return bool(item["archived_at"] or item["snoozed_until"])
