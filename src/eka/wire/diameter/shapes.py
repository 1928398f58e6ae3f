"""Reading AVPs quickly: a gateway's messages look alike, so how one was cut up cuts the next.

A shape is the heads of a level's AVPs, one after another. Code, flags and length are all in the
head; so where every head is the same, every check has the same outcome, and one unpacking in C
does what a loop in Python did. The first message of a shape goes through `reading` in full.
"""

from struct import Struct as Layout

from msgspec import Struct

LENGTHS_MAX = 1024  # different (length, first head)
ALIKE_MAX = 4  # shapes that these two do not tell apart
AVPS_MAX = 64  # of one level; longer ones are not worth keeping


class Avps(Struct, gc=False):
    """The AVPs of one level: the first of each key, and those that came again, in their order."""

    first: dict[int, bytes]
    again: list[tuple[int, bytes]]

    def every(self, key: int) -> list[bytes]:
        """All values of `key`, in their order."""
        value = self.first.get(key)
        if value is None:
            return []
        if not self.again:
            return [value]
        return [value, *(other for other_key, other in self.again if other_key == key)]


class Shape(Struct, frozen=True, gc=False):
    """Cuts a level into its heads and values, alternating; `backwards` are its keys, last first.

    `repeats` are the places, in the alternation, of values whose key came before.
    """

    layout: Layout
    heads: tuple[bytes, ...]
    backwards: tuple[int, ...]
    repeats: tuple[tuple[int, int], ...]


class Shapes:
    """The shapes seen of late, by a level's length and first head; bounded."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], tuple[Shape, ...]] = {}

    def cut(self, data: bytes, at: int) -> Avps | None:
        """The AVPs in `data` from `at` on, or None where the shape is not known."""
        for shape in self._known.get((len(data) - at, data[at : at + 8]), ()):
            fields = shape.layout.unpack_from(data, at)
            if fields[::2] == shape.heads:
                # Backwards, so that of a key that comes more than once the first one stays.
                first = dict(zip(shape.backwards, fields[::-2]))  # noqa: B905  strict costs a third
                repeats = shape.repeats
                again = [(key, fields[place]) for key, place in repeats] if repeats else []
                return Avps(first, again)
        return None

    def learn(self, data: bytes, at: int) -> None:
        """Remembers the shape of a level that `reading` found without fault."""
        cuts = _cuts(data, at)
        if not 0 < len(cuts) <= AVPS_MAX:
            return
        if len(self._known) >= LENGTHS_MAX:
            self._known.clear()
        alike = (len(data) - at, data[at : at + 8])
        newest_first = (_shape(cuts, data, at), *self._known.get(alike, ()))
        self._known[alike] = newest_first[:ALIKE_MAX]


def _shape(cuts: list[tuple[int, int, int, int]], data: bytes, at: int) -> Shape:
    layout = Layout("".join(f"{head}s{size}s{padding}x" for _, head, size, padding in cuts))
    keys = [key for key, *_ in cuts]
    return Shape(
        layout,
        layout.unpack_from(data, at)[::2],
        tuple(reversed(keys)),
        tuple((key, 2 * n + 1) for n, key in enumerate(keys) if key in keys[:n]),
    )


def _cuts(data: bytes, at: int) -> list[tuple[int, int, int, int]]:
    """(key, bytes of head, of value, of padding) of each AVP."""
    cut = []
    end = len(data)
    while at < end:
        key = int.from_bytes(data[at : at + 4], "big")
        length = int.from_bytes(data[at + 5 : at + 8], "big")
        head = 8
        if data[at + 4] & 0x80:
            key |= int.from_bytes(data[at + 8 : at + 12], "big") << 32
            head = 12
        # A group's last AVP may come without its padding.
        padding = min(-length % 4, end - at - length)
        cut.append((key, head, length - head, padding))
        at += length + padding
    return cut
