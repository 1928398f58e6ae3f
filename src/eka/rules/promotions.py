"""What promotions make of a basket for one buyer: money off, and things given to its items.

`apply` is all that a quote calls. Money is in minor units of the order's currency. The rules in
words, with worked tables: docs/operators/promotions.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from eka.rules.baskets import Gives, Priced
from eka.rules.promotion_terms import Does, Promotion, Reason, closed, plain_code, suits
from eka.rules.units import Money, Share

WEIGHED_MAX = 10  # each further one doubles the sets that are weighed against each other


class Buyer(Struct, frozen=True, kw_only=True):
    """Who buys: orders paid before, whether somebody invited them, and by promotion's name the uses
    of this buyer and of all, and the minor units of this currency that it has cost so far.
    """

    orders_before: int = 0
    referred: bool = False
    uses: Mapping[str, int] = {}
    uses_in_all: Mapping[str, int] = {}
    spent: Mapping[str, int] = {}


class Discount(Struct, frozen=True):
    """Minor units that a promotion takes off one item."""

    promotion: str
    position: int
    amount: int


class Given(NamedTuple):
    """What a promotion gives to the item at a position."""

    position: int
    gives: Gives


class Refused(NamedTuple):
    """A promotion that does not apply, and why; for `no_such_code`, the code that was entered."""

    promotion: str
    reason: Reason


class Applied(Struct, frozen=True):
    """What promotions make of a basket, in the order in which they were applied."""

    discounts: tuple[Discount, ...] = ()
    gives: tuple[Given, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The promotions that apply, in alphabetical order."""
        by_discount = {discount.promotion for discount in self.discounts}
        return tuple(sorted(by_discount | {given.gives.promotion for given in self.gives}))

    def off(self, name: str) -> int:
        """What one promotion takes off, in minor units."""
        return sum(part.amount for part in self.discounts if part.promotion == name)


class _Sale(NamedTuple):
    """What `apply` was asked about; the items are in the order of their positions."""

    items: tuple[Priced, ...]
    buyer: Buyer
    currency: str
    now: datetime


class _Choice(NamedTuple):
    """Some promotions that go together, what each takes off each item, what is left to pay."""

    rests: tuple[int, ...]
    taken: tuple[tuple[Promotion, tuple[int, ...]], ...] = ()


def apply(
    promotions: Sequence[Promotion],
    basket: Sequence[Priced],
    buyer: Buyer,
    *,
    currency: str,
    code: str,
    now: datetime,
) -> Applied:
    """What is taken off and given; of those that do not stack, what is worth most to the buyer.

    The order of `promotions` and of `basket` does not matter.
    """
    entered = plain_code(code)
    sale = _Sale(tuple(sorted(basket, key=lambda item: item.position)), buyer, currency, now)
    offered = sorted((p for p in promotions if p.code in ("", entered)), key=_turn)
    reasons = {promotion.name: _refusal(promotion, sale) for promotion in offered}
    open_ones = [promotion for promotion in offered if reasons[promotion.name] is None]
    best = _best(open_ones, sale)
    names = {promotion.name for promotion, _ in best.taken}
    refused = [
        Refused(promotion.name, reasons[promotion.name] or _left_out(promotion, best, sale))
        for promotion in offered
        if promotion.name not in names
    ]
    if entered and not any(promotion.code for promotion in offered):
        refused.insert(0, Refused(entered, "no_such_code"))
    return Applied(tuple(_discounts(best, sale)), tuple(_gifts(best, sale)), tuple(refused))


def _turn(promotion: Promotion) -> tuple[int, str]:
    return promotion.order, promotion.name


def _refusal(promotion: Promotion, sale: _Sale) -> Reason | None:
    only, limits, buyer, name = promotion.only, promotion.limits, sale.buyer, promotion.name
    total = sum(item.price for item in sale.items if suits(promotion, item))
    # Who names an amount of money names it for every currency in which the promotion is to hold.
    named = (promotion.does.amount, limits.min_total, limits.budget)
    conditions: tuple[tuple[bool, Reason], ...] = (
        (only.first_purchase and buyer.orders_before > 0, "not_first_purchase"),
        (only.referred and not buyer.referred, "not_referred"),
        (not any(suits(promotion, item) for item in sale.items), "not_for_these"),
        (any(sums and _in(sums, sale.currency) is None for sums in named), "currency"),
        (total < (_in(limits.min_total, sale.currency) or 0), "below_minimum"),
        (_reached(limits.per_person, buyer.uses.get(name, 0)), "used_by_you"),
        (_reached(limits.in_all, buyer.uses_in_all.get(name, 0)), "used_up"),
    )
    failed = (reason for fails, reason in conditions if fails)
    return closed(promotion, sale.now) or next(failed, None)


def _reached(limit: int | None, count: int) -> bool:
    return limit is not None and count >= limit


def _in(sums: Sequence[Money], currency: str) -> int | None:
    return next((money.minor for money in sums if money.currency == currency), None)


# ------------------------------------------------------------------------ which of them go together


def _best(open_ones: Sequence[Promotion], sale: _Sale) -> _Choice:
    """Of all sets that go together the one worth most; of equals the first by order and name."""
    nothing = _Choice(tuple(item.price for item in sale.items))
    weighed = list(open_ones)
    if len(weighed) > WEIGHED_MAX:
        alone = {p.name: _with(nothing, p, sale) or nothing for p in weighed}
        weighed.sort(key=lambda p: _worth(alone[p.name], sale), reverse=True)
        weighed = sorted(weighed[:WEIGHED_MAX], key=_turn)
    return max(_choices(nothing, weighed, sale), key=lambda choice: _worth(choice, sale))


def _choices(choice: _Choice, further: Sequence[Promotion], sale: _Sale) -> Iterator[_Choice]:
    if not further:
        yield choice
        return
    if (longer := _with(choice, further[0], sale)) is not None:
        yield from _choices(longer, further[1:], sale)
    yield from _choices(choice, further[1:], sale)


def _with(choice: _Choice, promotion: Promotion, sale: _Sale) -> _Choice | None:
    """The choice and one more; None where they do not go together, or it would do nothing."""
    if not all(_go_together(promotion, other) for other, _ in choice.taken):
        return None
    parts = _parts(promotion, choice.rests, sale)
    if not (promotion.does.gives or any(parts)) or sum(parts) > _room(promotion, sale):
        return None
    rests = tuple(rest - part for rest, part in zip(choice.rests, parts, strict=True))
    return _Choice(rests, (*choice.taken, (promotion, parts)))


def _go_together(one: Promotion, other: Promotion) -> bool:
    return _allows(one, other.name) and _allows(other, one.name)


def _allows(promotion: Promotion, name: str) -> bool:
    return promotion.stacks == "all" or name in promotion.stacks


def _room(promotion: Promotion, sale: _Sale) -> int:
    """What the budget still holds. A discount that does not fit is not given: half of one would
    not be what was promised.
    """
    budget = _in(promotion.limits.budget, sale.currency)
    # Without a budget there is room for all that is in the basket.
    whole = sum(item.price for item in sale.items)
    return whole if budget is None else budget - sale.buyer.spent.get(promotion.name, 0)


def _left_out(promotion: Promotion, best: _Choice, sale: _Sale) -> Reason:
    if all(_go_together(promotion, other) for other, _ in best.taken):
        parts = _parts(promotion, best.rests, sale)
        if sum(parts) > _room(promotion, sale):
            return "budget_spent"
        if not (promotion.does.gives or any(parts)):
            return "nothing_left"
    return "does_not_stack"


def _worth(choice: _Choice, sale: _Sale) -> tuple[int, int, int, int]:
    """What is off and what is given at list price; then money, then bytes, then how many."""
    off = sum(sum(parts) for _, parts in choice.taken)
    gifts = bonus = 0
    for promotion, _ in choice.taken:
        for item in sale.items:
            if suits(promotion, item):
                gifts += _worth_of_gifts(promotion.does, item, sale.currency)
                bonus += promotion.does.bonus
    return off + gifts, off, bonus, len(choice.taken)


def _worth_of_gifts(does: Does, item: Priced, currency: str) -> int:
    plan = item.plan
    if plan is None:
        return 0
    price = item.price // item.times
    if item.kind == "top_up":  # its price says nothing of the plan's
        same = plan.price is not None and plan.price.currency == currency
        price = plan.price.minor if same and plan.price else 0
    return price * does.periods + (price * does.bonus // plan.data if plan.data else 0)


# ------------------------------------------------------------------------------- what they take off


def _parts(promotion: Promotion, rests: Sequence[int], sale: _Sale) -> tuple[int, ...]:
    """What a promotion takes off each item, of what earlier ones have left."""
    meant = [
        rest if suits(promotion, item) else 0 for rest, item in zip(rests, sale.items, strict=True)
    ]
    share = promotion.does.percentage
    if share is not None:
        return tuple(_share_off(share, rest) for rest in meant)
    amount = _in(promotion.does.amount, sale.currency) or 0
    return spread(min(amount, sum(meant)), meant)


def _share_off(share: Share, rest: int) -> int:
    """A share of the rest; what remains to pay is rounded down, in the buyer's favour."""
    kept = Share(share.denominator - share.numerator, share.denominator)
    return rest - kept.of(rest)


def spread(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`amount` in whole parts, in proportion to the weights, which it may not exceed together.

    By largest remainder, of equal ones the earlier first; no part is more than its weight.
    """
    whole = sum(weights)
    if whole == 0:
        return tuple(0 for _ in weights)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return tuple(parts)


def _discounts(choice: _Choice, sale: _Sale) -> Iterator[Discount]:
    for promotion, parts in choice.taken:
        for item, part in zip(sale.items, parts, strict=True):
            if part:
                yield Discount(promotion.name, item.position, part)


def _gifts(choice: _Choice, sale: _Sale) -> Iterator[Given]:
    for promotion, _ in choice.taken:
        does = promotion.does
        gives = Gives(
            promotion=promotion.name,
            bonus=does.bonus,
            bonus_validity=does.bonus_validity,
            rollover=does.rollover,
            periods=does.periods,
        )
        for item in sale.items:
            if does.gives and suits(promotion, item):
                yield Given(item.position, gives)
