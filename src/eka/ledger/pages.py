"""A line's page: what the ledger holds of it, and what has happened since it was read.

Use cases perform commands on pages; `eka.ledger.writing` writes back what changed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.rules.commands import Outcome, pass_time, perform
from eka.rules.lines import Answer, Bucket, Entry, Line, Period
from eka.rules.plans import Plan
from eka.rules.requests import Command


class NewReceipt(Struct, frozen=True):
    """A command's key and its first answer, to be kept with the page."""

    key: str
    at: datetime
    command: str
    answer: Any


class Page:
    """One line in one transaction."""

    def __init__(self, id_: int, line: Line, entry_count: int, revision: int) -> None:
        self.id = id_
        self.before = line
        self.line = line
        self.entry_count = entry_count
        self.revision = revision
        self.entries: list[Entry] = []
        self.made: dict[int, Bucket] = {}
        self.begun: dict[int, Period] = {}
        self.ended: dict[int, Period] = {}
        self.receipts: list[NewReceipt] = []

    @property
    def changed(self) -> bool:
        """Whether anything is to be written."""
        return self.line is not self.before or bool(self.receipts)

    def afresh(self) -> "Page":
        """The page as it was read."""
        return Page(self.id, self.before, self.entry_count, self.revision)

    def perform(self, command: Command, now: datetime, offers: Mapping[str, Plan]) -> Answer | None:
        """Applies a command. Raises Unable, with nothing changed."""
        return self._turn(perform(self.line, command, now, offers))

    def pass_time(self, now: datetime, offers: Mapping[str, Plan]) -> None:
        """Lets everything due up to and including `now` happen."""
        self._turn(pass_time(self.line, now, offers))

    def _turn(self, outcome: Outcome) -> Answer | None:
        self.line = outcome.line
        self.entries += outcome.entries
        for bucket in outcome.made:
            self.made[bucket.number] = bucket
        for period in outcome.begun:
            self.begun[period.number] = period
        for period in outcome.ended:
            self.ended[period.number] = period
        return outcome.answer
