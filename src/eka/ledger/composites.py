"""The rows of the hot path's one statement, as array literals of composite types.

A literal a table instead of one a column, written straight from the pages: half of the client's
work and three quarters of the server's for the same rows. The types are made by the migration
`0002_charging`, their fields in the order in which they are written here.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from eka.ledger import columns
from eka.ledger.pages import Page
from eka.rules.due import next_due
from eka.rules.lines import Answer, Entry, Session


class PlainRows(NamedTuple):
    """What changed on pages whose lines only moved figures; each an array literal.

    In the order of the parameters of `eka.charging.statements.WRITE_PLAIN`.
    """

    lines: str
    buckets: str
    sessions: str
    begun: str
    answers: str
    entries: str


def plain_rows(pages: Iterable[Page]) -> PlainRows:
    """The rows of `pages`, which have no new buckets or periods and no other change of terms."""
    lines: list[str] = []
    buckets: list[str] = []
    sessions: list[str] = []
    begun: list[str] = []
    answers: list[str] = []
    entries: list[str] = []
    for page in pages:
        lines.append(_line(page))
        if page.line.buckets is not page.before.buckets:
            buckets += _buckets(page)
        for id_, session in page.line.sessions.items():
            before = page.before.sessions.get(id_)
            if session is before:
                continue
            if before is None:
                begun.append(_begun(page.id, session))
            else:
                sessions.append(f'"({_session(page.id, session)})"')
            answers += _answers(page.id, session, before)
        number = page.entry_count
        for entry in page.entries:
            number += 1
            entries.append(_entry(page.id, number, entry))
    return PlainRows(*map(_array, (lines, buckets, sessions, begun, answers, entries)))


def _array(rows: list[str]) -> str:
    return "{" + ",".join(rows) + "}"


def _line(page: Page) -> str:
    """charged_line"""
    line = page.line
    period = line.period
    assert period is not None
    return (
        f'"({page.id},{page.revision},{page.entry_count + len(page.entries)},'
        f"{_at(line.as_of)},{_at(next_due(line))},{_at(line.day_starts)},"
        f"{line.day_used},{line.unserved},{_text(columns.purse(line.overage))},"
        f'{period.used},{period.beyond},{_text(columns.labels(period.alerted))})"'
    )


def _buckets(page: Page) -> list[str]:
    """charged_bucket"""
    now = {bucket.number: bucket for bucket in page.line.buckets}
    rows = []
    for bucket in page.before.buckets:
        last = now.get(bucket.number)
        if last is None:
            rows.append(f'"({page.id},{bucket.number},0,f)"')
        elif last is not bucket:
            left = "" if last.left is None else last.left
            rows.append(f'"({page.id},{bucket.number},{left},t)"')
    return rows


def _session(line_id: int, session: Session) -> str:
    """charged_session"""
    return (
        f"{line_id},{_text(session.id)},{_flag(session.open)},{session.reserved},"
        f"{session.last_number},{_at(session.seen_at)},{_at(session.valid_until)},"
        f"{_flag(session.final)},{session.used},{session.unserved},{session.recorded},"
        f"{_text(session.closed_by)}"
    )


def _begun(line_id: int, session: Session) -> str:
    """begun_session"""
    facts = msgspec.json.encode(session.facts).decode()
    return (
        f'"({_session(line_id, session)},{_text(session.name)},{_at(session.started_at)},'
        f'{quoted(facts)})"'
    )


def _answers(line_id: int, session: Session, before: Session | None) -> list[str]:
    """given_answer"""
    known = before.answers if before else {}
    return [
        _answer(line_id, session.id, number, answer)
        for number, answer in session.answers.items()
        if number not in known
    ]


def _answer(line_id: int, id_: str, number: int, answer: Answer) -> str:
    validity = "" if answer.validity is None else answer.validity
    return (
        f'"({line_id},{_text(id_)},{number},{answer.granted},{_flag(answer.final)},'
        f'{_text(answer.result)},{validity})"'
    )


def _entry(line_id: int, number: int, entry: Entry) -> str:
    """told_entry"""
    figures = quoted(msgspec.json.encode(entry.figures).decode()) if entry.figures else ""
    return (
        f'"({line_id},{number},{_at(entry.at)},{_text(entry.code)},{entry.bytes},'
        f"{_number(entry.bucket)},{_number(entry.into)},{_text(entry.kind)},"
        f'{_text(entry.reason)},{figures})"'
    )


def _flag(flag: bool) -> str:
    return "t" if flag else "f"


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


# The instants of a batch are few.
@lru_cache(maxsize=4096)
def _at(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


# Codes and reasons are few, and a session's name stands in several rows of a batch.
@lru_cache(maxsize=4096)
def _text(text: str | None) -> str:
    return "" if text is None else quoted(text)


def quoted(text: str) -> str:
    """Quoted once as a field of a composite, and escaped once more as part of an array."""
    field = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{field}"'.replace("\\", "\\\\").replace('"', '\\"')
