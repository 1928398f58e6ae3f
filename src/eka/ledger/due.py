"""When the next thing is due to any line."""

from datetime import datetime

from eka.ledger.connections import rows

EARLIEST = "SELECT min(next_due) FROM line_state WHERE next_due IS NOT NULL"


def earliest_due() -> datetime | None:
    """The earliest instant at which something is due to a line; None where nothing ever is."""
    due: datetime | None = rows(EARLIEST, [])[0][0]
    return due
