"""A line as it stands now, for who looks at it."""

from datetime import datetime

from msgspec import Struct

from eka.ledger import reading
from eka.ledger.people import Card, any_card
from eka.ledger.plans import OnSale
from eka.rules.commands import pass_time
from eka.rules.lines import Entry, Line
from eka.usecases.commands import NoSuchLine


class Look(Struct, frozen=True):
    """The line at an instant, and what became due since the ledger last heard of it."""

    card: Card
    line: Line
    pending: list[Entry]


def look(line_id: int, now: datetime) -> Look:
    """The line as it is at `now`; reads only. Raises NoSuchLine.

    What is due by now is shown as done, whether or not a job has written it yet.
    """
    card, pages = any_card(line_id), reading.read([line_id])
    if card is None or not pages:
        raise NoSuchLine(line_id)
    outcome = pass_time(pages[0].line, now, OnSale())
    return Look(card, outcome.line, outcome.entries)
