"""What the ledger holds becomes a paper: nothing left out, nothing twice, nothing written."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from tests.papers.conftest import BOUGHT, GB, NOW, OPENING

from eka.ledger import models, reading
from eka.ledger.connections import rows
from eka.papers import Statement
from eka.papers.movements import sums, total
from eka.rules.baskets import RenewalItem
from eka.rules.plan_text import plan_from_text
from eka.rules.requests import Change, Use
from eka.rules.units import Money
from eka.usecases import checkout, fulfilment, papers, refunding, sending_back, wallets
from eka.usecases.balances import look
from eka.usecases.catalogue import sell
from eka.usecases.commands import NoSuchLine, carry_out
from eka.usecases.lines import NewLine, add_line
from eka.usecases.orders import NoSuchOrder
from eka.usecases.quoting import Wish, quote
from eka.usecases.settling import settle_all

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def by_kind(statement: Statement, end: str) -> dict[str, int | None]:
    return {row.kind: getattr(row, end) for row in sums(statement) if getattr(row, end) != 0}


# ---- receipts


def test_the_receipt_has_what_alice_was_quoted(order: str, line_id: int) -> None:
    paper = papers.receipt(order)
    assert (paper.number, paper.state, paper.at) == (order, "fulfilled", BOUGHT)
    assert (paper.subtotal, paper.discount, paper.total) == (7800, 0, 7800)
    assert paper.seller.name["zh-Hans"] == "海港流量"
    assert (paper.buyer.name, paper.buyer.email) == ("Alice 张爱丽", "a@example.com")
    renewal, extra = paper.items
    assert (renewal.kind, renewal.times, renewal.price) == ("renewal", 2, 7000)
    assert renewal.title["zh-Hans"] == "海港 5"
    assert renewal.line is not None
    assert renewal.line.label == "My phone"
    assert (extra.kind, extra.data, extra.price) == ("top_up", 2 * GB, 800)
    assert extra.validity is not None


def test_what_came_from_the_wallet_is_told_with_its_balance(order: str) -> None:
    paper = papers.receipt(order)
    assert [(paid.gateway, paid.amount, paid.transaction) for paid in paper.paid] == [
        ("wallet", 7800, "")
    ]
    assert [(move.kind, move.amount, move.balance) for move in paper.wallet] == [
        ("spend", -7800, 2200)
    ]


def test_what_a_gateway_took_is_told_without_its_whole_number(quoted: str) -> None:
    order = models.Order.objects.get(number=quoted)
    method = models.SavedMethod.objects.create(
        subscriber=order.subscriber, gateway="stripe", shown="Visa ···· 4242", created_at=BOUGHT
    )
    payment = models.Payment.objects.create(
        number="P1",
        order=order,
        gateway="stripe",
        way="page",
        currency="USD",
        amount=7800,
        method=method,
        begun_at=BOUGHT,
        expires_at=NOW,
    )
    for transaction, role in (("ch_3Secret7Qx2Ab", "credited"), ("ch_2", "surplus")):
        models.MoneyIn.objects.create(
            gateway="stripe",
            transaction=transaction,
            payment=payment,
            order=order,
            currency="USD",
            amount=7800,
            role=role,
            at=BOUGHT,
            heard_at=BOUGHT,
        )
    models.Order.objects.filter(number=quoted).update(state="paid", paid_at=BOUGHT)
    first, second = papers.receipt(quoted).paid
    assert (first.transaction, first.shown, first.surplus) == ("****7Qx2Ab", method.shown, False)
    assert (second.transaction, second.surplus) == ("****_2", True)


def test_what_went_back_is_on_the_receipt_and_what_failed_is_not(order: str) -> None:
    wanted = refunding.Wanted(key="a", why="staff", by="olga", amount=800)
    number = refunding.refund(order, wanted, BOUGHT + DAY)
    assert [(back.amount, back.done) for back in papers.receipt(order).returned] == [(800, False)]
    sending_back.send(number, "", BOUGHT + DAY)
    paper = papers.receipt(order)
    assert [(back.gateway, back.amount, back.done) for back in paper.returned] == [
        ("wallet", 800, True)
    ]
    assert [move.amount for move in paper.wallet] == [-7800, 800]
    models.Refund.objects.filter(number=number).update(state="failed")
    assert papers.receipt(order).returned == ()


def test_the_first_period_of_a_renewal_has_its_dates_once_it_has_begun(line_id: int) -> None:
    late = OPENING + timedelta(days=40)
    settle_all(late)
    subscriber = models.Subscriber.objects.get()
    number = bought_after_the_end(subscriber, line_id, late)
    first = papers.receipt(number).items[0]
    assert first.starts == late
    assert first.ends == datetime(2026, 3, 14, 14, tzinfo=UTC)


def bought_after_the_end(subscriber: models.Subscriber, line_id: int, at: datetime) -> str:
    wish = Wish(
        subscriber=subscriber.pk, items=(RenewalItem(line=line_id),), currency="USD", key="late"
    )
    number = quote(wish, at)
    wallets.give(subscriber.pk, Money(3500, "USD"), why="goodwill", key="more", now=at)
    checkout.pay_from_wallet(number, at, pin=None)
    fulfilment.fulfil(number, at)
    return number


def test_promotions_are_named_and_forgotten_ones_keep_their_amounts(order: str) -> None:
    models.Promotion.objects.create(
        name="spring", terms={"title": {"en": "Spring sale"}}, created_at=OPENING
    )
    parts = [
        {"promotion": name, "position": place, "amount": amount}
        for name, place, amount in (("spring", 0, 500), ("spring", 1, 200), ("gone", 0, 100))
    ]
    models.Order.objects.filter(number=order).update(promise={"discounts": parts}, discount=800)
    off = papers.receipt(order).discounts
    assert [(part.title["en"], part.amount) for part in off] == [
        ("Spring sale", 700),
        ("gone", 100),
    ]


def test_there_is_no_receipt_before_the_money(quoted: str) -> None:
    with pytest.raises(papers.NotPaid):
        papers.receipt(quoted)
    with pytest.raises(NoSuchOrder):
        papers.receipt("E-none")


def test_a_short_number_is_not_shown_whole() -> None:
    assert [papers.masked(number) for number in ("", "7", "1234", "4200001234567890")] == [
        *("", "", "****34", "****567890"),
    ]


# ---- statements


def test_the_balance_between_is_that_of_the_line(order: str, line_id: int) -> None:
    settle_all(NOW)
    for at in (OPENING + 10 * DAY, BOUGHT + DAY, OPENING + 32 * DAY, NOW - DAY):
        before = papers.statement(line_id, OPENING - DAY, at, NOW)
        after = papers.statement(line_id, at, NOW, NOW)
        assert by_kind(before, "closing") == by_kind(after, "opening")
        assert by_kind(before, "opening") == {}
    held: dict[str, int] = {}
    for bucket in look(line_id, NOW).line.buckets:
        held[bucket.kind] = held.get(bucket.kind, 0) + (bucket.left or 0)
    whole = papers.statement(line_id, OPENING - DAY, NOW, NOW)
    assert by_kind(whole, "closing") == held


def test_it_needs_no_entry_from_before(order: str, line_id: int) -> None:
    settle_all(NOW)
    whole = papers.statement(line_id, BOUGHT + DAY, NOW, NOW)
    # As if the month before had been archived: its partition is detached.
    rows_before = rows(
        "SELECT count(*) FROM entry WHERE line_id = %s AND at < %s", [line_id, BOUGHT]
    )
    assert rows_before[0][0] > 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM entry WHERE at < %s", [BOUGHT])
    assert papers.statement(line_id, BOUGHT + DAY, NOW, NOW) == whole


def test_what_is_due_is_told_before_a_job_has_been_there(order: str, line_id: int) -> None:
    unsettled = papers.statement(line_id, BOUGHT, NOW, NOW)
    assert "carried" in [entry.code for entry in unsettled.entries]
    settle_all(NOW)
    assert papers.statement(line_id, BOUGHT, NOW, NOW) == unsettled


def test_looking_writes_nothing(order: str, line_id: int) -> None:
    before = reading.read([line_id])[0]
    papers.statement(line_id, OPENING, NOW, NOW)
    after = reading.read([line_id])[0]
    assert (before.revision, before.entry_count) == (after.revision, after.entry_count)


def test_orders_of_the_span_stand_with_what_went_back(order: str, line_id: int) -> None:
    wanted = refunding.Wanted(key="a", why="staff", by="olga", amount=800)
    refunding.refund(order, wanted, BOUGHT + DAY)
    (paid,) = papers.statement(line_id, BOUGHT, NOW, NOW).orders
    assert (paid.number, paid.amount, paid.refunded, len(paid.items)) == (order, 7800, 800, 2)
    assert papers.statement(line_id, OPENING, BOUGHT, NOW).orders == ()


def test_it_says_whose_line_it_is_and_on_which_plan(line_id: int) -> None:
    paper = papers.statement(line_id, OPENING, NOW, NOW)
    assert (paper.owner, paper.line.label, paper.plans) == (
        "Alice 张爱丽",
        "My phone",
        ("harbour",),
    )
    assert paper.titles["harbour"]["en"] == "Harbour 5"
    assert paper.timezone == "America/New_York"


def test_it_ends_now_at_the_latest(line_id: int) -> None:
    assert papers.statement(line_id, OPENING, NOW + 30 * DAY, NOW).ends == NOW


@pytest.mark.parametrize(("starts", "ends"), [(NOW, NOW + DAY), (NOW - DAY, NOW - DAY)])
def test_a_span_without_time_is_refused(line_id: int, starts: datetime, ends: datetime) -> None:
    with pytest.raises(papers.EmptySpan):
        papers.statement(line_id, starts, ends, NOW)


def test_a_line_that_is_not_there_is_refused(db: None) -> None:
    with pytest.raises(NoSuchLine):
        papers.statement(10**9, OPENING, NOW, NOW)
    with pytest.raises(NoSuchLine):
        papers.timezone_of(10**9)


def test_a_line_that_was_never_activated_has_a_quiet_statement(alice: models.Subscriber) -> None:
    line = add_line(NewLine(plan="harbour"), OPENING)
    paper = papers.statement(line, OPENING, NOW, NOW)
    assert (paper.entries, paper.owner, sums(paper)) == ((), "", [])
    assert paper.plans == ("harbour",)


def test_without_limit_holds_until_the_period_ends_or_the_line_is_closed(
    alice: models.Subscriber,
) -> None:
    sell(plan_from_text({"name": "ocean", "data": "unlimited", "period": "30d"}), OPENING)
    line = add_line(NewLine(plan="ocean"), OPENING, activate=True)
    carry_out(line, Use(12 * GB), now=OPENING + DAY, key="much")
    running = papers.statement(line, OPENING, OPENING + 5 * DAY, NOW)
    assert (by_kind(running, "closing"), by_kind(running, "used")) == (
        {"plan": None},
        {"plan": -12 * GB},
    )
    later = papers.statement(line, OPENING + 5 * DAY, OPENING + 6 * DAY, NOW)
    assert total(later, sums(later)).opening is None
    assert sums(papers.statement(line, OPENING + 40 * DAY, NOW, NOW)) == []
    carry_out(line, Change("cancel"), now=OPENING + 10 * DAY, key="enough")
    assert (
        by_kind(papers.statement(line, OPENING + 5 * DAY, OPENING + 20 * DAY, NOW), "closing") == {}
    )
    assert sums(papers.statement(line, OPENING + 11 * DAY, OPENING + 12 * DAY, NOW)) == []


def test_a_hundred_times_as_much_takes_as_many_queries(
    order: str, line_id: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settle_all(NOW)
    papers.receipt(order)
    papers.statement(line_id, OPENING, NOW, NOW)
    with CaptureQueriesContext(connection) as few:
        papers.statement(line_id, OPENING, NOW, NOW)
        papers.receipt(order)
    for number in range(100):
        carry_out(line_id, Use(1), now=NOW, key=f"more-{number}")
    models.OrderItem.objects.bulk_create(
        models.OrderItem(
            order=models.Order.objects.get(number=order),
            position=position,
            kind="top_up",
            terms={"kind": "top_up", "line": line_id, "data": GB, "validity": ""},
            line_id=line_id,
            price=100,
        )
        for position in range(2, 20)
    )
    with django_assert_num_queries(len(few)):
        papers.statement(line_id, OPENING, NOW, NOW)
        papers.receipt(order)
