"""How far usage files are imported, and the rows of them that were refused."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db.models import F
from msgspec import Struct

from eka.ledger.connections import rows, run
from eka.ledger.models import UsageImport
from eka.rules.usage_text import Refusal

REFUSE = """
INSERT INTO usage_rejection (digest, "row", code, reason, fields)
SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::jsonb[])
"""

COUNT_REASONS = """
SELECT code, count(*) FROM usage_rejection WHERE digest = %s GROUP BY code ORDER BY 2 DESC, 1
"""

REFUSED_AFTER = """
SELECT "row", fields::text, code, reason FROM usage_rejection
WHERE digest = %s AND "row" > %s ORDER BY "row" LIMIT %s
"""

PAGE_SIZE = 1000


class Standing(Struct, frozen=True):
    """How far one lane of a file is: data rows behind it, and what became of those it took.

    A lane goes through the whole file and takes its share of the lines; `unserved` is in bytes.
    """

    lane: int
    lanes: int
    rows_done: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    unserved: int = 0
    finished: bool = False


class RefusedRow(NamedTuple):
    """A row that was not taken: the line of the file it stands on, its fields, and why."""

    number: int
    fields: list[str]
    refusal: Refusal


def begin(digest: str, file_name: str, lanes: int, now: datetime) -> list[Standing]:
    """Where the file with this content stands, lane by lane.

    A new one is noted as begun in so many lanes; one begun before keeps the lanes that it has.
    """
    new = {"file_name": file_name, "started_at": now, "lanes": lanes}
    head, _ = UsageImport.objects.get_or_create(digest=digest, lane=0, defaults=new)
    for lane in range(1, head.lanes):
        UsageImport.objects.get_or_create(
            digest=digest, lane=lane, defaults={**new, "lanes": head.lanes}
        )
    return standings(digest)


def standings(digest: str) -> list[Standing]:
    """Where the lanes of a file stand."""
    return [_standing(row) for row in UsageImport.objects.filter(digest=digest).order_by("lane")]


def lock(digest: str, lane: int) -> Standing:
    """Where the lane stands; nobody else goes on with it until the transaction ends."""
    return _standing(UsageImport.objects.select_for_update().get(digest=digest, lane=lane))


def advance(digest: str, lane: int, rows_done: int, **more: int) -> None:
    """Notes how far a locked lane is now, and adds to its figures."""
    figures = {name: F(name) + number for name, number in more.items()}
    row = UsageImport.objects.filter(digest=digest, lane=lane)
    row.update(rows_done=rows_done, **figures)


def finish(digest: str, lane: int) -> None:
    """Notes that the lane has reached the end of the file."""
    UsageImport.objects.filter(digest=digest, lane=lane).update(finished=True)


def _standing(row: UsageImport) -> Standing:
    return Standing(*(getattr(row, name) for name in Standing.__struct_fields__))


def refuse(digest: str, refused: list[RefusedRow]) -> None:
    """Keeps the refused rows of a file."""
    if not refused:
        return
    run(
        REFUSE,
        [
            digest,
            [row.number for row in refused],
            [row.refusal.code for row in refused],
            [row.refusal.reason for row in refused],
            [msgspec.json.encode(row.fields).decode() for row in refused],
        ],
    )


def count_reasons(digest: str) -> dict[str, int]:
    """How many rows of a file were refused for what, the most frequent first."""
    return dict(rows(COUNT_REASONS, [digest]))


def refusals(digest: str) -> Iterator[RefusedRow]:
    """Every refused row of a file, in its order; read page by page."""
    last = 0
    while found := rows(REFUSED_AFTER, [digest, last, PAGE_SIZE]):
        for number, fields, code, reason in found:
            yield RefusedRow(number, msgspec.json.decode(fields), Refusal(code, reason))
        last = found[-1][0]
