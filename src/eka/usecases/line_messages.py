"""What a line's owner is told about it: the messages that channels read."""

from datetime import datetime
from typing import Any

from eka.ledger import direct, models
from eka.rules.instants import format_instant


def tell_owner(line_id: int, event: str, which: str, now: datetime, **facts: Any) -> None:
    """Leaves the owner a message; the same event (`which`) is told once. Nobody's line is silent.

    Beside `facts` it has the line as its owner calls it, and its plan.
    """
    line = models.Line.objects.select_related("sold_plan__plan").get(pk=line_id)
    if line.subscriber_id is None:
        return
    known = {
        "line": line.label or f"eSIM {line_id}",
        "plan": line.sold_plan.plan.name if line.sold_plan else "",
    }
    told = {
        name: format_instant(fact) if isinstance(fact, datetime) else fact
        for name, fact in (known | facts).items()
    }
    direct.insert_once(
        models.Message(
            key=f"{event}:{which}",
            subscriber_id=line.subscriber_id,
            line_id=line_id,
            event=event,
            facts=told,
            at=now,
        )
    )
