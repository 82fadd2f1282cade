"""uvicorn's WebSocket protocol with a short way out, and little to carry for each socket.

For `uvicorn --ws notifications.live.server:LiveWebSocketProtocol`, and beside it, for cheaper
handshakes, `--http notifications.live.server:LiveHttpProtocol`. An application finds the
extension in `scope["extensions"]["clarion.frame"]["socket"]`; one that does not look for it sees
uvicorn. docs/live-server.md tells what differs.

Where uvicorn is not as the protocol needs it, this is uvicorn's own, without the extension.
"""

from typing import TYPE_CHECKING

from notifications.live.internals import moved
from notifications.live.statistics import statistics

if TYPE_CHECKING or not moved():
    from notifications.live.front import LiveHttpProtocol
    from notifications.live.protocol import EXTENSION, LiveWebSocketProtocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as LiveHttpProtocol
    from uvicorn.protocols.websockets.auto import (
        AutoWebSocketsProtocol as LiveWebSocketProtocol,
    )

    EXTENSION = "clarion.frame"

__all__ = ["EXTENSION", "LiveHttpProtocol", "LiveWebSocketProtocol", "moved", "statistics"]
