"""A receipt: what was bought, for how much, how it was paid, and what went back."""

from collections.abc import Iterator
from typing import Any

from eka.papers import labels, press
from eka.papers.labels import label, titled
from eka.papers.phrases import column_heads, facts, head, item_details, item_title, joined, signed
from eka.papers.values import Paid, Receipt, Returned
from eka.rules.units import Money
from eka.words import Words


def receipt_pdf(receipt: Receipt, language: str) -> bytes:
    """The receipt as PDF in `en` or `zh-hans`."""
    return press.pdf("receipt", contents(receipt, Words(language)), receipt.at)


def contents(receipt: Receipt, words: Words) -> dict[str, Any]:
    """Everything that the template sets, as texts."""
    zone = receipt.timezone
    return {
        **head(words, "receipt", receipt.seller),
        "sides": {
            "buyer": label(words, "buyer"),
            "to": [text for text in (receipt.buyer.name, receipt.buyer.email) if text],
        },
        "facts": facts(
            words,
            ("number", receipt.number),
            ("ordered", words.instant(receipt.ordered_at, zone)),
            ("paid_on", words.instant(receipt.at, zone)),
            ("state", labels.state(words, receipt.state)),
        ),
        "heads": column_heads(
            words,
            *("item", "price", "payments", "refunds", "wallet_moves", "when", "how"),
            *("transaction", "amount", "balance", "refund_number", "refund_to"),
        ),
        "items": [
            {
                "title": item_title(words, item),
                "details": item_details(words, item, zone),
                "price": _money(receipt, words, item.price),
            }
            for item in receipt.items
        ],
        "sums": _sums(receipt, words),
        "total": {"label": label(words, "total"), "text": _money(receipt, words, receipt.total)},
        "kept": _kept(receipt, words),
        "paid": _paid(receipt, words),
        "returned": _returned(receipt, words),
        "wallet": _wallet(receipt, words),
        "notes": _notes(receipt, words),
    }


def _money(receipt: Receipt, words: Words, amount: int) -> str:
    return words.money(Money(amount, receipt.currency))


def _change(receipt: Receipt, words: Words, amount: int) -> str:
    return signed(_money(receipt, words, abs(amount)), amount)


def _sums(receipt: Receipt, words: Words) -> list[dict[str, str]]:
    """From the list prices to the total; nothing where they are the same."""
    if not receipt.discount:
        return []
    named = [(titled(off.title, words.language), off.amount) for off in receipt.discounts]
    rest = receipt.discount - sum(amount for _, amount in named)
    named += [(label(words, "discount"), rest)] if rest > 0 else []
    subtotal = {
        "label": label(words, "subtotal"),
        "text": _money(receipt, words, receipt.subtotal),
    }
    off = [{"label": name, "text": _change(receipt, words, -amount)} for name, amount in named]
    return [subtotal, *off]


def _kept(receipt: Receipt, words: Words) -> dict[str, str] | None:
    """What the order has cost in the end, where some of the money went back."""
    if not receipt.returned:
        return None
    came = sum(paid.amount for paid in receipt.paid)
    went = sum(back.amount for back in receipt.returned)
    return {"label": label(words, "kept"), "text": _money(receipt, words, came - went)}


def _paid(receipt: Receipt, words: Words) -> list[list[str]]:
    return [
        [
            words.instant(paid.at, receipt.timezone),
            joined(words, _how(paid, words)),
            paid.transaction,
            _money(receipt, words, paid.amount),
        ]
        for paid in receipt.paid
    ]


def _how(paid: Paid, words: Words) -> Iterator[str]:
    yield labels.gateway(words, paid.gateway)
    yield paid.shown
    if paid.surplus:
        yield label(words, "surplus")


def _returned(receipt: Receipt, words: Words) -> list[list[str]]:
    return [
        [
            words.instant(back.at, receipt.timezone),
            joined(words, _where_to(back, words)),
            back.number,
            _change(receipt, words, -back.amount),
        ]
        for back in receipt.returned
    ]


def _where_to(back: Returned, words: Words) -> Iterator[str]:
    yield labels.gateway(words, back.gateway)
    if not back.done:
        yield label(words, "on_its_way")


def _wallet(receipt: Receipt, words: Words) -> list[list[str]]:
    return [
        [
            words.instant(move.at, receipt.timezone),
            labels.wallet_move(words, move.kind),
            _change(receipt, words, move.amount),
            _money(receipt, words, move.balance),
        ]
        for move in receipt.wallet
    ]


def _notes(receipt: Receipt, words: Words) -> list[str]:
    notes = [
        label(words, "currency", currency=receipt.currency),
        label(words, "zone", zone=receipt.timezone),
    ]
    masked = any(paid.transaction for paid in receipt.paid)
    return [*notes, label(words, "masked")] if masked else notes
