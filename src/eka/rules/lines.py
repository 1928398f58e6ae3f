"""What a line has (policy, section 2): its period, buckets, queue and sessions, as frozen values.

All instants are aware and in UTC, all data in bytes. A `Draft` is a line while one call changes it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from eka.rules.plans import Kind, Plan, RenewedBy
from eka.rules.units import Money

State = Literal["ready", "active", "lapsed", "closed"]
ShownState = Literal["ready", "active", "lapsed", "suspended", "closed"]
SessionResult = Literal["success", "limit_reached", "unknown_session", "not_active"]
ClosedBy = Literal["", "end", "event", "silence"]  # what ended a session; silence: its gateway died

# What an entry says happened. The first seven move bytes; the others tell of the line.
Code = Literal[
    "granted",
    "used",
    "carried",
    "forfeited",
    "expired",
    "converted",
    "unserved",
    "activated",
    "queued",
    "withdrawn",
    "lapsed",
    "end_moved",
    "suspended",
    "resumed",
    "closed",
    "alert",
]


class InvariantBroken(Exception):
    """The rules contradict themselves: a defect of Eka, never of its input."""


class Unable(Exception):
    """A command that the rules refuse; nothing has changed. `code` says why, `figures` more."""

    def __init__(self, code: str, **figures: Any) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures


class Bucket(Struct, frozen=True, kw_only=True, gc=False):
    """An amount of data: `left` bytes (None: unlimited), usable from `starts`.

    `expires` is its own expiry; `period` is the number of the period whose end it shares (it is
    *bound*). `number` counts the line's buckets in the order of creation.
    """

    number: int
    kind: Kind
    left: int | None
    born: datetime
    starts: datetime
    expires: datetime | None = None
    period: int | None = None
    generation: int = 0


class Period(Struct, frozen=True, kw_only=True, gc=False):
    """The span [starts, ends) that one allowance covers, under the terms it was bought with.

    `anchor` and `months` give the end of a monthly period (`months` calendar months after the
    anchor; 0 where the end is not counted in months). `term_left` renewals are already paid.
    """

    number: int
    plan: Plan
    starts: datetime
    ends: datetime
    anchor: datetime
    months: int
    by: RenewedBy = "manual"
    paid_at: datetime
    term_left: int = 0
    used: int = 0
    hotspot_used: int = 0
    beyond: int = 0  # bytes charged as overage
    alerted: tuple[str, ...] = ()
    armed_at: datetime  # alerts before the end count from here
    cleared: bool = False  # the subscriber emptied the balance in this period
    renewed_itself: bool = False  # `auto_renew_at` has fired
    over: bool = False  # the grace after the end has passed


class Queued(Struct, frozen=True, kw_only=True, gc=False):
    """A whole plan that was paid at `paid_at` and starts later."""

    plan: Plan
    by: RenewedBy
    paid_at: datetime
    starts: Literal["at_end", "on_empty"] = "at_end"
    rollover: dict[str, Any] | None = None  # a promotion's parameters for this one renewal


class Answer(Struct, frozen=True, kw_only=True, gc=False):
    """What a session request was answered: bytes granted, whether they are the last, the result.

    `validity` seconds after it a grant is to be asked for anew, used or not.
    """

    granted: int = 0
    final: bool = True
    result: SessionResult = "success"
    validity: int | None = None


class Session(Struct, frozen=True, kw_only=True, gc=False):
    """A session of online charging: what it holds reserved, and its answers by request number.

    One rating group of a gateway's session is a session of its own here; `name` is what they share.
    `used` bytes were reported, `unserved` of them found nothing left; `recorded` bytes were used
    outside online charging. `final`: it got less than it asked, because there is no more.
    """

    id: str
    name: str = ""
    open: bool
    reserved: int = 0
    last_number: int = 0
    started_at: datetime
    seen_at: datetime
    valid_until: datetime | None = None
    final: bool = False
    used: int = 0
    unserved: int = 0
    recorded: int = 0
    closed_by: ClosedBy = ""
    facts: dict[str, Any] = {}
    answers: dict[int, Answer] = {}


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """One eSIM service of one subscriber; the whole state that the rules know."""

    timezone: str = "UTC"
    state: State = "ready"
    suspended: bool = False
    auto_renew: bool = False  # renews by `auto` at each period's end, unless something is queued
    as_of: datetime | None = None  # nothing of the line has been decided after this instant
    activated_at: datetime | None = None
    tenure: int = 0
    period: Period | None = None
    buckets: tuple[Bucket, ...] = ()  # those with something left, in the order of creation
    queue: tuple[Queued, ...] = ()
    sessions: dict[str, Session] = {}
    bucket_count: int = 0
    day_starts: datetime | None = None  # the quota day that `day_used` belongs to
    day_used: int = 0
    unserved: int = 0  # bytes since activation that could not be served
    overage: tuple[Money, ...] = ()  # charged since activation, one amount a currency
    credit: tuple[Money, ...] = ()  # given for converted data, one amount a currency


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One thing that happened to a line, and why.

    `bytes` leave `bucket` or, for granted, come into it; carried bytes go from `bucket` to `into`.
    A use with a reason (unlimited, throttled, overage) debits no bucket: granted and used at once.
    """

    at: datetime
    code: Code
    bytes: int = 0
    bucket: int | None = None
    into: int | None = None
    kind: Kind | None = None
    reason: str = ""
    figures: dict[str, Any] = {}


class Draft:
    """A line while one call of the rules changes it, and the entries that tell how."""

    __slots__ = ("begun", "ended", "entries", "line", "made", "now", "offers")

    def __init__(self, line: Line, now: datetime, offers: Mapping[str, Plan]) -> None:
        self.line = line
        self.now = now
        self.offers = offers
        self.entries: list[Entry] = []
        self.made: list[Bucket] = []  # every bucket that came to be, as it was at first
        self.begun: list[Period] = []
        self.ended: list[Period] = []  # with their final figures

    def offer(self, plan: Plan) -> Plan:
        """The terms under which `plan` is sold today."""
        return self.offers.get(plan.name, plan)

    @property
    def period(self) -> Period:
        """The line's period. Raises InvariantBroken where the line was never activated."""
        if self.line.period is None:
            raise InvariantBroken("a line without a period was asked for it")
        return self.line.period

    def change(self, **fields: Any) -> None:
        """Changes fields of the line."""
        self.line = replace(self.line, **fields)

    def change_period(self, **fields: Any) -> None:
        """Changes fields of the line's period."""
        self.line = replace(self.line, period=replace(self.period, **fields))

    def tell(self, code: Code, amount: int = 0, *, reason: str = "", **figures: Any) -> None:
        """Adds an entry that moves no bucket's bytes."""
        self.entries.append(
            Entry(at=self.now, code=code, bytes=amount, reason=reason, figures=figures)
        )

    def grant(self, bucket: Bucket, reason: str, **figures: Any) -> Bucket:
        """Adds a new bucket to the line and tells of it; its number is given here."""
        bucket = replace(bucket, number=self.line.bucket_count + 1)
        self.entries.append(
            Entry(
                at=self.now,
                code="granted",
                bytes=bucket.left or 0,
                bucket=bucket.number,
                kind=bucket.kind,
                reason=reason,
                figures=figures,
            )
        )
        self.add(bucket)
        return bucket

    def add(self, bucket: Bucket) -> None:
        """Adds a bucket under the next number; one with nothing left is counted, not kept."""
        self.made.append(bucket)
        kept = () if bucket.left == 0 else (bucket,)
        self.change(buckets=(*self.line.buckets, *kept), bucket_count=bucket.number)

    def put(self, bucket: Bucket) -> None:
        """Replaces the bucket of the same number; one with nothing left is dropped."""
        kept = [
            bucket if held.number == bucket.number else held
            for held in self.line.buckets
            if held.number != bucket.number or bucket.left != 0
        ]
        self.change(buckets=tuple(kept))

    def swell(self, bucket: Bucket, amount: int, reason: str) -> None:
        """Grants `amount` more bytes into a bucket that the line has."""
        assert bucket.left is not None
        self.put(replace(bucket, left=bucket.left + amount))
        self.entries.append(
            Entry(
                at=self.now,
                code="granted",
                bytes=amount,
                bucket=bucket.number,
                kind=bucket.kind,
                reason=reason,
            )
        )

    def take_out(
        self, bucket: Bucket, code: Code, amount: int, reason: str, **figures: Any
    ) -> None:
        """Moves `amount` bytes out of a bucket: used, forfeited, expired or converted."""
        assert bucket.left is not None
        if amount < 0 or amount > bucket.left:
            raise InvariantBroken(f"bucket {bucket.number} cannot give {amount} of {bucket.left}")
        self.put(replace(bucket, left=bucket.left - amount))
        if amount:
            self.entries.append(
                Entry(
                    at=self.now,
                    code=code,
                    bytes=amount,
                    bucket=bucket.number,
                    kind=bucket.kind,
                    reason=reason,
                    figures=figures,
                )
            )

    def lose(self, bucket: Bucket, code: Code, reason: str, **figures: Any) -> None:
        """Takes out all that a bucket has left; an unlimited one just ends."""
        if bucket.left is None:
            self.put(replace(bucket, left=0))
        else:
            self.take_out(bucket, code, bucket.left, reason, **figures)


def shown_state(line: Line) -> ShownState:
    """The state as people see it: a suspension covers what lies under it."""
    return "suspended" if line.suspended and line.state in ("active", "lapsed") else line.state
