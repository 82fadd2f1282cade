"""Parsers of frames, from the websockets library, shared by the sockets of a server.

A socket between two frames has nothing to remember, and most are, for most of the time.
"""

import logging

from uvicorn.config import Config
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

logger = logging.getLogger("uvicorn.error")
# Only those are in use at the same time whose socket is in the middle of something.
SPARE = 8


class Parsers:
    """Makes parsers and keeps a few that are between two frames."""

    def __init__(self, config: Config) -> None:
        """Make them as uvicorn is configured to."""
        self._config = config
        self._spare: list[ServerProtocol] = []

    def take(self) -> ServerProtocol:
        """Return a parser of frames, without extensions."""
        if self._spare:
            return self._spare.pop()
        return ServerProtocol(state=OPEN, max_size=self._config.ws_max_size, logger=logger)

    def give(self, parser: ServerProtocol) -> None:
        """Take one back that is between two frames."""
        if len(self._spare) < SPARE:
            self._spare.append(parser)

    def for_request(self) -> ServerProtocol:
        """Return what uvicorn makes for each socket: it begins with the request."""
        extensions = []
        if self._config.ws_per_message_deflate:
            extensions = [
                ServerPerMessageDeflateFactory(
                    server_max_window_bits=12,
                    client_max_window_bits=12,
                    compress_settings={"memLevel": 5},
                )
            ]
        return ServerProtocol(
            extensions=extensions, max_size=self._config.ws_max_size, logger=logger
        )


def ends_between_frames(data: bytes) -> bool:
    """Return whether these bytes are a number of complete frames from a client.

    Source: RFC 6455, section 5.2: two bytes, the length in 0, 2 or 8 more, a mask of four.
    """
    position, size = 0, len(data)
    while position + 6 <= size:
        length = data[position + 1] & 0x7F
        position += 6
        if length >= 126:
            more = 2 if length == 126 else 8
            length = int.from_bytes(data[position - 4 : position - 4 + more])
            position += more
        position += length
    return position == size
