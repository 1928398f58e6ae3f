"""What happens to unused data at a renewal (policy, section 4).

`settle` is the rule: each of the policy's requirements is judged in its order, then each bucket
with a rest is carried or lost, then the caps trim what was carried. Everything that previews,
explains or performs a renewal calls it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from eka.rules.buckets import FOREVER, is_bound
from eka.rules.documents import from_plain
from eka.rules.instants import format_instant, plus
from eka.rules.lines import Bucket, Draft, Entry, Line, Period
from eka.rules.plan_text import override
from eka.rules.plans import Rollover, limit_in_bytes
from eka.rules.requirements import Renewal, Unmet, judge
from eka.rules.units import Money, Share, add_money, format_money


class Carry(Struct):
    """A bucket's rest on its way into the new period; `amount` shrinks as caps trim it."""

    source: Bucket
    amount: int
    born: datetime
    expires: datetime | None
    bound: bool
    fresh: bool  # carried for the first time now
    trimmed: dict[str, int]


def settle(draft: Draft, renewal: Renewal) -> None:
    """Carries or loses what the line's ending period leaves, at the draft's instant."""
    ended = draft.period
    if ended.over:
        # What was bound to the period went when the grace ended; the rest lives by its own expiry.
        return
    _convert(draft, ended)
    policy = ended.plan.rollover
    if renewal.rollover is not None:
        policy = override(policy, from_plain(renewal.rollover))
    if policy is None:
        _lose_all(draft, Rollover(carries=()), Unmet("not_carried", {"plan": ended.plan.name}))
    elif unmet := judge(draft.line, ended, renewal, policy):
        _lose_all(draft, policy, unmet)
    else:
        _carry_all(draft, policy, renewal)


def _convert(draft: Draft, ended: Period) -> None:
    """Turns the plan's rest into credit where the plan says so (policy, section 8)."""
    convert = ended.plan.convert
    if convert is None:
        return
    for bucket in draft.line.buckets:
        if bucket.kind == "plan" and bucket.left is not None:
            amount = bucket.left // convert.step * convert.step
            credit = Money(amount * convert.rate.minor // convert.per, convert.rate.currency)
            draft.change(credit=add_money(draft.line.credit, credit))
            told = format_money(credit)
            draft.take_out(bucket, "converted", amount, "converted", credit=told)


def _by_birth(line: Line) -> list[Bucket]:
    return sorted(line.buckets, key=lambda bucket: (bucket.born, bucket.number))


def _lose_all(draft: Draft, policy: Rollover, unmet: Unmet) -> None:
    """Nothing carries: each bucket is forfeited for the reason, or stays by its own expiry."""
    for bucket in _by_birth(draft.line):
        judged = bucket.kind == "rollover" or bucket.kind in policy.carries
        if not judged:
            _leave_or_end(draft, bucket)
        elif (
            policy.otherwise == "forfeit" or bucket.expires is None or is_bound(bucket, draft.line)
        ):
            draft.lose(bucket, "forfeited", unmet.reason, **unmet.figures)


def _leave_or_end(draft: Draft, bucket: Bucket) -> None:
    """A kind that does not carry: the plan's is lost, one bound to the period has expired."""
    if bucket.kind == "plan":
        draft.lose(bucket, "forfeited", "not_carried", plan=draft.period.plan.name)
    elif is_bound(bucket, draft.line):
        draft.lose(bucket, "expired", "expired")


def _carry_all(draft: Draft, policy: Rollover, renewal: Renewal) -> None:
    carries = []
    for bucket in _by_birth(draft.line):
        if bucket.kind == "rollover":
            carries += _carry_again(draft, bucket, policy)
        elif bucket.kind in policy.carries:
            carries += _carry_first(draft, bucket, policy)
        else:
            _leave_or_end(draft, bucket)
    _trim(carries, policy, renewal)
    for carry in carries:
        _deliver(draft, carry, policy)


def _carry_again(draft: Draft, bucket: Bucket, policy: Rollover) -> list[Carry]:
    life = policy.life
    expires = _end_of_life(draft, bucket.born, policy)
    if (life.renewals is not None and bucket.generation + 1 > life.renewals) or (
        expires is not None and expires <= draft.now
    ):
        lived = {"generation": bucket.generation, "renewals": life.renewals}
        draft.lose(bucket, "forfeited", "life_over", **lived)
        return []
    assert bucket.left is not None
    return [_on_its_way(bucket, bucket.left, bucket.born, expires, policy, fresh=False)]


def _carry_first(draft: Draft, bucket: Bucket, policy: Rollover) -> list[Carry]:
    if bucket.left is None:
        draft.lose(bucket, "forfeited", "not_carried")
        return []
    amount = policy.fraction.of(bucket.left)
    if cut := bucket.left - amount:
        share = [policy.fraction.numerator, policy.fraction.denominator]
        draft.take_out(bucket, "forfeited", cut, "fraction", share=share)
    rounded = -(-amount // policy.round_up_to) * policy.round_up_to
    if rounded > amount:
        draft.swell(replace(bucket, left=amount), rounded - amount, "round_up")
    if rounded == 0:
        return []
    expires = _end_of_life(draft, draft.now, policy)
    source = replace(bucket, left=rounded)
    return [_on_its_way(source, rounded, draft.now, expires, policy, fresh=True)]


def _end_of_life(draft: Draft, born: datetime, policy: Rollover) -> datetime | None:
    life = policy.life.duration
    return None if life is None else plus(born, life, draft.line.timezone)


def _on_its_way(
    source: Bucket,
    amount: int,
    born: datetime,
    expires: datetime | None,
    policy: Rollover,
    *,
    fresh: bool,
) -> Carry:
    bound = policy.life.renewals is not None or policy.life.duration is None
    return Carry(source, amount, born, expires, bound, fresh, {})


def _trim(carries: list[Carry], policy: Rollover, renewal: Renewal) -> None:
    """Applies each cap in turn; what does not fit is taken as `trim` says."""
    caps, plan = policy.caps, renewal.plan
    total = limit_in_bytes(caps.total, plan)
    room_beside_plan = None if total is None else max(0, total - (plan.data or 0))
    fresh = [carry for carry in carries if carry.fresh]
    _fit(fresh, limit_in_bytes(caps.per_renewal, plan), "cap_per_renewal", policy, renewal)
    _fit(carries, limit_in_bytes(caps.bank, plan), "cap_bank", policy, renewal)
    _fit(carries, room_beside_plan, "cap_total", policy, renewal)


def _fit(
    carries: list[Carry], room: int | None, reason: str, policy: Rollover, renewal: Renewal
) -> None:
    if room is None:
        return
    excess = sum(carry.amount for carry in carries) - room
    for carry in _victims(carries, policy, renewal):
        cut = min(excess, carry.amount)
        if cut > 0:
            carry.amount -= cut
            carry.trimmed[reason] = cut
            excess -= cut


def _victims(carries: list[Carry], policy: Rollover, renewal: Renewal) -> Iterable[Carry]:
    """Who is trimmed first. Carries stand in the order of birth, then of creation."""
    if policy.trim == "newest":
        return reversed(carries)

    def end(carry: Carry) -> datetime:
        own = carry.expires or FOREVER
        return min(own, renewal.ends) if carry.bound else own

    return sorted(carries, key=lambda carry: (end(carry), carry.born))


def _deliver(draft: Draft, carry: Carry, policy: Rollover) -> None:
    """Puts one bucket's carried bytes into the new period, and tells what the caps cut."""
    bucket = carry.source
    for reason, cut in carry.trimmed.items():
        current = next(held for held in draft.line.buckets if held.number == bucket.number)
        cap = {"cap": _cap_text(policy, reason)}
        draft.take_out(current, "forfeited", cut, reason, **cap)
    if carry.amount == 0:
        return
    home = replace(
        bucket,
        number=draft.line.bucket_count + 1 if carry.fresh else bucket.number,
        kind="rollover",
        left=carry.amount,
        born=carry.born,
        starts=draft.now if carry.fresh else bucket.starts,
        expires=carry.expires,
        period=draft.period.number + 1 if carry.bound else None,
        generation=bucket.generation + 1 if not carry.fresh else 1,
    )
    if carry.fresh:
        draft.put(replace(bucket, left=0))
        draft.add(home)
    else:
        draft.put(home)
    draft.entries.append(
        Entry(
            at=draft.now,
            code="carried",
            bytes=carry.amount,
            bucket=bucket.number,
            into=home.number,
            kind=bucket.kind,
            reason="carries" if carry.fresh else "life",
            figures=_life_figures(home, policy),
        )
    )


def _life_figures(home: Bucket, policy: Rollover) -> dict[str, Any]:
    renewals = policy.life.renewals
    figures: dict[str, Any] = {"generation": home.generation, "renewals": renewals}
    if home.expires:
        figures["expires"] = format_instant(home.expires)
    return figures


def _cap_text(policy: Rollover, reason: str) -> Any:
    cap = getattr(policy.caps, reason.removeprefix("cap_"))
    return [cap.numerator, cap.denominator] if isinstance(cap, Share) else cap
