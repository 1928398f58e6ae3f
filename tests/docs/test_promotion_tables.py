"""The worked tables of the page about promotions are true, and so is its example."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eka.rules.baskets import Priced
from eka.rules.documents import Node, read_yaml
from eka.rules.plan_text import plan_from_text
from eka.rules.promotion_text import read_promotion, read_promotions
from eka.rules.promotions import Buyer, apply
from eka.rules.units import Money, format_money, parse_money

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "promotions.md"
EXAMPLE = re.compile(r"```yaml\n(?P<offered>[^`]+)```\n\n(?P<table>\| basket \|.*\n(?:\|.*\n)+)")
PLAN = plan_from_text({"name": "any", "data": "1GB", "period": "30d"})
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TITLE = Node({language: Node("An offer") for language in ("en", "zh-Hans")})


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def examples() -> list[tuple[str, list[list[str]]]]:
    """Promotions, and the rows of the table that follows them."""
    found = []
    for match in EXAMPLE.finditer(text()):
        rows = [row.strip("|").split("|") for row in match["table"].splitlines()]
        found.append((match["offered"], [[cell.strip() for cell in row] for row in rows]))
    return found


def test_there_are_worked_tables() -> None:
    assert len(examples()) >= 3


@pytest.mark.parametrize(("offered", "rows"), examples())
def test_the_table_holds(offered: str, rows: list[list[str]]) -> None:
    (_, *prices), _, *steps = rows
    promotions = [
        read_promotion(name, Node({"title": TITLE, **dict(node.items())}, node.line))
        for name, node in read_yaml(offered).items()
    ]
    rests = [parse_money(price).minor for price in prices]
    basket = [
        Priced(position=position, kind="renewal", plan=PLAN, price=price)
        for position, price in enumerate(rests)
    ]
    applied = apply(promotions, basket, Buyer(), currency="USD", code="", now=NOW)
    for name, *expected in steps:
        for part in applied.discounts:
            if part.promotion == name:
                rests[part.position] -= part.amount
        assert [format_money(Money(rest, "USD")) for rest in rests] == expected
    assert list(applied.names) == sorted(name for name, *_ in steps)


def test_the_example_is_a_promotion() -> None:
    example = re.search(r"```yaml\n(promotions:\n[^`]+)```", text())
    assert example is not None
    (promotion,) = read_promotions(example[1])
    assert promotion.code == "D11"
