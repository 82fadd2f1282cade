"""WebSocket frames as bytes, so that one message is framed once for everybody (RFC 6455)."""

import struct

# Section 5.2: FIN and opcode 1 or 2; RSV1 is 0, so the payload is not compressed.
TEXT = 0x81
BINARY = 0x82
_extended_16 = struct.Struct("!BBH").pack
_extended_64 = struct.Struct("!BBQ").pack


def frame_of(first: int, payload: bytes) -> bytes:
    """Return one unmasked frame, as servers send it; `first` is its first byte.

    Source: RFC 6455, section 5.2; the length takes 7, 16 or 64 bits, the shortest that does.
    """
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return _extended_16(first, 126, size) + payload
    return _extended_64(first, 127, size) + payload


def framed(payload: bytes) -> bytes:
    """Return a text message of UTF-8 bytes as one frame, for any number of sockets."""
    return frame_of(TEXT, payload)
