"""Promotions from the file to the order. Olga runs the shop; Alice buys, and invites Bob."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from eka.ledger import models
from eka.rules.baskets import Item, NewLineItem, RenewalItem
from eka.rules.catalogue_text import read_catalogue
from eka.rules.documents import BadInput
from eka.rules.promotion_terms import Promotion
from eka.rules.promotion_text import promotion_from_text, read_promotions
from eka.rules.units import Money
from eka.usecases import promotions, referrals, wallets
from eka.usecases.catalogue import import_catalogue
from eka.usecases.imported import Imported
from eka.usecases.lines import NewLine, add_line
from eka.usecases.promotion_previews import preview
from eka.usecases.promotions import (
    NoSuchPromotion,
    PromotionGone,
    export_promotions,
    import_promotions,
    kept_promotions,
)
from eka.usecases.quoting import Wish, quote
from eka.usecases.referrals import UnableToRefer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "src" / "eka" / "catalogue" / "promotions.yaml"
SHOP = """
carriers:
  att: {name: AT&T}
plans:
  small: {carrier: att, data: 10GB, period: 30d, price: 20.00 USD, rollover: {carries: [plan]}}
  large: {data: 50GB, period: 30d, price: 50.00 USD}
"""


def promotion(name: str = "offer", **terms: Any) -> Promotion:
    """Ten percent off, unless the terms say something else."""
    usual = {"title": {"en": "An offer", "zh-Hans": "优惠"}, "does": {"percentage": "10%"}}
    return promotion_from_text(name, usual | terms)


def offer(*promised: Promotion) -> Imported:
    return import_promotions(promised, NOW)


def open_shop() -> None:
    import_catalogue(read_catalogue(SHOP), NOW)


def subscriber(name: str) -> int:
    return int(models.Subscriber.objects.create(name=name).pk)


def line_of(subscriber_id: int, plan: str = "small") -> int:
    return add_line(NewLine(plan=plan, subscriber=subscriber_id), NOW, activate=True)


def quoted(subscriber_id: int, *items: Item, key: str = "", code: str = "") -> models.Order:
    wish = Wish(
        subscriber=subscriber_id,
        items=items or (NewLineItem(plan="small"),),
        currency="USD",
        key=key or f"{subscriber_id}",
        code=code,
    )
    return models.Order.objects.get(number=quote(wish, NOW))


def pay(order: models.Order) -> None:
    promotions.use(order.pk)
    models.Order.objects.filter(pk=order.pk).update(state="paid", paid_at=NOW)


def uses(order: models.Order) -> list[tuple[str, str, int]]:
    rows = models.PromotionUse.objects.filter(order=order).order_by("promotion__name")
    return list(rows.values_list("promotion__name", "state", "amount"))


@pytest.fixture
def shop(db: None) -> None:
    """Olga sells two plans."""
    open_shop()


@pytest.fixture
def alice(shop: None) -> int:
    return subscriber("Alice")


@pytest.fixture
def bob(shop: None) -> int:
    return subscriber("Bob")


# ------------------------------------------------------------------------------- files and table


def test_the_same_file_again_changes_nothing(shop: None) -> None:
    shipped = read_promotions(SHIPPED.read_text(encoding="utf-8"))
    assert len(import_promotions(shipped, NOW).new) == 7
    assert len(import_promotions(shipped, NOW + timedelta(days=1)).unchanged) == 7
    assert import_promotions(export_promotions(), NOW).changed == []
    assert {kept.version for kept in kept_promotions()} == {1}


def test_what_differs_becomes_a_new_version(shop: None) -> None:
    offer(promotion())
    assert offer(promotion(order=5)).changed == ["offer"]
    (kept,) = kept_promotions()
    assert (kept.version, kept.promotion.order) == (2, 5)


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"only": {"plans": ["smal"]}}, "offer: there is no plan 'smal'"),
        ({"only": {"carriers": ["tmobile"]}}, "offer: there is no carrier 'tmobile'"),
        ({"stacks": ["others"]}, "offer: there is no promotion 'others'"),
    ],
)
def test_what_a_file_names_must_be_there(shop: None, terms: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as refusal:
        offer(promotion(**terms))
    assert str(refusal.value) == says
    assert kept_promotions() == []


def test_a_promotion_that_was_stopped_is_over_until_it_is_started_or_changed(alice: int) -> None:
    offer(promotion(code="SUMMER"))
    promotions.stop("offer", NOW)
    refused = promotions.applicable(alice, [], "USD", "summer", NOW).refused
    assert [tuple(one) for one in refused] == [("offer", "over")]
    assert export_promotions() == ()

    offer(promotion(code="SUMMER"))
    assert export_promotions() == ()
    promotions.start("offer")
    assert len(export_promotions()) == 1
    promotions.stop("offer", NOW)
    offer(promotion(code="SUMMER", order=1))
    assert len(export_promotions()) == 1


def test_what_is_not_there_cannot_be_stopped(shop: None) -> None:
    with pytest.raises(NoSuchPromotion):
        promotions.stop("offer", NOW)
    with pytest.raises(NoSuchPromotion):
        promotions.start("offer")
    with pytest.raises(NoSuchPromotion):
        preview("offer", NOW)


# ----------------------------------------------------------------------------------- with orders


def test_a_promised_discount_is_held_used_and_released(alice: int) -> None:
    offer(promotion())
    order = quoted(alice)
    assert (order.subtotal, order.discount, order.total) == (2000, 200, 1800)
    assert uses(order) == []
    promotions.hold(order, NOW)
    assert uses(order) == [("offer", "held", 200)]
    promotions.use(order.pk)
    assert uses(order) == [("offer", "used", 200)]
    promotions.release(order.pk)
    assert uses(order) == [("offer", "released", 200)]
    # The payment was late, but came: what it was promised holds.
    promotions.use(order.pk)
    assert uses(order) == [("offer", "used", 200)]


def test_a_gift_alone_is_a_use_too(alice: int) -> None:
    gift = {"bonus": {"data": "1GB", "validity": "30d"}}
    offer(promotion(does=gift, limits={"per_person": 1}))
    order = quoted(alice)
    promotions.hold(order, NOW)
    assert uses(order) == [("offer", "held", 0)]
    assert quoted(alice, key="again").items.get().gives == {"gifts": []}


def test_a_limit_is_given_back_by_who_does_not_pay(alice: int, bob: int) -> None:
    offer(promotion(limits={"in_all": 1}))
    first, second = quoted(alice), quoted(bob)
    promotions.hold(first, NOW)
    with pytest.raises(PromotionGone, match="offer"):
        promotions.hold(second, NOW)
    assert uses(second) == []
    promotions.release(first.pk)
    promotions.hold(second, NOW)
    assert uses(second) == [("offer", "held", 200)]


def test_a_budget_is_never_exceeded(alice: int, bob: int) -> None:
    """5.00 USD: two discounts of 2.00 fit, a third does not; in yuan nothing is spent yet."""
    offer(promotion(limits={"budget": ["5.00 USD", "5.00 CNY"]}))
    orders = [quoted(alice, key=f"{number}") for number in range(3)]
    promotions.hold(orders[0], NOW)
    promotions.hold(orders[1], NOW)
    with pytest.raises(PromotionGone):
        promotions.hold(orders[2], NOW)
    assert quoted(bob).discount == 0


def test_what_was_stopped_since_the_quote_is_gone(alice: int) -> None:
    offer(promotion())
    order = quoted(alice)
    promotions.stop("offer", NOW)
    with pytest.raises(PromotionGone):
        promotions.hold(order, NOW)


def test_the_first_purchase_is_the_first_that_was_paid_and_kept(alice: int) -> None:
    offer(promotion(only={"first_purchase": "true"}))
    order = quoted(alice, key="first")
    promotions.hold(order, NOW)
    assert quoted(alice, key="at the same time").discount == 0
    pay(order)
    assert quoted(alice, key="second").discount == 0
    promotions.release(order.pk)
    models.Order.objects.filter(pk=order.pk).update(state="refunded")
    assert quoted(alice, key="third").discount == 200


def test_a_basket_is_weighed_in_a_constant_number_of_queries(alice: int) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            promotions.applicable(alice, [], "USD", "SUMMER", NOW)
        return len(captured)

    offer(promotion("one", limits={"in_all": 9}))
    few = queries()
    offer(*(promotion(f"p{number}", limits={"per_person": 1}) for number in range(12)))
    assert queries() == few == 4


def test_a_visitor_sees_what_a_new_customer_would_get(shop: None) -> None:
    offer(promotion(only={"first_purchase": "true"}), promotion("b", only={"referred": "true"}))
    refused = dict(promotions.applicable(None, [], "USD", "", NOW).refused)
    assert refused == {"offer": "not_for_these", "b": "not_referred"}


# ------------------------------------------------------------------------------------ all at once


def at_once(orders: list[models.Order]) -> list[str]:
    """Holds what each order was promised, each on a connection of its own; who was refused."""

    def run(order: models.Order) -> str:
        try:
            promotions.hold(order, NOW)
        except PromotionGone as gone:
            return gone.name
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(orders)) as pool:
        return [name for name in pool.map(run, orders) if name]


@pytest.mark.parametrize(
    ("limits", "held"),
    [({"in_all": 3}, 3), ({"budget": ["5.00 USD"]}, 2), ({"per_person": 1}, 4)],
)
def test_everybody_wants_the_last_one(
    committed_ledger: None, limits: dict[str, Any], held: int
) -> None:
    """Four people with two orders each: as many are held as the limit says, and no more."""
    open_shop()
    offer(promotion(limits=limits))
    people = [subscriber(name) for name in ("Alice", "Bob", "Charlie", "Dora")]
    orders = [quoted(one, key=f"{one}-{number}") for one in people for number in range(2)]
    assert at_once(orders) == ["offer"] * (len(orders) - held)
    assert models.PromotionUse.objects.filter(state="held").count() == held


def test_orders_that_want_the_same_two_do_not_lock_each_other_out(committed_ledger: None) -> None:
    open_shop()
    limits = {"in_all": 100}
    first = promotion("a", stacks="all", order=1, limits=limits)
    second = promotion("b", stacks="all", order=0, limits=limits)
    offer(first, second)
    orders = [quoted(subscriber(str(number))) for number in range(8)]
    assert at_once(orders) == []
    assert models.PromotionUse.objects.filter(state="held").count() == 16


def test_two_cannot_invite_each_other_at_the_same_moment(committed_ledger: None) -> None:
    pair = [subscriber("Alice"), subscriber("Bob")]
    codes = [referrals.invitation(one) for one in pair]

    def accept(guest: int, code: str) -> str:
        try:
            referrals.accept(guest, code)
        except UnableToRefer as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(accept, pair, reversed(codes)))
    assert sorted(answers) == ["", "each_other"]


# ------------------------------------------------------------------------------------- previews


def test_olga_sees_who_would_get_what_before_it_begins(alice: int, bob: int) -> None:
    alices, bobs = line_of(alice), line_of(bob, "large")
    line_of(alice)
    season = {"timezone": "Asia/Shanghai", "days": ["11-11"]}
    offer(promotion(only={"kinds": ["renewal"], "season": season}))
    seen = preview("offer", NOW)
    assert (seen.now, seen.people) == ("out_of_season", 2)
    told = {sample.plan: (sample.off, sample.buyers) for sample in seen.samples}
    assert told == {"small": (200, 2), "large": (500, 1)}
    assert seen.most.cost == (Money(900, "USD"),)
    assert [one.line for one in seen.examples] == [alices, bobs, alices + 2]
    assert seen.examples[0].name == "Alice"


def test_limits_bound_what_it_would_cost(alice: int, bob: int) -> None:
    for one in (alice, bob):
        line_of(one)
        line_of(one, "large")
    renewals = {"kinds": ["renewal"]}
    offer(promotion(only=renewals, limits={"in_all": 3}))
    assert preview("offer", NOW).most.cost == (Money(500 + 500 + 200, "USD"),)
    offer(promotion(only=renewals, limits={"budget": ["7.00 USD"]}))
    assert preview("offer", NOW).most.cost == (Money(700, "USD"),)
    offer(promotion(only=renewals, limits={"per_person": 1}))
    assert preview("offer", NOW).most.cost == (Money(500 + 500, "USD"),)
    bonus = {"bonus": {"data": "1GB", "validity": "7d"}}
    offer(promotion(only=renewals, does=bonus, limits={"in_all": 3}))
    assert preview("offer", NOW).most.bonus == 3 * 10**9


def test_who_has_had_theirs_is_not_counted(alice: int, bob: int) -> None:
    line = line_of(alice)
    line_of(bob)
    offer(promotion(limits={"per_person": 1}, only={"kinds": ["renewal"]}))
    order = quoted(alice, RenewalItem(line=line))
    promotions.hold(order, NOW)
    seen = preview("offer", NOW)
    assert (seen.people, [one.subscriber for one in seen.examples]) == (1, [bob])
    promotions.release(order.pk)
    assert preview("offer", NOW).people == 2


def test_a_new_line_counts_people(alice: int, bob: int) -> None:
    offer(promotion(only={"kinds": ["new_line"], "first_purchase": "true", "plans": ["large"]}))
    pay(quoted(alice))
    seen = preview("offer", NOW)
    assert [(sample.kind, sample.buyers) for sample in seen.samples] == [("new_line", 1)]
    assert (seen.most.cost, seen.examples) == ((Money(500, "USD"),), ())


# ------------------------------------------------------------------------------------ invitations


def test_bob_comes_by_alices_invitation_and_she_is_rewarded_once(alice: int, bob: int) -> None:
    offer(promotion(only={"referred": "true"}))
    code = referrals.invitation(alice)
    assert referrals.invitation(alice) == code
    assert quoted(bob, key="alone").discount == 0
    referrals.accept(bob, code.lower().replace("-", " "))
    referrals.accept(bob, code)
    order = quoted(bob, key="invited")
    assert order.discount == 200
    pay(order)
    assert referrals.reward(order.pk, Money(500, "USD"), NOW)
    assert not referrals.reward(order.pk, Money(500, "USD"), NOW)
    second = quoted(bob, key="second")
    assert not referrals.reward(second.pk, Money(900, "USD"), NOW)
    assert wallets.balances(alice) == {"USD": 500}


def test_nobody_is_rewarded_for_who_came_alone(alice: int) -> None:
    assert not referrals.reward(quoted(alice).pk, Money(500, "USD"), NOW)


def test_invitations_that_do_not_count(alice: int, bob: int) -> None:
    charlie = subscriber("Charlie")
    code = referrals.invitation(alice)

    def why(guest: int, typed: str) -> str:
        with pytest.raises(UnableToRefer) as refusal, transaction.atomic():
            referrals.accept(guest, typed)
        return refusal.value.code

    assert why(bob, "0000-0012") == "no_such_code"
    assert why(bob, "") == "no_such_code"
    assert why(alice, code) == "own_code"
    referrals.accept(bob, code)
    assert why(bob, referrals.invitation(charlie)) == "already"
    assert why(alice, referrals.invitation(bob)) == "each_other"
    pay(quoted(charlie))
    assert why(charlie, code) == "not_new"
