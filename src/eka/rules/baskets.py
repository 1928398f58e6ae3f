"""What can be bought, as values: a new line, a renewal, more data, a further plan, money to spend.

`Priced` is one of these with its plan and list price, as promotions look at it.
"""

from typing import Any, Literal

from msgspec import Struct

from eka.rules.plans import Plan
from eka.rules.units import Duration, Money

ItemKind = Literal["new_line", "renewal", "top_up", "add_on", "wallet"]


class NewLineItem(Struct, frozen=True, tag="new_line", tag_field="kind", kw_only=True):
    """A new eSIM on a plan."""

    plan: str
    label: str = ""
    timezone: str = "UTC"


class RenewalItem(Struct, frozen=True, tag="renewal", tag_field="kind", kw_only=True):
    """The next period of a line, and `times` - 1 further ones after it; `plan` "" is its own."""

    line: int
    plan: str = ""
    times: int = 1


class TopUpItem(Struct, frozen=True, tag="top_up", tag_field="kind", kw_only=True):
    """Data in addition, as the plan's offer `data` with `validity` (its text) says."""

    line: int
    data: int
    validity: str = ""


class AddOnItem(Struct, frozen=True, tag="add_on", tag_field="kind", kw_only=True):
    """A whole further plan that starts at the period's end, or as soon as all is used."""

    line: int
    plan: str
    starts: Literal["at_end", "on_empty"] = "at_end"


class WalletItem(Struct, frozen=True, tag="wallet", tag_field="kind", kw_only=True):
    """Money for the wallet, in minor units of the order's currency."""

    amount: int


Item = NewLineItem | RenewalItem | TopUpItem | AddOnItem | WalletItem
TIMES_MAX = 24
ITEMS_MAX = 20


class TopUpOffer(Struct, frozen=True):
    """Data that can be bought in addition to a plan: its amount, validity and prices."""

    data: int
    validity: Duration | None
    prices: tuple[Money, ...]


class Priced(Struct, frozen=True, kw_only=True):
    """An item with its list price in minor units of the order's currency.

    `plan` is what is bought (None for money); `old_plan` is what the line has, on a renewal.
    """

    position: int
    kind: ItemKind
    plan: Plan | None
    price: int
    carrier: str = ""
    times: int = 1
    line: int | None = None
    old_plan: Plan | None = None


class Gives(Struct, frozen=True, kw_only=True):
    """What a promotion adds to an item, beside money off.

    `bonus` bytes that live for `bonus_validity` (None: to the period's end by the plan's rule);
    `rollover` are parameters for this one renewal (policy, section 4); `periods` come free.
    """

    promotion: str
    bonus: int = 0
    bonus_validity: Duration | None = None
    rollover: dict[str, Any] | None = None
    periods: int = 0
