"""Activation, suspension, clearing and closing of a line (policy, sections 2, 4 and 8)."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from eka.rules.instants import format_instant, plus
from eka.rules.lines import Bucket, Draft, Line, Queued, Unable
from eka.rules.plans import Kind, Plan, Rollover
from eka.rules.renewals import begin, next_period


class UnableToActivate(Unable):
    """An activation that the rules refuse."""


class UnableToChange(Unable):
    """A suspension, clearing or the like that the rules refuse."""


class Leftover(Struct, frozen=True, kw_only=True):
    """A bucket that a line starts with, from before Eka kept it."""

    kind: Kind
    data: int
    born: datetime | None = None
    expires: datetime | None = None
    generation: int = 1


def activate(draft: Draft, plan: Plan, left: Iterable[Leftover] = ()) -> None:
    """Starts the line's first period, with what it brings along. Raises UnableToActivate.

    A rest of the plan that it brings stands in place of the period's allowance.
    """
    if draft.line.state != "ready":
        raise UnableToActivate("already_active", state=draft.line.state)
    purchase = Queued(plan=plan, by="manual", paid_at=draft.now)
    draft.change(activated_at=draft.now)
    draft.tell("activated", plan=plan.name)
    period = next_period(draft.line, purchase, draft.now)
    draft.change(period=period, state="active")
    brought = tuple(left)
    for leftover in brought:
        _bring(draft, leftover, plan.rollover)
    begin(draft, period, granting=not any(part.kind == "plan" for part in brought))


def _bring(draft: Draft, leftover: Leftover, policy: Rollover | None) -> None:
    born = leftover.born or draft.now
    expires, bound = leftover.expires, False
    if leftover.kind == "rollover":
        expires, bound = _life(draft, leftover, born, policy or Rollover())
    elif leftover.kind == "plan":
        bound = True
    bucket = Bucket(
        number=0,
        kind=leftover.kind,
        left=leftover.data,
        born=born,
        starts=draft.now,
        expires=expires,
        period=draft.period.number if bound else None,
        generation=leftover.generation if leftover.kind == "rollover" else 0,
    )
    bucket = draft.grant(bucket, "brought", expires=expires and format_instant(expires))
    if expires is not None and expires <= draft.now:
        # It was over before it came: history never goes back.
        draft.lose(bucket, "expired", "expired")


def _life(
    draft: Draft, leftover: Leftover, born: datetime, policy: Rollover
) -> tuple[datetime | None, bool]:
    """The own expiry of a carried bucket, and whether it ends with the period (section 4, step 4).

    Where the policy gives no duration, an expiry at or after the period's end is that end.
    """
    life = policy.life
    bound = life.renewals is not None or life.duration is None
    if life.duration is not None:
        return leftover.expires or plus(born, life.duration, draft.line.timezone), bound
    early = leftover.expires is not None and leftover.expires < draft.period.ends
    return (leftover.expires if early else None), bound


def clear(draft: Draft) -> None:
    """The subscriber empties the balance by hand; nothing of it can carry."""
    _need(draft.line, "active", "lapsed")
    for bucket in draft.line.buckets:
        if bucket.left is not None:
            draft.lose(bucket, "forfeited", "manual_clear")
    draft.change_period(cleared=True)


def withdraw(draft: Draft, buckets: Iterable[int], paid_at: datetime | None) -> None:
    """Takes back what a refunded payment bought; what was used of it stays used."""
    taken = set(buckets)
    for bucket in draft.line.buckets:
        if bucket.number in taken:
            draft.lose(bucket, "forfeited", "refund")
    left = tuple(queued for queued in draft.line.queue if queued.paid_at != paid_at)
    for _ in range(len(draft.line.queue) - len(left)):
        draft.tell("withdrawn")
    draft.change(queue=left)
    if draft.line.period is not None and draft.period.paid_at == paid_at:
        draft.change_period(term_left=0)


def suspend(draft: Draft) -> None:
    """Stops an active line for a while; carried bytes go where the policy says so."""
    _need(draft.line, "active")
    if draft.line.suspended:
        raise UnableToChange("already_suspended")
    draft.change(suspended=True)
    draft.tell("suspended")
    _empty_carried(draft, "suspend")


def resume(draft: Draft) -> None:
    """Ends a suspension; a line whose period ended meanwhile shows as lapsed."""
    if not draft.line.suspended:
        raise UnableToChange("not_suspended")
    draft.change(suspended=False)
    draft.tell("resumed")


def charge_back(draft: Draft) -> None:
    """A payment was disputed; carried bytes go where the policy says so."""
    _need(draft.line, "active", "lapsed")
    _empty_carried(draft, "chargeback")


def cancel(draft: Draft) -> None:
    """Closes the line for good and forfeits everything."""
    _need(draft.line, "ready", "active", "lapsed")
    for bucket in draft.line.buckets:
        draft.lose(bucket, "forfeited", "cancel")
    draft.change(state="closed", suspended=False, queue=())
    draft.tell("closed")


def _need(line: Line, *states: str) -> None:
    if line.state not in states:
        raise UnableToChange("wrong_state", state=line.state, allowed=list(states))


def _empty_carried(draft: Draft, event: str) -> None:
    policy = draft.period.plan.rollover
    if policy is None or event not in policy.forfeits_on:
        return
    for bucket in draft.line.buckets:
        if bucket.kind == "rollover":
            draft.lose(bucket, "forfeited", event)
