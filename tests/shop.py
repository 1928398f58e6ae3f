"""A small shop that stories about usage, audits and faults start from.

Alice and Bob have 10 kB for thirty days that may roll over once; Carol's data is unlimited; Dora's
line was sold and never activated.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eka.rules.plan_text import plan_from_text
from eka.usecases.catalogue import sell
from eka.usecases.lines import NewLine, add_line

OPENING = datetime(2025, 3, 1, tzinfo=UTC)
ALICE, BOB, CAROL, DORA = "310410000000001", "310410000000002", "310410000000003", "310410000000004"
ALICE_CALLS = "14155550101"

PLANS = (
    {"name": "small", "data": "10KB", "period": "30d", "rollover": {}},
    {"name": "ocean", "data": "unlimited", "period": "30d"},
)


def open_shop() -> None:
    """The plans and the four lines; ids count from the first line on."""
    for terms in PLANS:
        sell(plan_from_text(terms), OPENING)
    add(ALICE, msisdn=ALICE_CALLS)
    add(BOB)
    add(CAROL, plan="ocean")
    add(DORA, activate=False)


def add(imsi: str, *, plan: str = "small", msisdn: str | None = None, activate: bool = True) -> int:
    """Adds a line that renews itself."""
    new = NewLine(plan=plan, imsi=imsi, msisdn=msisdn, auto_renew=True)
    return add_line(new, OPENING, activate=activate)


COLUMNS = ("line", "start", "end", "bytes_up", "bytes_down", "record_id", "network")


def record(
    line: str, record_id: str, *, day: float = 1, up: object = 100, down: object = 900
) -> list[object]:
    """A row: half an hour that ended so many days after the opening."""
    ends = OPENING + timedelta(days=day)
    starts = ends - timedelta(minutes=30)
    return [line, starts.isoformat(), ends.isoformat(), up, down, record_id, "310410"]


def write_csv(
    path: Path, rows: Iterable[Sequence[object]], columns: Sequence[str] = COLUMNS
) -> Path:
    """A usage file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
