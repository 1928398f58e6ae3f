"""What papers say, as frozen values: gathered by `eka.usecases.papers`, set by the other modules.

Money is in minor units of the paper's currency, data in bytes, instants are aware. Texts that a
person wrote (names, labels, titles) stand here as they are: `eka.papers.press` keeps them text.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from eka.rules.baskets import ItemKind
from eka.rules.lines import Entry
from eka.rules.orders import OrderState
from eka.rules.plans import Kind, Plan
from eka.rules.units import Duration

Titles = Mapping[str, str]  # a text by language: {"en": ..., "zh-Hans": ...}


class Seller(Struct, frozen=True, kw_only=True):
    """Who sells; `about` is the address and the tax number, a line each."""

    name: Titles
    about: str = ""


class Buyer(Struct, frozen=True, kw_only=True):
    """Who bought, as far as the shop knows."""

    name: str = ""
    email: str = ""


class LineName(Struct, frozen=True, kw_only=True):
    """How a line is known to its owner: what they call it, its telephone number, its eSIM's."""

    id: int
    label: str = ""
    msisdn: str = ""
    iccid: str = ""


class Bought(Struct, frozen=True, kw_only=True):
    """One item of an order at its list price.

    `data` is a top-up's; a plan's own is in `plan`. `starts` and `ends` are of the first period it
    gave, None while that is still to come. `bonus` bytes and `free` periods came with promotions.
    """

    kind: ItemKind
    price: int
    plan: Plan | None = None
    title: Titles = {}
    line: LineName | None = None
    times: int = 1
    data: int = 0
    validity: Duration | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    bonus: int = 0
    free: int = 0


class Discount(Struct, frozen=True, kw_only=True):
    """What one promotion took off."""

    title: Titles
    amount: int


class Paid(Struct, frozen=True, kw_only=True):
    """Money that came: by which gateway ("wallet" is one), and its number there, masked.

    `shown` is the method in its owner's eyes ("Visa ···· 4242"), where it was a saved one.
    `surplus`: the order needed no more of it.
    """

    at: datetime
    gateway: str
    amount: int
    transaction: str = ""
    shown: str = ""
    surplus: bool = False


class Returned(Struct, frozen=True, kw_only=True):
    """Money that went back, or is on its way (`at` is then when it was asked for)."""

    at: datetime
    number: str
    gateway: str
    amount: int
    done: bool = True


class WalletMove(Struct, frozen=True, kw_only=True):
    """A movement of the buyer's wallet that belongs to the order; `amount` < 0 left it."""

    at: datetime
    kind: str
    amount: int
    balance: int


class Receipt(Struct, frozen=True, kw_only=True):
    """An order that was paid at `at`, and all money that moved for it. `timezone` is the shop's."""

    seller: Seller
    buyer: Buyer
    number: str
    state: OrderState
    at: datetime
    ordered_at: datetime
    timezone: str
    currency: str
    items: tuple[Bought, ...]
    discounts: tuple[Discount, ...] = ()
    subtotal: int
    discount: int = 0
    total: int
    paid: tuple[Paid, ...] = ()
    returned: tuple[Returned, ...] = ()
    wallet: tuple[WalletMove, ...] = ()


class PaidOrder(Struct, frozen=True, kw_only=True):
    """What an order paid at `at` brought this line; `amount` is after discounts.

    `refunded` is of the whole order, which may be more than this line's part.
    """

    at: datetime
    number: str
    currency: str
    items: tuple[Bought, ...]
    amount: int
    refunded: int = 0


class Statement(Struct, frozen=True, kw_only=True):
    """A line from `starts` to just before `ends`: what it had, every entry, and what was paid.

    `opening` is what each kind of bucket held; what it held in the end follows from the entries.
    `unlimited` are the spans in which a plan without limit was in force. `titles` are plans' titles
    by name, `plan` is the one whose units amounts are shown in.
    """

    seller: Seller
    owner: str = ""
    line: LineName
    timezone: str
    starts: datetime
    ends: datetime
    opening: Mapping[Kind, int]
    entries: tuple[Entry, ...] = ()
    unlimited: tuple[tuple[datetime, datetime], ...] = ()
    titles: Mapping[str, Titles] = {}
    plan: Plan | None = None
    plans: tuple[str, ...] = ()
    orders: tuple[PaidOrder, ...] = ()
