"""A line as `eka line show` tells it: as plain values for programs, as text for people."""

from datetime import datetime
from typing import Any

from eka.ledger.people import LineRow
from eka.rules.advice import Preview, next_renewal
from eka.rules.buckets import FOREVER, burn_order, ends_at, left
from eka.rules.instants import format_instant
from eka.rules.lines import Bucket, Line, Unable, shown_state
from eka.rules.plans import KINDS
from eka.rules.quota import available
from eka.rules.speeds import speed_kbps
from eka.rules.units import Money, format_money
from eka.usecases.balances import Look
from eka.words import Words


def as_plain(seen: Look, now: datetime) -> dict[str, Any]:
    """Bytes as whole numbers, or `unlimited`; instants in UTC; money as in files."""
    line = seen.line
    kbps = speed_kbps(line, now)
    return {
        "id": seen.card.id,
        "imsi": seen.card.imsi,
        "msisdn": seen.card.msisdn,
        "iccid": seen.card.iccid,
        "label": seen.card.label,
        "at": format_instant(now),
        "timezone": line.timezone,
        "state": shown_state(line),
        "auto_renew": line.auto_renew,
        "tenure": line.tenure,
        "period": _period(line),
        "total": _amount(left(line)),
        "available": _amount(available(line, now)),
        "speed_kbps": "full" if kbps is None else kbps,
        **{kind: _amount(left(line, kind)) for kind in KINDS},
        "buckets": _buckets(line),
        "queue": [_queued(line, i) for i in range(len(line.queue))],
        "sessions": [
            {"id": session.id, "reserved": session.reserved}
            for session in line.sessions.values()
            if session.open
        ],
        "unserved": line.unserved,
        "overage": _purse(line.overage),
        "credit": _purse(line.credit),
        "next_renewal": _renewal(line, now),
    }


def _amount(amount: int | None) -> int | str:
    return "unlimited" if amount is None else amount


def _purse(purse: tuple[Money, ...]) -> list[str]:
    return [format_money(money) for money in purse]


def _period(line: Line) -> dict[str, Any] | None:
    period = line.period
    if period is None:
        return None
    return {
        "number": period.number,
        "plan": period.plan.name,
        "plan_version": period.plan.version,
        "starts": format_instant(period.starts),
        "ends": format_instant(period.ends),
        "by": period.by,
        "used": period.used,
        "term_left": period.term_left,
    }


def _buckets(line: Line) -> list[dict[str, Any]]:
    """The usable buckets in the order in which they burn, then those that are held."""
    order = burn_order(line)
    held = [bucket for bucket in line.buckets if bucket not in order]
    return [_bucket(bucket, line, bucket in order) for bucket in (*order, *held)]


def _bucket(bucket: Bucket, line: Line, usable: bool) -> dict[str, Any]:
    return {
        "number": bucket.number,
        "kind": bucket.kind,
        "left": _amount(bucket.left),
        "usable": usable,
        "born": format_instant(bucket.born),
        "ends": _end(bucket, line),
        "expires": format_instant(bucket.expires) if bucket.expires else None,
        "bound": bucket.period is not None,
        "generation": bucket.generation,
    }


def _end(bucket: Bucket, line: Line) -> str | None:
    end = ends_at(bucket, line)
    return None if end == FOREVER else format_instant(end)


def _queued(line: Line, position: int) -> dict[str, Any]:
    queued = line.queue[position]
    return {
        "plan": queued.plan.name,
        "by": queued.by,
        "paid_at": format_instant(queued.paid_at),
        "starts": queued.starts,
    }


def _preview(line: Line, now: datetime) -> Preview | None:
    try:
        return next_renewal(line, now, by="auto" if line.auto_renew else "manual")
    except Unable:
        return None


def _renewal(line: Line, now: datetime) -> dict[str, Any] | None:
    """What the next renewal carries and loses, if nothing is used until then."""
    preview = _preview(line, now)
    if preview is None:
        return None
    return {
        "by": preview.by,
        "plan": preview.plan.name,
        "starts": format_instant(preview.starts),
        "carried": preview.carried,
        "lost": [{"bytes": lost.bytes, "reason": lost.reason} for lost in preview.losses],
        "total": _amount(preview.total),
    }


def as_text(seen: Look, now: datetime, words: Words) -> str:
    """The line in sentences and a small table."""
    line = seen.line
    plan = line.period.plan if line.period else None
    lines = [
        f"line {seen.card.id}  {seen.card.imsi or ''}  {words.state(shown_state(line))}",
        f"  left {words.data(left(line), plan)}, {words.speed(speed_kbps(line, now))}",
    ]
    if line.period:
        ends = words.instant(line.period.ends, line.timezone)
        lines.insert(1, f"  {line.period.plan.name}, until {ends}")
    for bucket in _buckets(line):
        lines.append(
            f"  {bucket['number']:>4} {bucket['kind']:<9}"
            f" {words.data(_whole(bucket['left']), plan):>12}  until {bucket['ends'] or 'used'}"
            f"{'' if bucket['usable'] else '  (held)'}"
        )
    preview = _preview(line, now)
    lines += [f"  {text}" for text in (words.preview(preview, line.timezone) if preview else ())]
    return "\n".join(lines)


def _whole(amount: int | str) -> int | None:
    return None if isinstance(amount, str) else amount


def row_as_text(row: LineRow) -> str:
    """One line of a list."""
    ends = format_instant(row.ends) if row.ends else "-"
    return f"{row.id:>8}  {row.imsi or '-':<15}  {row.state:<9}  {row.plan or '-'}  {ends}"
