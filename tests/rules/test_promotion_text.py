"""Promotions are read from files, and written as files would have them."""

from pathlib import Path
from typing import Any

import pytest

from eka.rules.documents import BadInput
from eka.rules.promotion_text import promotion_from_text, promotion_to_text, read_promotions

SHIPPED = Path(__file__).parents[2] / "src" / "eka" / "catalogue" / "promotions.yaml"
TITLE = {"en": "An offer", "zh-Hans": "优惠"}


def test_the_shipped_promotions_read_back() -> None:
    shipped = read_promotions(SHIPPED.read_text(encoding="utf-8"))
    assert len(shipped) == 7
    for one in shipped:
        assert promotion_from_text(one.name, promotion_to_text(one)) == one
        assert set(one.title) >= {"en", "zh-Hans"}


def test_everything_that_can_be_said_reads_back() -> None:
    text = {
        "title": TITLE,
        "code": "KEEP",
        "does": {"percentage": "12.5%", "rollover": {"caps": {"bank": "50%"}}},
        "only": {
            "plans": ["small"],
            "carriers": ["att"],
            "groups": ["phone"],
            "tags": ["gold"],
            "times": "3",
            "first_purchase": "true",
            "referred": "true",
            "season": {"timezone": "Asia/Shanghai", "days": ["11-11", "2027-02-06 to 2027-02-20"]},
        },
        "starts": "2026-01-01T00:00:00Z",
        "ends": "2027-01-01T00:00:00Z",
        "limits": {
            "per_person": "1",
            "in_all": "9",
            "budget": ["9.00 USD"],
            "min_total": ["1.00 USD"],
        },
        "stacks": ["other"],
        "order": "7",
    }
    assert promotion_to_text(promotion_from_text("offer", text)) == text


GOOD = """
promotions:
  offer:
    title: {en: An offer, zh-Hans: 优惠}
"""


@pytest.mark.parametrize(
    ("rest", "line", "says"),
    [
        ("does: {}", 5, "does something"),
        ("does: {percentage: 0%}", 5, "above 0%"),
        ("does: {percentage: 101%}", 5, "at most 100%"),
        ("does: {percentage: 5%, amount: 1.00 USD}", 5, "not both"),
        ("does: {amount: [1.00 USD, 2.00 USD]}", 5, "one a currency"),
        ("does: {amount: 1.005 USD}", 5, "decimals"),
        ("does: {bonus: {data: 1GB}}", 5, "`validity` is missing"),
        ("does: {rollover: {lifes: 2}}", 5, "did you mean `life`"),
        ("does: {rollover: {life: {renewals: many}}}", 5, "whole number"),
        ("does: {periods: 1}\n    only: {kinds: [top_up]}", 6, "top_up cannot receive"),
        ("does: {periods: 1}\n    only: {kinds: [wallet]}", 6, "wallet cannot receive"),
        ("does: {percentage: 5%}\n    only: {season: {days: 11-11}}", 6, "`timezone` is missing"),
        (
            "does: {percentage: 5%}\n    only: {season: {timezone: UTC, days: 02-30}}",
            6,
            "no day 02-30",
        ),
        (
            "does: {periods: 1}\n    only: {season: {timezone: UTC, days: 2026-01-01 to 02-01}}",
            6,
            "a year on one side",
        ),
        (
            "does: {percentage: 5%}\n    only: {season: {timezone: Moon, days: 01-01}}",
            6,
            "not a time zone",
        ),
        ("does: {percentage: 5%}\n    code: X", 6, "2 to 32 characters"),
        ("does: {percentage: 5%}\n    limits: {per_person: 0}", 6, "from 1"),
        ("does: {percentage: 5%}\n    stacks: some", 6, "not one of: none, all"),
        ("does: {percentage: 5%}\n    starts: 2026-01-01", 6, "offset"),
        (
            "does: {periods: 1}\n    starts: 2026-01-02T00:00:00Z\n    ends: 2026-01-01T00:00:00Z",
            4,
            "not after",
        ),
        ("doess: {percentage: 5%}", 4, "`does` is missing"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(rest: str, line: int, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refusal:
        read_promotions(f"{GOOD}    {rest}\n")
    assert refusal.value.line == line
    assert refusal.value.path.startswith("promotions.offer")


def test_a_title_is_in_both_languages() -> None:
    with pytest.raises(BadInput, match="`zh-Hans` is missing"):
        read_promotions("promotions: {x: {title: {en: X}, does: {periods: 1}}}")


@pytest.mark.parametrize("terms", [{"only": {"kinds": []}}, {"stacks": []}, {"order": 0}])
def test_what_says_nothing_is_not_written(terms: dict[str, Any]) -> None:
    plain = {"title": TITLE, "does": {"periods": "1"}}
    read = promotion_from_text("offer", plain | terms)
    assert promotion_to_text(read) == plain
    assert read.only.kinds == ("new_line", "renewal")
