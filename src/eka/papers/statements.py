"""A line's statement: what there was, every movement with its reason, what is left."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from eka.papers import press
from eka.papers.labels import label, titled
from eka.papers.movements import CHANGES, Movement, Sums, beyond, by_day, sums, total
from eka.papers.phrases import (
    column_heads,
    facts,
    head,
    item_title,
    line_name,
    same_year,
    signed,
    span,
)
from eka.papers.values import PaidOrder, Statement
from eka.rules.instants import zone
from eka.rules.units import Money
from eka.words import Words


def statement_pdf(statement: Statement, language: str) -> bytes:
    """The statement as PDF in `en` or `zh-hans`."""
    return press.pdf("statement", contents(statement, Words(language)), statement.ends)


def contents(statement: Statement, words: Words) -> dict[str, Any]:
    """Everything that the template sets, as texts."""
    titles = titles_in(statement, words)
    return {
        **head(words, "statement", statement.seller),
        "span": span(words, statement.starts, statement.ends, statement.timezone),
        "facts": facts(
            words,
            ("buyer", statement.owner),
            ("line", line_name(words, statement.line)),
            ("iccid", statement.line.iccid),
            ("plan", words.tongue.every(titles.get(name, name) for name in statement.plans)),
        ),
        "heads": column_heads(
            words,
            *("summary", "movements", "orders", "kind", "total", "opening", "closing", *CHANGES),
            *("when", "what", "change", "left", "order", "amount", "refunded", "item"),
        ),
        "nothing": label(words, "nothing"),
        **_summary(statement, words),
        **_movements(statement, words),
        "orders": [_order(statement, words, order) for order in statement.orders],
        "refunds": any(order.refunded for order in statement.orders),
        "notes": list(_notes(statement, words)),
    }


def titles_in(statement: Statement, words: Words) -> dict[str, str]:
    """Plans' titles in the reader's language, by name."""
    return {name: titled(texts, words.language, name) for name, texts in statement.titles.items()}


def _summary(statement: Statement, words: Words) -> dict[str, Any]:
    rows = sums(statement)
    whole = total(statement, rows)
    columns = [name for name in CHANGES if any(getattr(row, name) for row in rows)]

    def cells(name: str, row: Sums) -> list[str]:
        opening, closing = (words.data(held, statement.plan) for held in (row.opening, row.closing))
        changes = (_change(statement, words, getattr(row, column)) for column in columns)
        return [name, opening, *changes, closing]

    return {
        "columns": columns,
        "rows": [cells(words.kind(row.kind), row) for row in rows],
        "whole": cells("", whole)[1:],
        "left": words.data(whole.closing, statement.plan),
        "left_label": label(words, "at_end"),
    }


def _change(statement: Statement, words: Words, amount: int) -> str:
    return signed(words.data(abs(amount), statement.plan), amount)


def _movements(statement: Statement, words: Words) -> dict[str, Any]:
    titles = titles_in(statement, words)
    near = same_year(statement.starts, statement.ends, statement.timezone)
    days = [
        {
            "day": (words.short_day if near else words.day)(told[0].entry.at, statement.timezone),
            "movements": [_movement(statement, words, titles, movement) for movement in told],
        }
        for _, told in by_day(statement)
    ]
    opening = total(statement, sums(statement)).opening
    return {
        "days": days,
        "brought": {
            "label": label(words, "brought"),
            "text": words.data(opening, statement.plan),
        },
    }


def _movement(
    statement: Statement, words: Words, titles: dict[str, str], movement: Movement
) -> dict[str, str]:
    entry, timezone = movement.entry, statement.timezone
    times = dict.fromkeys(_wall_clock(at, timezone) for at in (movement.since, entry.at))
    sentence = words.entry(entry, timezone, titles, statement.plan)
    return {
        "time": "–".join(times),
        "what": sentence,
        "kind": words.kind(entry.kind) if entry.kind and entry.code == "used" else "",
        "change": _change(statement, words, movement.change),
        "left": words.data(movement.left, statement.plan),
    }


def _wall_clock(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(zone(timezone)):%H:%M}"


def _order(statement: Statement, words: Words, order: PaidOrder) -> dict[str, Any]:
    refunded = signed(words.money(Money(order.refunded, order.currency)), -order.refunded)
    return {
        "when": words.day(order.at, statement.timezone),
        "number": order.number,
        "items": [item_title(words, item) for item in order.items],
        "amount": words.money(Money(order.amount, order.currency)),
        "refunded": refunded,
    }


def _notes(statement: Statement, words: Words) -> Iterator[str]:
    if more := beyond(statement, "throttled", "overage"):
        yield label(words, "beyond", data=words.data(more, statement.plan))
    yield label(words, "zone", zone=statement.timezone)
    yield label(words, "rounded")
    yield label(words, "together")
