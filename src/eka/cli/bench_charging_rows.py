"""The rows that charging writes for a session's requests, as values and as statements.

Grouped, they are written with the hot path's own statement; one by one, with statements that name
single rows, as somebody would write them who never groups.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from eka import clock
from eka.charging.statements import KEYS, PLAIN_NAMES, WRITE_PLAIN
from eka.cli.bench_charging_walks import GRANTED, USED, Book, Walk
from eka.ledger import columns
from eka.ledger.composites import quoted

VALIDITY = 3600

_FACTS_AS_JSON = (
    '{"apn":"internet","rat":6,"network":"99970","door":"gy",'
    '"host":"smf00.bench.example","realm":"bench.example"}'
)
_FACTS = '"' + _FACTS_AS_JSON.replace('"', r"\"") + '"'
_FACTS_OF_A_ROW, _NO_TEXT = quoted(_FACTS_AS_JSON), quoted("")

Shape = Sequence[tuple[str, str]]
Literals = dict[str, str]

_TYPES = {column.name: column.sql_type for column in columns.LINE}
PLAIN_LINE: Shape = (*KEYS, *((name, _TYPES[name]) for name in PLAIN_NAMES[1:]))
PLAIN_BUCKET: Shape = columns.CHANGED_BUCKET[:4]
_BEGIN_SHAPES: Sequence[Shape] = (PLAIN_LINE, columns.ANSWER, columns.SESSION)
_GO_ON_SHAPES: Sequence[Shape] = (
    PLAIN_LINE,
    columns.ANSWER,
    columns.CHANGED_SESSION,
    PLAIN_BUCKET,
    columns.ENTRY,
)


class _Single:
    """Writes the statements of single rows; `value` is the next parameter, a literal of one."""

    def __init__(self) -> None:
        self._parameters = 0

    def value(self, kind: str) -> str:
        self._parameters += 1
        return f"(${self._parameters}::text::{kind}[])[1]"

    def insert(self, table: str, shape: Shape) -> str:
        names = ", ".join(f'"{name}"' for name, _ in shape)
        values = ", ".join(self.value(kind) for _, kind in shape)
        return f"INSERT INTO {table} ({names}) VALUES ({values})"

    def update(self, table: str, shape: Shape, more: str = "") -> str:
        """By its first two columns."""
        keys = [f"{name} = {self.value(kind)}" for name, kind in shape[:2]]
        changes = ", ".join(f"{name} = {self.value(kind)}" for name, kind in shape[2:])
        return f"UPDATE {table} SET {more}{changes} WHERE {' AND '.join(keys)}"


def _begin() -> str:
    one = _Single()
    return f"""
    WITH written AS ({one.update("line_state", PLAIN_LINE, _NEXT)} RETURNING line_id),
    answered AS ({one.insert("session_answer", columns.ANSWER)}),
    begun AS ({one.insert("session", columns.SESSION)})
    SELECT line_id FROM written
    """


def _go_on() -> str:
    one = _Single()
    return f"""
    WITH written AS ({one.update("line_state", PLAIN_LINE, _NEXT)} RETURNING line_id),
    answered AS ({one.insert("session_answer", columns.ANSWER)}),
    gone_on AS ({one.update("session", columns.CHANGED_SESSION)}),
    buckets AS ({one.update("bucket", PLAIN_BUCKET)}),
    told AS ({one.insert("entry", columns.ENTRY)})
    SELECT line_id FROM written
    """


_NEXT = "revision = revision + 1, "
_BEGIN, _GO_ON = _begin(), _go_on()


def grouped(batch: list[Walk], book: Book) -> tuple[str, list[str]]:
    """The hot path's statement for a batch, and its parameters: as cheap as they can be made."""
    batch.sort(key=lambda walk: walk.line_id)
    now = clock.now()
    at, until = now.isoformat(), (now + timedelta(seconds=VALIDITY)).isoformat()
    begun = [one for one in batch if not one.number]
    gone_on = [one for one in batch if one.number]
    sessions = [_session(one, at, until) for one in gone_on]
    new = [f"{_session(one, at, until)},{one.name},{at},{_FACTS_OF_A_ROW}" for one in begun]
    return WRITE_PLAIN, [
        _rows([_line(one, book, at) for one in batch]),
        _rows([f"{one.line_id},1,{book.left[one.line_id] - USED},t" for one in gone_on]),
        _rows(sessions),
        _rows(new),
        _rows([_answer(one) for one in batch]),
        _rows([_entry(one, book, at) for one in gone_on]),
    ]


def _rows(rows: list[str]) -> str:
    return '{"(' + ')","('.join(rows) + ')"}' if rows else "{}"


def _line(one: Walk, book: Book, at: str) -> str:
    id_, went_on = one.line_id, one.number > 0
    return (
        f"{id_},{book.revision[id_]},{book.entries[id_] + went_on},{at},{book.ends.isoformat()},,"
        f"0,0,[],{book.used[id_] + USED * went_on},0,[]"
    )


def _session(one: Walk, at: str, until: str) -> str:
    goes_on = one.goes_on
    return (
        f"{one.line_id},{one.name},{goes_on},{GRANTED * goes_on},{one.number},{at},{until},"
        f"{not goes_on},{USED * one.number},0,0,{_NO_TEXT if goes_on else 'end'}"
    )


def _answer(one: Walk) -> str:
    goes_on = one.goes_on
    validity = VALIDITY if goes_on else ""
    granted = GRANTED * goes_on
    return f"{one.line_id},{one.name},{one.number},{granted},{not goes_on},success,{validity}"


def _entry(one: Walk, book: Book, at: str) -> str:
    number = book.entries[one.line_id] + 1
    return f"{one.line_id},{number},{at},used,{USED},1,,plan,{_NO_TEXT},{one.figures_of_a_row}"


def single(batch: list[Walk], book: Book) -> tuple[str, list[str]]:
    """A statement for the one request of a batch of one, and its parameters."""
    now = clock.now()
    tables = [_lines(batch, book, now), _answers(batch), _sessions(batch, now)]
    statement, shapes = _BEGIN, _BEGIN_SHAPES
    if batch[0].number:
        tables += [_buckets(batch, book), _entries(batch, book, now)]
        statement, shapes = _GO_ON, _GO_ON_SHAPES
    return statement, [
        table[name] for shape, table in zip(shapes, tables, strict=True) for name, _ in shape
    ]


def _lines(batch: list[Walk], book: Book, now: datetime) -> Literals:
    count, ids = len(batch), [walk.line_id for walk in batch]
    zeros, nothing = _same("0", count), _same("[]", count)
    return {
        "line_id": _each(ids),
        "revision": _each([book.revision[id_] for id_ in ids]),
        "entry_count": _each([book.entries[one.line_id] + (one.number > 0) for one in batch]),
        "as_of": _same(_instant(now), count),
        "next_due": _same(_instant(book.ends), count),
        "day_starts": _same("NULL", count),
        "day_used": zeros,
        "unserved": zeros,
        "overage": nothing,
        "used": _each([book.used[one.line_id] + USED * (one.number > 0) for one in batch]),
        "beyond": zeros,
        "alerted": nothing,
    }


def _buckets(batch: list[Walk], book: Book) -> Literals:
    count = len(batch)
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "number": _same("1", count),
        "bytes_left": _each([book.left[walk.line_id] - USED for walk in batch]),
        "open": _same("t", count),
    }


def _entries(batch: list[Walk], book: Book, now: datetime) -> Literals:
    count, nulls = len(batch), _same("NULL", len(batch))
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "number": _each([book.entries[walk.line_id] + 1 for walk in batch]),
        "at": _same(_instant(now), count),
        "code": _same("used", count),
        "bytes": _same(str(USED), count),
        "bucket": _same("1", count),
        "into": nulls,
        "kind": _same("plan", count),
        "reason": _same('""', count),
        "figures": _each([walk.figures for walk in batch]),
    }


def _sessions(batch: list[Walk], now: datetime) -> Literals:
    count, names = len(batch), _each([walk.name for walk in batch])
    zeros, at = _same("0", count), _same(_instant(now), count)
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "id": names,
        "open": _each(["t" if walk.goes_on else "f" for walk in batch]),
        "reserved": _each([GRANTED * (walk.goes_on) for walk in batch]),
        "last_number": _each([walk.number for walk in batch]),
        "seen_at": at,
        "valid_until": _same(_instant(now + timedelta(seconds=VALIDITY)), count),
        "final": _each(["f" if walk.goes_on else "t" for walk in batch]),
        "used": _each([USED * walk.number for walk in batch]),
        "unserved": zeros,
        "recorded": zeros,
        "closed_by": _each(['""' if walk.goes_on else "end" for walk in batch]),
        "name": names,
        "started_at": at,
        "facts": _same(_FACTS, count),
    }


def _answers(batch: list[Walk]) -> Literals:
    return {
        "line_id": _each([walk.line_id for walk in batch]),
        "session_id": _each([walk.name for walk in batch]),
        "number": _each([walk.number for walk in batch]),
        "granted": _each([GRANTED * (walk.goes_on) for walk in batch]),
        "final": _each(["f" if walk.goes_on else "t" for walk in batch]),
        "result": _same("success", len(batch)),
        "validity": _each([VALIDITY if walk.goes_on else "NULL" for walk in batch]),
    }


# What is written here needs no quotes, or brings them along.


def _each(values: Iterable[int | str]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _same(value: str, count: int) -> str:
    return "{" + ",".join([value] * count) + "}"


def _instant(at: datetime) -> str:
    return f'"{at.isoformat()}"'
