"""The words that stand on papers, beside the sentences of `eka.words`."""

from collections.abc import Mapping
from typing import Any

from eka.rules.baskets import ItemKind
from eka.rules.orders import OrderState
from eka.words import Words
from eka.words.catalogues import N_

LABELS = {
    "receipt": N_("Receipt"),
    "statement": N_("Data statement"),
    "number": N_("Order number"),
    "ordered": N_("Ordered on"),
    "paid_on": N_("Paid on"),
    "state": N_("Status"),
    "buyer": N_("Customer"),
    "item": N_("Item"),
    "price": N_("Price"),
    "subtotal": N_("Subtotal"),
    "total": N_("Total"),
    "kept": N_("Paid after refunds"),
    "payments": N_("Payment"),
    "refunds": N_("Refunds"),
    "wallet_moves": N_("Wallet"),
    "when": N_("When"),
    "how": N_("Method"),
    "transaction": N_("Transaction"),
    "amount": N_("Amount"),
    "balance": N_("Balance after"),
    "refund_number": N_("Refund number"),
    "refund_to": N_("Back to"),
    "on_its_way": N_("on its way"),
    "surplus": N_("more than was due"),
    "discount": N_("Discount"),
    "line": N_("Line"),
    "plan": N_("Plan"),
    "iccid": N_("ICCID"),
    "summary": N_("Summary"),
    "movements": N_("Every movement"),
    "orders": N_("Orders paid"),
    "order": N_("Order"),
    "refunded": N_("Refunded"),
    "kind": N_("Data"),
    "opening": N_("At the start"),
    "added": N_("Added"),
    "carried": N_("Carried over"),
    "used": N_("Used"),
    "lost": N_("Lost"),
    "converted": N_("To credit"),
    "closing": N_("At the end"),
    "what": N_("What happened"),
    "change": N_("Change"),
    "left": N_("Left"),
    "brought": N_("Brought forward"),
    "at_end": N_("Left at the end"),
    "nothing": N_("Nothing happened on this line in this time."),
    "beyond": N_("Used beyond what was left: {data}."),
    "together": N_("Uses that follow one another on one day are added up. The CSV has each one."),
    "rounded": N_("Amounts are rounded down to two decimals; the CSV has every byte."),
    "zone": N_("Times are those of {zone}."),
    "currency": N_("Amounts are in {currency}."),
    "masked": N_("Of transaction numbers only the last characters are shown."),
    "page": N_("{page} / {pages}"),
}

ITEMS: Mapping[ItemKind, str] = {
    "new_line": N_("New eSIM"),
    "renewal": N_("Renewal"),
    "top_up": N_("Top-up"),
    "add_on": N_("Additional plan"),
    "wallet": N_("Wallet charge"),
}

# Only the states that a paid order can be in.
STATES: Mapping[OrderState, str] = {
    "paid": N_("Paid"),
    "fulfilling": N_("Paid, being delivered"),
    "fulfilled": N_("Paid and delivered"),
    "refunding": N_("Being refunded"),
    "refunded": N_("Refunded"),
    "disputed": N_("Payment disputed"),
}

GATEWAYS = {
    "stripe": N_("Card"),
    "paypal": N_("PayPal"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "wallet": N_("Wallet"),
}

WALLET_MOVES = {
    "charge": N_("Charged"),
    "spend": N_("Spent on this order"),
    "refund": N_("Refunded"),
    "gift_card": N_("Gift card"),
    "referral": N_("Reward for an invitation"),
    "credit": N_("Credit"),
    "adjustment": N_("Adjusted by the shop"),
}

DETAILS = {
    "span": N_("{starts} – {ends}"),
    "for_line": N_("for {line}"),
    "line_number": N_("line {number}"),
    "bonus": N_("{data} of bonus data free"),
    "valid": N_("valid for {span}"),
    "top_up": N_("{data} of extra data"),
    "comma": N_(" · "),
}


def label(words: Words, code: str, /, **figures: Any) -> str:
    """One of the words of a paper, by its code."""
    return words.tongue.say(LABELS[code], **figures)


def detail(words: Words, code: str, /, **figures: Any) -> str:
    """A part of what stands under an item."""
    return words.tongue.say(DETAILS[code], **figures)


def item(words: Words, kind: ItemKind) -> str:
    """What an item is."""
    return words.tongue.say(ITEMS[kind])


def times(words: Words, number: int) -> str:
    """How many periods were bought."""
    return words.tongue.count("{n} period", "{n} periods", number)


def free(words: Words, number: int) -> str:
    """How many periods came free."""
    return words.tongue.count("{n} period free", "{n} periods free", number)


def state(words: Words, of: OrderState) -> str:
    """How an order stands."""
    return words.tongue.say(STATES.get(of, STATES["paid"]))


def gateway(words: Words, name: str) -> str:
    """How money came, as people call it; a gateway of a newer version shows its own name."""
    return words.tongue.say(GATEWAYS[name]) if name in GATEWAYS else name


def wallet_move(words: Words, kind: str) -> str:
    """Why money moved in a wallet."""
    return words.tongue.say(WALLET_MOVES[kind]) if kind in WALLET_MOVES else kind


def titled(texts: Mapping[str, str], language: str, otherwise: str = "") -> str:
    """A text in the language, else in English, else in any, else `otherwise`."""
    by_language = {key.casefold(): text for key, text in texts.items()}
    found = by_language.get(language) or by_language.get("en")
    return found or next(iter(texts.values()), otherwise)
