"""Lines whose data a wholesaler serves: Alice has 10 GB, and what it reports decides what is left.

Nothing here talks to a supplier: stories hand its reports over as polls do.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from eka.gateways.suppliers.terms import UsageReport
from eka.ledger import audit, history, models, reading
from eka.rules.buckets import left
from eka.rules.plan_text import plan_from_text
from eka.rules.supplier_usage import Finding
from eka.usecases.catalogue import sell
from eka.usecases.lines import NewLine, add_line
from eka.usecases.supplier_usage import take_report

GB = 10**9
MB = 10**6
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ICCID = "8985200000000000015"

Status = Literal["not_active", "active", "finished", "expired", "suspended", "unknown"]


def hours(number: float) -> datetime:
    """So many hours after the line was sold."""
    return NOON + timedelta(hours=number)


def days(number: float) -> datetime:
    """So many days after it."""
    return NOON + timedelta(days=number)


def open_shop() -> None:
    """10 GB for thirty days."""
    sell(plan_from_text({"name": "small", "data": "10GB", "period": "30d", "rollover": {}}), NOON)
    sell(plan_from_text({"name": "ocean", "data": "unlimited", "period": "30d"}), NOON)


def alice() -> models.Subscriber:
    """Who owns the lines."""
    return models.Subscriber.objects.get_or_create(name="Alice")[0]


def add(
    iccid: str = ICCID, *, plan: str = "small", activate: bool = True, supplier: str = "airalo"
) -> int:
    """A line of Alice's with a profile of its own."""
    line = add_line(NewLine(plan=plan, subscriber=alice().pk), NOON, activate=activate)
    give(iccid, line, supplier=supplier)
    return line


def give(iccid: str, line: int | None, supplier: str = "airalo", **fields: Any) -> models.Profile:
    """A profile from the supplier, given to the line at noon."""
    given = {"line_id": line, "current": line is not None, "given_at": NOON, "next_poll": NOON}
    return models.Profile.objects.create(
        iccid=iccid, supplier=supplier, package="p", got_at=NOON, **(given | fields)
    )


def report(
    used: int | None,
    now: datetime,
    at: datetime | None = None,
    status: Status = "active",
    **fields: Any,
) -> Finding | None:
    """What the supplier tells at `now`; `at` is by its own clock, None where it tells no time."""
    iccid = fields.pop("iccid", ICCID)
    told = UsageReport(iccid=iccid, status=status, used=used, at=at, **fields)
    return take_report("airalo", told, now)


def profile(iccid: str = ICCID) -> models.Profile:
    """Its row."""
    return models.Profile.objects.get(iccid=iccid)


def rest(line: int) -> int | None:
    """The usable bytes that the line has left."""
    return left(reading.read([line])[0].line)


def state(line: int) -> str:
    """The line's state, as its row says."""
    return models.LineState.objects.get(pk=line).state


def moved(line: int, code: str) -> list[int]:
    """The bytes of the line's entries of this code."""
    return [entry.bytes for entry in history.entries(line, codes=[code])]


def cases(kind: str) -> list[models.Case]:
    """The open cases of this kind, oldest first."""
    return list(models.Case.objects.filter(kind=kind, closed_at=None).order_by("pk"))


def told(line: int) -> list[str]:
    """What the line's owner was told, in order."""
    return [one.event for one in models.Message.objects.filter(line=line).order_by("pk")]


def failures() -> list[Any]:
    """What does not hold of the ledger."""
    return [
        *(failure for part in audit.ranges() for failure in audit.audit(part)),
        *audit.audit_money(),
    ]
