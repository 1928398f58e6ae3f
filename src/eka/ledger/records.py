"""Charging data records: one for each part of a session that has ended (TS 32.298, 5.1.2.2)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.ledger.connections import cursor

# A long export must not hold all of it in memory, on either side.
ROWS_AT_ONCE = 1000
EXPORT = """
DECLARE records NO SCROLL CURSOR FOR
SELECT s.line_id, l.imsi, l.msisdn, s.name, s.id, s.started_at, s.seen_at, s.used, s.unserved,
       s.recorded, s.last_number, s.closed_by,
       coalesce(nullif(s.facts, '{}'), (
           SELECT f.facts FROM session f
           WHERE f.name = s.name AND f.line_id = s.line_id AND f.facts <> '{}' LIMIT 1
       ), '{}')
FROM session s JOIN line l ON l.id = s.line_id
WHERE NOT s.open AND s.seen_at >= %(since)s AND s.seen_at < %(until)s
"""


class ChargingDataRecord(Struct, frozen=True, kw_only=True):
    """What one rating group of a session used, in bytes.

    `used` was reported online, `unserved` of it found nothing left; `recorded` was used outside
    online charging. `ended_by`: end, event, or silence (its gateway died). `facts` are what the
    gateway told at the start: door, peer, apn, rat, network and the like.
    """

    line: int
    imsi: str | None
    msisdn: str | None
    session: str
    rating_group: int | None
    service: int | None
    started_at: datetime
    ended_at: datetime
    used: int
    unserved: int
    recorded: int
    requests: int
    ended_by: str
    facts: dict[str, Any]


def export(since: datetime, until: datetime) -> Iterator[ChargingDataRecord]:
    """The records of sessions that ended from `since`, before `until`, in no order.

    Needs an open transaction.
    """
    source = cursor()
    source.execute(EXPORT.encode(), {"since": since, "until": until})
    fetch = f"FETCH {ROWS_AT_ONCE} FROM records".encode()
    while found := source.execute(fetch, binary=True).fetchall():
        yield from map(_record, found)
    source.execute(b"CLOSE records")


def _record(row: tuple[Any, ...]) -> ChargingDataRecord:
    name, id_ = row[3], row[4]
    group, _, service = id_[len(name) + 1 :].partition(".")
    return ChargingDataRecord(
        line=row[0],
        imsi=row[1],
        msisdn=row[2],
        session=name,
        rating_group=int(group) if group else None,
        service=int(service) if service else None,
        started_at=row[5],
        ended_at=row[6],
        used=row[7],
        unserved=row[8],
        recorded=row[9],
        requests=row[10] + 1,
        ended_by=row[11],
        facts=row[12],
    )
