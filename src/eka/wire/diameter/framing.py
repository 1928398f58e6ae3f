"""A stream of bytes, cut into messages (RFC 6733, 3: the length is in the first four bytes)."""

from collections.abc import Iterator

from eka.wire.diameter.headers import HEADER_BYTES, VERSION
from eka.wire.diameter.results import INVALID_MESSAGE_LENGTH, UNSUPPORTED_VERSION, DiameterError

MESSAGE_BYTES_MAX = 65_536


class Framer:
    """Keeps what came of a message until the rest comes: at most `message_bytes_max`."""

    def __init__(self, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._message_bytes_max = message_bytes_max
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The whole messages that `data` completes.

        Errors: INVALID_MESSAGE_LENGTH or UNSUPPORTED_VERSION where the next message's end cannot be
        known: nothing after it can be read, the connection is to be closed.
        """
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        while end - at >= 4:
            stop = at + self._length(data, at)
            if stop > end:
                break
            yield data[at:stop]
            at = stop
        self._rest = data[at:]

    def _length(self, data: bytes, at: int) -> int:
        if data[at] != VERSION:
            raise DiameterError(UNSUPPORTED_VERSION, f"version {data[at]} is not 1")
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        if not HEADER_BYTES <= length <= self._message_bytes_max:
            raise DiameterError(INVALID_MESSAGE_LENGTH, f"a message of {length}B")
        return length
