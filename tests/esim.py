"""Profiles as stories need them: of a supplier that says what it is, and nothing more."""

from datetime import datetime
from typing import Any, cast

from eka.gateways.suppliers.terms import Progress, Supplier
from eka.ledger import models
from eka.ledger.seals import seal
from eka.usecases.profile_news import take_progress

EID = "89049032004008882600012345678901"
CODE = "LPA:1$smdp.example.com$K2-1QZ83-77XA"


class Names:
    """What is asked of a supplier where nothing is ordered from it: whose data its profiles use."""

    def __init__(self, *, sells_data: bool) -> None:
        self.sells_data = sells_data


SUPPLIERS = cast(
    dict[str, Supplier], {"own": Names(sells_data=False), "wholesaler": Names(sells_data=True)}
)


def profile(line_id: int | None, at: datetime, nth: int = 1, **fields: Any) -> models.Profile:
    """A profile of a line, with its code; the `nth` of the story."""
    given = {
        "iccid": f"8900000000000000{nth:03d}",
        "supplier": "own",
        "package": "us",
        "state": "released",
        "code": seal(CODE),
        "got_at": at,
        "line_id": line_id,
        "current": line_id is not None,
        "given_at": at if line_id is not None else None,
    }
    return models.Profile.objects.create(**given | fields)


def news(told: models.Profile, event: Any, now: datetime, **said: Any) -> str:
    """Its supplier says that something happened to it, as a notification brings it."""
    progress = Progress(iccid=told.iccid, event=event, **{"at": now} | said)
    return take_progress(told.supplier, progress, f"{told.iccid}:{event}:{now}", now)
