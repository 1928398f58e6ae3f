"""Every table of Eka. What belongs to a line has `line_id` first in its primary key."""

from eka.ledger.models.catalogue import Carrier, Plan, PlanVersion
from eka.ledger.models.entries import Entry, Receipt
from eka.ledger.models.lines import Bucket, Line, LineState, Period, Queued, Session, SessionAnswer
from eka.ledger.models.people import DemoClock, Subscriber, User
from eka.ledger.models.usage import UsageImport, UsageRejection

__all__ = [
    "Bucket",
    "Carrier",
    "DemoClock",
    "Entry",
    "Line",
    "LineState",
    "Period",
    "Plan",
    "PlanVersion",
    "Queued",
    "Receipt",
    "Session",
    "SessionAnswer",
    "Subscriber",
    "UsageImport",
    "UsageRejection",
    "User",
]
