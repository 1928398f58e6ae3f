"""What an `expect` can ask of a line, and the canonical text of each answer (policy, section 9).

Amounts are in bytes, instants in UTC with Z, so that two implementations can be compared.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from eka.rules.buckets import left
from eka.rules.documents import Node, read_choice, read_count, read_flag, read_list
from eka.rules.instants import format_instant, parse_instant
from eka.rules.lines import Answer, Entry, Line, shown_state
from eka.rules.plan_text import data, data_or_unlimited, money
from eka.rules.plans import Kind
from eka.rules.quota import available
from eka.rules.speeds import speed_kbps
from eka.rules.units import (
    BadValue,
    Money,
    format_duration,
    format_money,
    format_share,
    parse_duration,
    parse_share,
)

T = TypeVar("T")
STATES = ("ready", "active", "lapsed", "suspended", "closed")
RESULTS = ("success", "limit_reached", "unknown_session", "not_active")


class Facts(Struct, frozen=True):
    """What expectations are judged by: the line, and what happened since the last ones."""

    line: Line
    now: datetime
    entries: tuple[Entry, ...]  # since the previous expect
    answer: Answer | None  # of the last session request


class Expectable(Struct, frozen=True):
    """One field: the canonical text of what a file expects, and of what is."""

    canonical: Callable[[Node], str]
    actual: Callable[[Facts, str], str]


def data_text(amount: int | None) -> str:
    """`5500000000B`, or `unlimited`."""
    return "unlimited" if amount is None else f"{amount}B"


def losses(entries: Iterable[Entry]) -> dict[str, int]:
    """Bytes forfeited and expired, by reason."""
    sums: dict[str, int] = {}
    for entry in entries:
        if entry.code in ("forfeited", "expired"):
            sums[entry.reason] = sums.get(entry.reason, 0) + entry.bytes
    return sums


def _losses_text(sums: dict[str, int]) -> str:
    return "{" + ", ".join(f"{k}: {v}B" for k, v in sorted(sums.items()) if v) + "}"


def _losses_node(node: Node) -> str:
    return _losses_text({reason: data(amount) for reason, amount in node.items()})


def _alerts_node(node: Node) -> str:
    return _list_text(read_list(_alert)(node))


def _alert(node: Node) -> str:
    """A warning's label as the rules write it: `ends_in 48h` is `ends_in 2d`."""
    what, _, threshold = node.text().partition(" ")
    if what == "used":
        return f"used {format_share(_part(node, parse_share, threshold))}"
    if what == "ends_in":
        return f"ends_in {format_duration(_part(node, parse_duration, threshold))}"
    raise node.fail(f"{node.sort()} is not a warning; write it like `used 75%` or `ends_in 3d`")


def _part(node: Node, reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except BadValue as error:
        raise node.fail(str(error)) from None


def _list_text(words: Iterable[str]) -> str:
    return "[" + ", ".join(sorted(words)) + "]"


def _speed_node(node: Node) -> str:
    return "full" if node.value == "full" else str(read_count()(node))


def _speed(facts: Facts, expected: str) -> str:
    kbps = speed_kbps(facts.line, facts.now)
    return "full" if kbps is None else str(kbps)


def _purse(purse: tuple[Money, ...], expected: str) -> str:
    """The amount in the currency that was asked for."""
    currency = expected.rsplit(" ", 1)[-1]
    minor = sum(held.minor for held in purse if held.currency == currency)
    return format_money(Money(minor, currency))


def _usable(kind: Kind | None) -> Expectable:
    return Expectable(
        canonical=lambda node: data_text(data_or_unlimited(node)),
        actual=lambda facts, _: data_text(left(facts.line, kind)),
    )


def _available(facts: Facts, expected: str) -> str:
    return data_text(available(facts.line, facts.now))


def _ends(facts: Facts, expected: str) -> str:
    period = facts.line.period
    return format_instant(period.ends) if period else "none"


def _ends_node(node: Node) -> str:
    return "none" if node.value == "none" else format_instant(node.read(parse_instant))


def _unserved(facts: Facts, expected: str) -> str:
    return data_text(sum(entry.bytes for entry in facts.entries if entry.code == "unserved"))


def _alerts(facts: Facts, expected: str) -> str:
    return _list_text(entry.reason for entry in facts.entries if entry.code == "alert")


def _answer(field: str) -> Callable[[Facts, str], str]:
    def text(facts: Facts, expected: str) -> str:
        value = getattr(facts.answer, field, None)
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else data_text(value)

    return text


def _money_node(node: Node) -> str:
    return format_money(money(node))


EXPECTABLE: dict[str, Expectable] = {
    "total": _usable(None),
    "plan": _usable("plan"),
    "rollover": _usable("rollover"),
    "topup": _usable("topup"),
    "bonus": _usable("bonus"),
    "available": Expectable(lambda node: data_text(data_or_unlimited(node)), _available),
    "state": Expectable(read_choice(*STATES), lambda facts, _: shown_state(facts.line)),
    "ends": Expectable(_ends_node, _ends),
    "unserved": Expectable(lambda node: data_text(data(node)), _unserved),
    "forfeited": Expectable(_losses_node, lambda facts, _: _losses_text(losses(facts.entries))),
    "speed_kbps": Expectable(_speed_node, _speed),
    "overage": Expectable(_money_node, lambda facts, asked: _purse(facts.line.overage, asked)),
    "credit": Expectable(_money_node, lambda facts, asked: _purse(facts.line.credit, asked)),
    "granted": Expectable(lambda node: data_text(data(node)), _answer("granted")),
    "final": Expectable(lambda node: "true" if read_flag(node) else "false", _answer("final")),
    "result": Expectable(read_choice(*RESULTS), _answer("result")),
    "alerts": Expectable(_alerts_node, _alerts),
    "tenure": Expectable(
        lambda node: str(read_count()(node)), lambda facts, _: str(facts.line.tenure)
    ),
}
