"""The shop's books: the chart of accounts, and the journal of each event as balanced postings.

A debit is positive, a credit negative, both in minor units; the postings of a journal add up to
nothing in each currency. Assets and costs are what stands on the left, what is owed and what was
earned on the right. When the value of data is earned is in `eka.rules.earning`.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from eka.rules.lines import InvariantBroken
from eka.rules.units import Money

Nature = Literal["asset", "liability", "income", "cost"]

CASH = "cash"
DISPUTES = "disputes"
PREPAYMENTS = "customer_prepayments"
DEFERRED = "deferred_data"
WALLETS = "wallets"
GIFT_CARDS = "gift_cards"
REFUNDS_DUE = "refunds_due"
REFUNDS_FAILED = "refunds_failed"
SURPLUS_DUE = "surplus_due"
SUSPENSE = "suspense"
USED, EXPIRED, FORFEITED = "revenue:used", "revenue:expired", "revenue:forfeited"
CONVERTED, UNLIMITED = "revenue:converted", "revenue:unlimited"
REFUNDED, GIFTS_LAPSED = "revenue:refunded", "revenue:gift_cards"
DISPUTE_LOSSES = "losses:disputes"
GOODWILL = "promotions:goodwill"
GIFTS = "promotions:gift_cards"
DISCOUNTS = "promotions:wallet"


class Account(Struct, frozen=True):
    """An account of the chart; the name of a family ends in `:*`."""

    name: str
    nature: Nature
    meaning: str


CHART = (
    Account("gateway:*", "asset", "money that a gateway holds for the shop"),
    Account(CASH, "asset", "money taken outside the gateways"),
    Account(DISPUTES, "asset", "money that a payer's bank took back for as long as it decides"),
    Account(PREPAYMENTS, "liability", "paid, and not yet delivered"),
    Account(DEFERRED, "liability", "delivered data that is not yet used"),
    Account(WALLETS, "liability", "what subscribers have in their wallets"),
    Account(GIFT_CARDS, "liability", "gift cards that nobody has redeemed"),
    Account(REFUNDS_DUE, "liability", "refunds on their way"),
    Account(REFUNDS_FAILED, "liability", "refunds that a gateway did not carry out"),
    Account(SURPLUS_DUE, "liability", "money for orders that needed no more"),
    Account(SUSPENSE, "liability", "money that is not what was asked for: a person decides"),
    Account(USED, "income", "data that was used"),
    Account(EXPIRED, "income", "data that expired"),
    Account(FORFEITED, "income", "data that a rule took, or that was given up"),
    Account(CONVERTED, "income", "data that became credit"),
    Account(UNLIMITED, "income", "time of unlimited plans that has passed"),
    Account(GIFTS_LAPSED, "income", "gift cards that were never redeemed"),
    Account(REFUNDED, "income", "what was earned and given back all the same; it lessens income"),
    Account("fees:*", "cost", "what a gateway keeps"),
    Account(DISPUTE_LOSSES, "cost", "what lost disputes cost beyond what was still owed"),
    Account(
        "promotions:*", "cost", "credit that was given: goodwill, referral, gift_cards, wallet, ..."
    ),
)
_BY_NAME = {account.name: account for account in CHART}


class Post(Struct, frozen=True):
    """One line of a journal: a debit (`amount` > 0) or a credit (`amount` < 0), minor units."""

    account: str
    amount: int
    currency: str


Postings = tuple[Post, ...]


def account(name: str) -> Account:
    """What the chart says of an account. Raises KeyError."""
    family, separator, _ = name.partition(":")
    return _BY_NAME.get(name) or _BY_NAME[f"{family}{separator}*"]


def balanced(currency: str, *legs: tuple[str, int]) -> Postings:
    """The postings of these accounts and amounts; what moves nothing is left out."""
    if sum(amount for _, amount in legs):
        raise InvariantBroken(f"postings that do not balance: {legs}")
    return tuple(Post(name, amount, currency) for name, amount in legs if amount)


def _move(money: Money, *, debit: str, credit: str) -> Postings:
    if money.minor < 0:
        raise InvariantBroken(f"{money.minor} from {credit} to {debit}")
    return balanced(money.currency, (debit, money.minor), (credit, -money.minor))


# -------------------------------------------------------------------------------- money comes in


def money_received(gateway: str, money: Money) -> Postings:
    """The money that pays an order."""
    return _move(money, debit=f"gateway:{gateway}", credit=PREPAYMENTS)


def surplus_received(gateway: str, money: Money) -> Postings:
    """Money for an order that needs no more: it goes back."""
    return _move(money, debit=f"gateway:{gateway}", credit=SURPLUS_DUE)


def mismatch_received(gateway: str, money: Money) -> Postings:
    """Money that is not what was asked for: a person decides."""
    return _move(money, debit=f"gateway:{gateway}", credit=SUSPENSE)


def mismatch_accepted(money: Money) -> Postings:
    """A person has decided that the money pays its order after all."""
    return _move(money, debit=SUSPENSE, credit=PREPAYMENTS)


def fee(gateway: str, money: Money) -> Postings:
    """What the gateway keeps of a payment."""
    return _move(money, debit=f"fees:{gateway}", credit=f"gateway:{gateway}")


def order_paid_from_wallet(money: Money) -> Postings:
    """A wallet pays an order."""
    return _move(money, debit=WALLETS, credit=PREPAYMENTS)


# ------------------------------------------------------------------------------ what it was for


def order_fulfilled(
    currency: str, allowances: Iterable[int], wallet: int = 0, promoted: int = 0
) -> Postings:
    """What was paid is delivered: a value for each allowance of data, and what a wallet gets.

    `promoted` of the wallet's money was not paid for: a promotion gave it.
    """
    values = tuple(allowances)
    if min((wallet, promoted, *values)) < 0 or promoted > wallet:
        raise InvariantBroken(f"{values} and {wallet}, {promoted} of it promoted, are delivered")
    legs = [(DEFERRED, -value) for value in values]
    paid = sum(values) + wallet - promoted
    return balanced(currency, (PREPAYMENTS, paid), (DISCOUNTS, promoted), *legs, (WALLETS, -wallet))


def data_earned(currency: str, by_account: Mapping[str, int]) -> Postings:
    """Deferred value that has become income, in the accounts that `eka.rules.earning` names."""
    legs = [(name, -amount) for name, amount in by_account.items()]
    return balanced(currency, (DEFERRED, sum(by_account.values())), *legs)


# ------------------------------------------------------------------------------ money goes back


def refund_asked(money: Money, taken: Mapping[str, int]) -> Postings:
    """Money is to go back. `taken` is what each liability gives up for it, by account.

    What they give up beyond the refund stays with the shop (`revenue:forfeited`); what is refunded
    beyond them had been earned, and lessens income (`revenue:refunded`).
    """
    return _given_up(money, taken, owed_to=REFUNDS_DUE, shortfall=REFUNDED)


def refund_done(gateway: str, money: Money) -> Postings:
    """The gateway has sent the money back."""
    return _move(money, debit=REFUNDS_DUE, credit=f"gateway:{gateway}")


def refund_to_wallet(money: Money) -> Postings:
    """The refund went to the subscriber's wallet."""
    return _move(money, debit=REFUNDS_DUE, credit=WALLETS)


def refund_failed(money: Money) -> Postings:
    """The gateway refuses: the money stays owed. To ask again takes it from `refunds_failed`."""
    return _move(money, debit=REFUNDS_DUE, credit=REFUNDS_FAILED)


def _given_up(money: Money, taken: Mapping[str, int], *, owed_to: str, shortfall: str) -> Postings:
    if money.minor < 0 or any(
        amount < 0 or account(name).nature != "liability" for name, amount in taken.items()
    ):
        raise InvariantBroken(f"{money.minor} cannot be paid from {dict(taken)}")
    short = money.minor - sum(taken.values())
    rest = (shortfall, short) if short > 0 else (FORFEITED, short)
    return balanced(money.currency, *taken.items(), rest, (owed_to, -money.minor))


# ------------------------------------------------------------------------------------- disputes


def dispute_opened(gateway: str, money: Money) -> Postings:
    """The payer's bank has taken the money for as long as it decides."""
    return _move(money, debit=DISPUTES, credit=f"gateway:{gateway}")


def dispute_won(gateway: str, money: Money) -> Postings:
    """The bank gave it back."""
    return _move(money, debit=f"gateway:{gateway}", credit=DISPUTES)


def dispute_lost(money: Money, taken: Mapping[str, int]) -> Postings:
    """The bank keeps it. `taken` is what each liability gives up, as for a refund."""
    return _given_up(money, taken, owed_to=DISPUTES, shortfall=DISPUTE_LOSSES)


# ------------------------------------------------------------------------ wallets and gift cards


def wallet_charged(money: Money) -> Postings:
    """What was paid for is money in the wallet."""
    return order_fulfilled(money.currency, (), money.minor)


def wallet_credited(money: Money, why: str) -> Postings:
    """The shop gives credit: goodwill, referral, conversion (of data, by the plan), ..."""
    return _move(money, debit=f"promotions:{why}", credit=WALLETS)


def wallet_adjusted(money: Money) -> Postings:
    """A person sets a wallet right; a negative amount takes money out of it."""
    return balanced(money.currency, (GOODWILL, money.minor), (WALLETS, -money.minor))


def gift_cards_sold(money: Money) -> Postings:
    """Cards that somebody paid for outside the gateways."""
    return _move(money, debit=CASH, credit=GIFT_CARDS)


def gift_cards_given(money: Money) -> Postings:
    """Cards that the shop gives away."""
    return _move(money, debit=GIFTS, credit=GIFT_CARDS)


def gift_card_redeemed(money: Money) -> Postings:
    """A card's money goes into a wallet."""
    return _move(money, debit=GIFT_CARDS, credit=WALLETS)


def gift_card_expired(money: Money) -> Postings:
    """A card that can no longer be redeemed."""
    return _move(money, debit=GIFT_CARDS, credit=GIFTS_LAPSED)
