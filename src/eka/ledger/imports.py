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
    """How far a file is: data rows done, and what became of them; `unserved` is in bytes."""

    rows_done: int
    accepted: int
    repeated: int
    rejected: int
    unserved: int
    finished: bool


class RefusedRow(NamedTuple):
    """A row that was not taken: the line of the file it stands on, its fields, and why."""

    number: int
    fields: list[str]
    refusal: Refusal


def begin(digest: str, file_name: str, now: datetime) -> Standing:
    """Where the file with this content stands; noted as begun where it is new."""
    new = {"file_name": file_name, "started_at": now}
    row, _ = UsageImport.objects.get_or_create(digest=digest, defaults=new)
    return _standing(row)


def lock(digest: str) -> Standing:
    """Where the file stands; nobody else goes on with it until the transaction ends."""
    return _standing(UsageImport.objects.select_for_update().get(pk=digest))


def advance(digest: str, **more: int) -> Standing:
    """Adds to the figures of a file that is locked."""
    UsageImport.objects.filter(pk=digest).update(**{name: F(name) + n for name, n in more.items()})
    return _standing(UsageImport.objects.get(pk=digest))


def finish(digest: str) -> Standing:
    """Notes that every row of the file is done."""
    UsageImport.objects.filter(pk=digest).update(finished=True)
    return _standing(UsageImport.objects.get(pk=digest))


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
