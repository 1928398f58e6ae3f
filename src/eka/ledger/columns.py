"""How a line's values map to columns: one table of names, types and readers per row.

`eka.ledger.reading` and `writing` move whole batches with one statement a table; these lists keep
their UPDATE and COPY in step with each other.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from eka.rules.due import next_due
from eka.rules.lines import Line
from eka.rules.units import Money


class Column(NamedTuple):
    """A column, its SQL type, and how to take its value from a line."""

    name: str
    sql_type: str
    value: Callable[[Line], Any]


def _own(name: str, sql_type: str) -> Column:
    return Column(name, sql_type, attrgetter(name))


def purse(amounts: tuple[Money, ...]) -> str:
    """Amounts of money as JSON."""
    if not amounts:
        return "[]"
    return msgspec.json.encode([[money.minor, money.currency] for money in amounts]).decode()


def labels(told: tuple[str, ...]) -> str:
    """Labels as JSON."""
    return msgspec.json.encode(told).decode() if told else "[]"


def _purse(name: str) -> Column:
    return Column(name, "jsonb", lambda line: purse(getattr(line, name)))


def _running(name: str, sql_type: str, blank: Any) -> Column:
    def value(line: Line) -> Any:
        return blank if line.period is None else getattr(line.period, name)

    return Column(name, sql_type, value)


def _alerted(line: Line) -> str:
    return labels(line.period.alerted if line.period else ())


# What is written back to `line_state`; the running figures of the period stand there too, so that
# a use of data writes that row, a bucket and an entry, and nothing else.
LINE: tuple[Column, ...] = (
    _own("state", "text"),
    _own("suspended", "boolean"),
    _own("as_of", "timestamptz"),
    Column("next_due", "timestamptz", next_due),
    _own("activated_at", "timestamptz"),
    _own("tenure", "integer"),
    _own("bucket_count", "integer"),
    _own("day_starts", "timestamptz"),
    _own("day_used", "bigint"),
    _own("unserved", "bigint"),
    _purse("overage"),
    _purse("credit"),
    Column("period_number", "integer", lambda line: line.period and line.period.number),
    _running("used", "bigint", 0),
    _running("hotspot_used", "bigint", 0),
    _running("beyond", "bigint", 0),
    Column("alerted", "jsonb", _alerted),
    _running("armed_at", "timestamptz", None),
    _running("cleared", "boolean", False),
    _running("renewed_itself", "boolean", False),
    _running("over", "boolean", False),
)

LINE_NAMES = ("entry_count", *(column.name for column in LINE))
LINE_TYPES = ("bigint", "integer", *(column.sql_type for column in LINE))


def arrays(types: Iterable[str]) -> str:
    """The parameters of an `unnest` over columns of these types."""
    return ", ".join(f"%s::{sql_type}[]" for sql_type in types)


def _columns(**types: str) -> tuple[tuple[str, str], ...]:
    return tuple(types.items())


PERIOD = _columns(
    line_id="bigint",
    number="integer",
    plan_version_id="bigint",
    starts="timestamptz",
    ends="timestamptz",
    anchor="timestamptz",
    months="integer",
    by="text",
    paid_at="timestamptz",
    term_left="integer",
)
BUCKET = _columns(
    line_id="bigint",
    number="integer",
    kind="text",
    granted="bigint",
    bytes_left="bigint",
    open="boolean",
    born="timestamptz",
    starts="timestamptz",
    expires="timestamptz",
    period="integer",
    generation="integer",
)
ENTRY = _columns(
    line_id="bigint",
    number="integer",
    at="timestamptz",
    code="text",
    bytes="bigint",
    bucket="integer",
    into="integer",
    kind="text",
    reason="text",
    figures="jsonb",
)
MOVED_PERIOD = _columns(
    line_id="bigint",
    number="integer",
    ends="timestamptz",
    anchor="timestamptz",
    months="integer",
)
CHANGED_BUCKET = _columns(
    line_id="bigint",
    number="integer",
    bytes_left="bigint",
    open="boolean",
    kind="text",
    expires="timestamptz",
    period="integer",
    generation="integer",
)
CHANGED_SESSION = _columns(
    line_id="bigint",
    id="text",
    open="boolean",
    reserved="bigint",
    last_number="bigint",
    seen_at="timestamptz",
    valid_until="timestamptz",
    final="boolean",
    used="bigint",
    unserved="bigint",
    recorded="bigint",
    closed_by="text",
)
SESSION = (*CHANGED_SESSION, *_columns(name="text", started_at="timestamptz", facts="jsonb"))
QUEUED = _columns(
    line_id="bigint",
    position="integer",
    plan_version_id="bigint",
    by="text",
    paid_at="timestamptz",
    starts="text",
    rollover="jsonb",
)
ANSWER = _columns(
    line_id="bigint",
    session_id="text",
    number="bigint",
    granted="bigint",
    final="boolean",
    result="text",
    validity="integer",
)
RECEIPT = _columns(line_id="bigint", key="text", at="timestamptz", command="text", answer="jsonb")
