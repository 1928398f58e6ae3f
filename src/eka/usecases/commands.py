"""Commands on a line, exactly once: a repeated key gets the first answer and changes nothing."""

import hashlib
from datetime import datetime

import msgspec
from django.db import transaction

from eka.ledger import history, reading, receipts, writing
from eka.ledger.pages import NewReceipt, Page
from eka.ledger.plans import OnSale
from eka.rules.lines import Answer, Entry, Line
from eka.rules.requests import Command, SessionRequest


class NoSuchLine(Exception):
    """There is no line of this id."""


class KeyReused(Exception):
    """The key was used before for a different command."""


class Done(msgspec.Struct, frozen=True):
    """What a command did: the entries it made, a session's answer, whether it is a repeat.

    `numbers` are the entries' first and last number in the line; the last is less where there are
    none. `at` is the instant as of which it was done.
    """

    entries: list[Entry]
    answer: Answer | None
    repeated: bool
    line: Line
    numbers: tuple[int, int]
    at: datetime


@transaction.atomic
def carry_out(line_id: int, command: Command, *, now: datetime, key: str) -> Done:
    """Applies `command` to the line at `now`.

    Raises Unable where the rules refuse it, NoSuchLine, KeyReused; nothing has changed then.
    """
    if not reading.lock([line_id]):
        raise NoSuchLine(line_id)
    asked = command.id if isinstance(command, SessionRequest) else ""
    page = reading.read([line_id], asked)[0]
    digest = _digest(command)
    if (first := receipts.find(line_id, key)) is not None:
        if first[0] != digest:
            raise KeyReused(line_id)
        return _repeat(page, first[1], now)
    answer = page.perform(command, now, OnSale())
    first_number, last = page.entry_count + 1, page.entry_count + len(page.entries)
    kept = {"first": first_number, "last": last, "answer": answer}
    page.receipts.append(NewReceipt(key, now, digest, kept))
    writing.write([page])
    at = page.line.as_of or now
    return Done(page.entries, answer, False, page.line, (first_number, last), at)


def _repeat(page: Page, kept: dict[str, object], now: datetime) -> Done:
    numbers = msgspec.convert((kept["first"], kept["last"]), tuple[int, int])
    answer = msgspec.convert(kept["answer"], Answer | None)
    entries = history.entries(page.id, numbers=numbers)
    at = entries[0].at if entries else now
    return Done(entries, answer, True, page.line, numbers, at)


def _digest(command: Command) -> str:
    return hashlib.sha256(msgspec.json.encode(command)).hexdigest()[:32]
