"""What promotions make of a basket. Olga runs the shop; Alice buys; Bob was invited by her."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.baskets import ItemKind, Priced
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan
from eka.rules.promotion_terms import Promotion
from eka.rules.promotion_text import (
    promotion_from_text,
    promotions_to_text,
    read_promotions,
)
from eka.rules.promotions import Applied, Buyer, apply, spread

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TITLE = {"en": "An offer", "zh-Hans": "优惠"}
ALICE = Buyer(orders_before=3)
BOB = Buyer(referred=True)


def plan(name: str = "small", **terms: Any) -> Plan:
    return plan_from_text(
        {"name": name, "data": "10GB", "period": "30d", "price": "20.00 USD"} | terms
    )


def item(
    position: int = 0, price: int = 2000, kind: ItemKind = "renewal", times: int = 1, **terms: Any
) -> Priced:
    sold = None if kind == "wallet" else plan(**terms)
    return Priced(position=position, kind=kind, plan=sold, price=price, carrier="att", times=times)


def promotion(name: str = "offer", **terms: Any) -> Promotion:
    return promotion_from_text(name, {"title": TITLE} | terms)


def percent(share: int, name: str = "offer", **terms: Any) -> Promotion:
    return promotion(name, does={"percentage": f"{share}%"}, **terms)


def amount(text: str, name: str = "offer", **terms: Any) -> Promotion:
    return promotion(name, does={"amount": [text]}, **terms)


def applied(
    *promotions: Promotion,
    basket: tuple[Priced, ...] = (item(),),
    buyer: Buyer = ALICE,
    currency: str = "USD",
    code: str = "",
    now: datetime = NOW,
) -> Applied:
    return apply(promotions, basket, buyer, currency=currency, code=code, now=now)


def off(result: Applied) -> list[tuple[str, int, int]]:
    return [(part.promotion, part.position, part.amount) for part in result.discounts]


def why_not(result: Applied) -> dict[str, str]:
    return dict(result.refused)


# ------------------------------------------------------------------------------------ money off


def test_a_campaign_applies_by_itself_and_a_code_only_when_it_is_entered() -> None:
    campaign, coded = percent(10, "campaign"), percent(20, "coded", code="SUMMER")
    assert off(applied(campaign, coded)) == [("campaign", 0, 200)]
    assert off(applied(campaign, coded, code=" ｓｕｍｍｅｒ ")) == [("coded", 0, 400)]
    assert why_not(applied(campaign, code="WINTER")) == {"WINTER": "no_such_code"}


def test_what_remains_to_pay_after_a_percentage_is_rounded_down() -> None:
    """15 % of 9.99 is 1.4985: Alice gets 1.50 off, never less than what was promised."""
    assert off(applied(percent(15), basket=(item(price=999),))) == [("offer", 0, 150)]


def test_an_amount_is_spread_by_largest_remainder() -> None:
    """10.00 over 10.00, 10.00 and 10.00: the cent that is over goes to the first."""
    basket = tuple(item(position, 1000) for position in range(3))
    parts = [part for _, _, part in off(applied(amount("10.00 USD"), basket=basket))]
    assert parts == [334, 333, 333]


def test_an_amount_larger_than_the_basket_makes_it_free() -> None:
    basket = (item(0, 300), item(1, 500))
    assert off(applied(amount("10.00 USD"), basket=basket)) == [
        ("offer", 0, 300),
        ("offer", 1, 500),
    ]


def test_later_ones_apply_to_what_earlier_ones_left() -> None:
    ten = percent(10, "ten", stacks="all", order=1)
    five = amount("5.00 USD", "five", stacks="all", order=2)
    assert off(applied(ten, five)) == [("ten", 0, 200), ("five", 0, 500)]
    early = amount("5.00 USD", "five", stacks="all", order=0)
    assert off(applied(ten, early)) == [("five", 0, 500), ("ten", 0, 150)]


def test_what_finds_nothing_left_is_not_used_up() -> None:
    free = percent(100, "free", stacks="all", order=1)
    late = amount("5.00 USD", "late", stacks="all", order=2)
    result = applied(free, late)
    assert result.names == ("free",)
    assert why_not(result) == {"late": "nothing_left"}


# -------------------------------------------------------------------------------- which together


def test_of_those_that_do_not_stack_the_buyer_gets_the_best() -> None:
    result = applied(percent(10, "ten"), amount("3.00 USD", "three"))
    assert result.names == ("three",)
    assert why_not(result) == {"ten": "does_not_stack"}


def test_two_go_together_only_if_each_allows_the_other() -> None:
    willing, choosy = percent(10, "willing", stacks="all"), percent(20, "choosy", stacks=["other"])
    assert applied(willing, choosy).names == ("choosy",)
    friendly = percent(20, "choosy", stacks=["willing"])
    assert applied(willing, friendly).names == ("choosy", "willing")


def test_a_gift_is_weighed_at_the_plans_list_price() -> None:
    """A tenth of the plan's data is worth a tenth of its price: more than 5 %, less than 15 %."""
    gift = promotion("gift", does={"bonus": {"data": "1GB", "validity": "30d"}})
    assert applied(gift, percent(5)).names == ("gift",)
    assert applied(gift, percent(15)).names == ("offer",)
    free = promotion("free", does={"periods": 1})
    assert applied(free, percent(99)).names == ("free",)


def test_of_equals_the_one_that_comes_first_by_order_then_name() -> None:
    assert applied(percent(10, "b"), percent(10, "a")).names == ("a",)
    assert applied(percent(10, "b"), percent(10, "a", order=9)).names == ("b",)


# --------------------------------------------------------------------------------------- gifts


def test_gifts_go_to_each_item_that_they_are_for() -> None:
    gift = promotion(
        "gift",
        does={"bonus": {"data": "1GB", "validity": "7d"}, "rollover": {"life": {"renewals": 2}}},
    )
    basket = (item(0, rollover={}), item(1, kind="new_line"), item(2, rollover={}))
    result = applied(gift, basket=basket)
    assert [position for position, _ in result.gives] == [0, 2]
    gives = result.gives[0].gives
    assert (gives.bonus, gives.rollover) == (10**9, {"life": {"renewals": "2"}})
    assert gives.bonus_validity is not None
    assert result.discounts == ()
    assert result.names == ("gift",)


def test_a_longer_life_is_for_plans_whose_data_carries() -> None:
    """Else Alice would be promised something, or a plan that never carries would begin to."""
    longer = promotion("longer", does={"rollover": {"life": {"renewals": 2}}})
    for_once = promotion("for once", does={"rollover": {"carries": ["plan"]}})
    assert applied(longer, basket=(item(rollover={}),)).names == ("longer",)
    assert why_not(applied(longer)) == {"longer": "not_for_these"}
    assert applied(for_once).names == ("for once",)


# ----------------------------------------------------------------------------- for what, for whom


@pytest.mark.parametrize(
    ("only", "bought", "suits"),
    [
        ({"plans": ["small"]}, item(), True),
        ({"plans": ["large"]}, item(), False),
        ({"carriers": ["att"]}, item(), True),
        ({"carriers": ["t-mobile"]}, item(), False),
        ({"groups": ["phone"]}, item(group="phone"), True),
        ({"groups": ["phone"]}, item(), False),
        ({"tags": ["gold", "new"]}, item(tags=["new"]), True),
        ({"tags": ["gold"]}, item(), False),
        ({"kinds": ["new_line"]}, item(kind="new_line"), True),
        ({"kinds": ["new_line"]}, item(), False),
        ({"times": 3}, item(times=3), True),
        ({"times": 3}, item(times=2), False),
        ({"times": 3}, item(term=3), True),
        ({}, item(kind="wallet"), False),
        ({"kinds": ["wallet"]}, item(kind="wallet"), True),
    ],
)
def test_for_what(only: dict[str, Any], bought: Priced, suits: bool) -> None:
    result = applied(percent(10, only=only), basket=(bought,))
    assert bool(result.discounts) is suits
    assert suits or why_not(result) == {"offer": "not_for_these"}


@pytest.mark.parametrize(
    ("terms", "buyer", "reason"),
    [
        ({"only": {"first_purchase": "true"}}, ALICE, "not_first_purchase"),
        ({"only": {"first_purchase": "true"}}, BOB, None),
        ({"only": {"referred": "true"}}, ALICE, "not_referred"),
        ({"only": {"referred": "true"}}, BOB, None),
        ({"limits": {"per_person": 2}}, Buyer(uses={"offer": 2}), "used_by_you"),
        ({"limits": {"per_person": 2}}, Buyer(uses={"offer": 1, "other": 9}), None),
        ({"limits": {"in_all": 9}}, Buyer(uses_in_all={"offer": 9}), "used_up"),
        ({"limits": {"in_all": 9}}, Buyer(uses_in_all={"offer": 8}), None),
        ({"limits": {"budget": ["5.00 USD"]}}, Buyer(spent={"offer": 301}), "budget_spent"),
        ({"limits": {"budget": ["5.00 USD"]}}, Buyer(spent={"offer": 300}), None),
        ({"limits": {"min_total": ["20.01 USD"]}}, ALICE, "below_minimum"),
        ({"limits": {"min_total": ["20.00 USD"]}}, ALICE, None),
        ({"limits": {"min_total": ["20.00 CNY"]}}, ALICE, "currency"),
        ({"starts": "2026-06-01T00:00:01Z"}, ALICE, "not_yet"),
        ({"starts": "2026-06-01T00:00:00Z"}, ALICE, None),
        ({"ends": "2026-06-01T00:00:00Z"}, ALICE, "over"),
        ({"ends": "2026-06-01T00:00:01Z"}, ALICE, None),
    ],
)
def test_for_whom_and_how_often(terms: dict[str, Any], buyer: Buyer, reason: str | None) -> None:
    """10 % of 20.00 USD are 2.00 USD."""
    expected = {"offer": reason} if reason else {}
    assert why_not(applied(percent(10, **terms), buyer=buyer)) == expected


def test_an_amount_holds_only_in_its_currencies() -> None:
    both = promotion(does={"amount": ["5.00 USD", "35.00 CNY"]})
    assert off(applied(both, currency="CNY")) == [("offer", 0, 2000)]
    assert why_not(applied(both, currency="EUR")) == {"offer": "currency"}


def test_the_minimum_counts_only_what_the_promotion_is_for() -> None:
    """Money for Alice's wallet does not bring her plan over the minimum."""
    basket = (item(0, 2000), item(1, 9000, kind="wallet"))
    result = applied(percent(10, limits={"min_total": ["50.00 USD"]}), basket=basket)
    assert why_not(result) == {"offer": "below_minimum"}


def test_who_buys_first_may_wait_with_one_order_only() -> None:
    """Else Bob could place ten orders at once, each of them his first."""
    assert percent(10, only={"first_purchase": "true"}).limits.per_person == 1


# --------------------------------------------------------------------------------------- seasons


def in_season(timezone: str, days: str, instant: str) -> bool:
    season = {"timezone": timezone, "days": [days]}
    now = datetime.fromisoformat(instant)
    result = applied(percent(10, only={"season": season}), now=now)
    assert bool(result.discounts) is (why_not(result) == {})
    return bool(result.discounts)


@pytest.mark.parametrize(
    ("timezone", "days", "first", "last"),
    [
        # Double 11 begins at midnight in Shanghai, which is still the day before in UTC.
        ("Asia/Shanghai", "11-11", "2026-11-10T16:00:00Z", "2026-11-11T15:59:59Z"),
        # New York's clocks change within the season: it begins at -4 and ends at -5.
        ("America/New_York", "10-31 to 11-01", "2026-10-31T04:00:00Z", "2026-11-02T04:59:59Z"),
        # A day of 23 hours, and one that begins at 01:00, because midnight is skipped.
        ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "2026-09-07T02:59:59Z"),
        # Over New Year, and a range that starts on a day that this year lacks.
        ("UTC", "12-30 to 01-02", "2026-12-30T00:00:00Z", "2027-01-02T23:59:59Z"),
        ("UTC", "02-29 to 03-02", "2026-03-01T00:00:00Z", "2026-03-02T23:59:59Z"),
    ],
)
def test_a_season_is_of_local_days(timezone: str, days: str, first: str, last: str) -> None:
    second = timedelta(seconds=1)
    before = (datetime.fromisoformat(first) - second).isoformat()
    after = (datetime.fromisoformat(last) + second).isoformat()
    seen = [in_season(timezone, days, at) for at in (before, first, last, after)]
    assert seen == [False, True, True, False]


def test_a_dated_season_does_not_come_again() -> None:
    assert in_season("UTC", "2026-02-10 to 2026-03-03", "2026-02-17T00:00:00Z")
    assert not in_season("UTC", "2026-02-10 to 2026-03-03", "2027-02-17T00:00:00Z")


# ----------------------------------------------------------------------------------------- laws


@st.composite
def promotions(draw: st.DrawFn, most: int = 5) -> list[Promotion]:
    names = draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=most))
    return [draw(offers(name)) for name in names]


@st.composite
def offers(draw: st.DrawFn, name: str, stacks: Any = None) -> Promotion:
    does = draw(
        st.one_of(
            st.integers(1, 1000).map(lambda n: {"percentage": f"{n // 10}.{n % 10}%"}),
            st.integers(1, 4000).map(lambda n: {"amount": [f"{n // 100}.{n % 100:02d} USD"]}),
            st.just({"bonus": {"data": "1GB", "validity": "30d"}}),
            st.just({"periods": 1, "percentage": "5%"}),
        )
    )
    terms: dict[str, Any] = {
        "does": does,
        "only": {"plans": draw(st.sampled_from([[], ["small"], ["large"]]))},
        "limits": draw(st.sampled_from([{}, {"budget": ["9.00 USD"]}, {"per_person": 1}])),
        "stacks": stacks or draw(st.sampled_from(["all", "all", "none", ["a", "b"]])),
        "order": draw(st.integers(0, 3)),
    }
    return promotion(name, **terms)


KINDS: tuple[ItemKind, ...] = ("renewal", "new_line", "top_up", "wallet")
baskets = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.sampled_from(KINDS),
        st.sampled_from(["small", "large"]),
    ),
    max_size=4,
).map(
    lambda rows: tuple(
        item(i, price, kind, name=name) for i, (price, kind, name) in enumerate(rows)
    )
)


def total(result: Applied) -> int:
    return sum(part.amount for part in result.discounts)


@given(promotions(), baskets)
def test_no_item_costs_less_than_nothing(
    offered: list[Promotion], basket: tuple[Priced, ...]
) -> None:
    result = applied(*offered, basket=basket)
    for one in basket:
        parts = [part.amount for part in result.discounts if part.position == one.position]
        assert all(part > 0 for part in parts)
        assert sum(parts) <= one.price


@given(promotions(), baskets, st.randoms())
def test_the_order_of_the_lists_does_not_matter(
    offered: list[Promotion], basket: tuple[Priced, ...], chance: Any
) -> None:
    shuffled, mixed = list(offered), list(basket)
    chance.shuffle(shuffled)
    chance.shuffle(mixed)
    assert applied(*shuffled, basket=tuple(mixed)) == applied(*offered, basket=basket)


@given(promotions(), st.integers(0, 6), baskets, st.data())
def test_one_more_on_offer_never_makes_a_basket_dearer(
    offered: list[Promotion], which: int, basket: tuple[Priced, ...], data: st.DataObject
) -> None:
    """Where all take money off; a gift may win over money that is worth less."""
    money_only = [one for one in offered if not one.does.gives]
    further = data.draw(offers("z").filter(lambda one: not one.does.gives))
    assert total(applied(*money_only, further, basket=basket)) >= total(
        applied(*money_only, basket=basket)
    )


@given(promotions(), baskets)
def test_all_that_is_used_goes_together(
    offered: list[Promotion], basket: tuple[Priced, ...]
) -> None:
    result = applied(*offered, basket=basket)
    used = [one for one in offered if one.name in result.names]
    for one in used:
        others = {other.name for other in used} - {one.name}
        assert one.stacks == "all" or others <= set(one.stacks)
    told = {name for name, _ in result.refused}
    assert told == {one.name for one in offered} - set(result.names)


@given(st.data(), st.lists(st.integers(0, 10**6), max_size=8))
def test_a_spread_amount_is_whole_and_fits(data: st.DataObject, weights: list[int]) -> None:
    whole = data.draw(st.integers(0, sum(weights)))
    parts = spread(whole, weights)
    assert sum(parts) == whole
    for part, weight in zip(parts, weights, strict=True):
        assert part <= weight
        assert sum(weights) == 0 or abs(part * sum(weights) - whole * weight) < sum(weights)


def test_many_on_offer_are_still_weighed() -> None:
    """Olga has thirty campaigns; the ones worth most are found, and the answer comes."""
    many = [percent(n, f"p{n:02d}", stacks="all") for n in range(1, 31)]
    result = applied(*many)
    assert len(result.names) == 10
    assert "p30" in result.names
    assert why_not(result)["p01"] == "does_not_stack"


@given(promotions())
def test_a_promotion_reads_back_as_it_was_written(offered: list[Promotion]) -> None:
    text = yaml.safe_dump(promotions_to_text(tuple(offered)), allow_unicode=True, sort_keys=False)
    assert read_promotions(text) == tuple(offered)
