"""Sessions without a gateway: what the bare database is given to write, and for which lines."""

from array import array
from datetime import datetime

from eka.cli.bench_charging_load import LAST, any_line
from eka.ledger.composites import quoted

USED = GRANTED = 1_000_000  # bytes a request


class Book:
    """What the ledger holds of each line, by id, and which lines are being walked through."""

    def __init__(self, lines: int, ends: datetime) -> None:
        self.lines, self.ends = lines, ends
        self.revision, self.entries, self.used, self.left = (array("q", [0]) for _ in range(4))
        self.taken: set[int] = set()

    def take(self) -> int:
        """A line that nobody else has: a line is in one batch at a time."""
        while (line_id := any_line(self.lines)) in self.taken:
            pass
        self.taken.add(line_id)
        return line_id

    def note_written(self, walk: "Walk") -> None:
        """Counts what the request at hand has changed."""
        self.revision[walk.line_id] += 1
        if walk.number:
            self.entries[walk.line_id] += 1
            self.used[walk.line_id] += USED
            self.left[walk.line_id] -= USED


class Walk:
    """One session after the other: its line, its name, the number of the request at hand."""

    __slots__ = (
        *("figures", "figures_of_a_row", "line_id", "name"),
        *("number", "prefix", "put_at", "serial"),
    )

    def __init__(self, prefix: str, book: Book) -> None:
        self.prefix, self.serial, self.put_at = prefix, 0, 0.0
        self.line_id = 0
        self.begin(book)

    def begin(self, book: Book) -> None:
        """Begins a session on another line."""
        book.taken.discard(self.line_id)
        self.line_id, self.number, self.serial = book.take(), 0, self.serial + 1
        self.name = f"{self.prefix};{self.serial:08}"
        self.figures = rf'"{{\"session\":\"{self.name}\"}}"'
        self.figures_of_a_row = quoted(f'{{"session":"{self.name}"}}')

    @property
    def goes_on(self) -> bool:
        """Whether the session stands open after the request at hand."""
        return self.number < LAST
