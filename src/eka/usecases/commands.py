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
    """What a command did: the entries it made, a session's answer, whether it is a repeat."""

    entries: list[Entry]
    answer: Answer | None
    repeated: bool
    line: Line


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
        return _repeat(page, first[0] == digest, first[1])
    answer = page.perform(command, now, OnSale())
    last = page.entry_count + len(page.entries)
    kept = {"first": page.entry_count + 1, "last": last, "answer": answer}
    page.receipts.append(NewReceipt(key, now, digest, kept))
    writing.write([page])
    return Done(page.entries, answer, False, page.line)


def _repeat(page: Page, same: bool, kept: dict[str, object]) -> Done:
    if not same:
        raise KeyReused(page.id)
    numbers = msgspec.convert((kept["first"], kept["last"]), tuple[int, int])
    answer = msgspec.convert(kept["answer"], Answer | None)
    return Done(history.entries(page.id, numbers=numbers), answer, True, page.line)


def _digest(command: Command) -> str:
    return hashlib.sha256(msgspec.json.encode(command)).hexdigest()[:32]
