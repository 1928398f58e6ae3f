"""Alice's line renews itself: paid first, reminded before, tried again, never charged twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.usecases.renewal_story import CHARGE, DAY, END, HOUR, KB, NEW_YEAR, PLANS, Story

from eka.ledger import models
from eka.ledger.plans import OnSale
from eka.rules.buckets import left
from eka.rules.catalogue_text import read_catalogue
from eka.rules.requests import Change, Renew, TopUp
from eka.rules.units import Duration, Money
from eka.usecases import checkout, looking
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.consents import UnableToAgree, agree, standing
from eka.usecases.lines import NewLine, add_line
from eka.usecases.renewal_orders import order_for, renewal_of
from eka.usecases.renewing import take_steps


@pytest.fixture
def story(db: None) -> Story:
    """Alice's line on four kilobytes for thirty days, since New Year."""
    return Story()


# --------------------------------------------------------------------------------- the good way


def test_it_is_paid_ahead_and_begins_on_the_second(story: Story) -> None:
    story.charge(25)
    story.agree()
    story.use(KB)
    story.at(CHARGE - HOUR)
    assert (story.balance(), story.told()) == (2500, ["agreed", "reminder", "reminder"])
    story.at(CHARGE)
    assert (story.balance(), story.told()[-1]) == (1500, "paid")
    assert story.period() == (1, NEW_YEAR)
    assert left(story.see()) == 3 * KB
    story.at(END)
    assert story.period() == (2, END)
    assert (left(story.see(), "plan"), left(story.see(), "rollover")) == (4 * KB, 3 * KB)
    assert story.orders() == ["fulfilled"]


def test_it_goes_on_month_after_month_until_the_money_is_out(story: Story) -> None:
    story.charge(25)
    story.agree()
    story.at(NEW_YEAR + 59 * DAY)
    assert (story.period()[0], story.balance(), story.orders()) == (2, 500, ["fulfilled"] * 2)
    story.at(NEW_YEAR + 120 * DAY)
    assert story.balance() == 500
    assert story.see().state == "lapsed"
    assert story.period() == (3, NEW_YEAR + 60 * DAY)
    assert story.told().count("paid") == 2
    assert story.why_ended() == "failed"


def test_the_reminder_says_what_when_and_from_where(story: Story) -> None:
    story.charge(5)
    story.agree()
    story.at(CHARGE - 3 * DAY)
    told = story.last("reminder")
    assert told["charge_at"] == "2026-01-29T23:00:00Z"
    assert told["ends"] == "2026-01-31T00:00:00Z"
    assert (told["plan"], told["amount"], told["currency"]) == ("four", 1000, "USD")
    assert (told["method"], told["balance"]) == ("wallet", 500)


def test_the_shop_is_never_too_early(db: None) -> None:
    """Vodafone UK: no renewal ahead of the end rolls over. This one does: the shop chose when."""
    story = Story("vodafone")
    story.charge(10)
    story.agree()
    story.use(KB)
    story.at(END)
    assert left(story.see(), "rollover") == 3 * KB


def test_where_the_next_charge_is_shown(story: Story) -> None:
    story.charge(10)
    assert standing(story.line, story.now) is None
    story.agree()
    shown = standing(story.line, story.now)
    assert shown is not None
    assert (shown.charge_at, shown.ends, shown.price) == (CHARGE, END, Money(1000, "USD"))
    story.at(CHARGE)
    paid = standing(story.line, story.now)
    assert paid is not None
    assert paid.charge_at is None
    story.at(END)
    following = standing(story.line, story.now)
    assert following is not None
    assert following.charge_at == END + 30 * DAY - 25 * HOUR


# ------------------------------------------------------------------------------------- failures


def test_a_retry_that_succeeds_within_the_period_loses_nothing(story: Story) -> None:
    story.agree()
    story.use(KB)
    story.at(CHARGE)
    assert story.told()[-1] == "failed"
    failed = story.last("failed")
    assert (failed["reason"], failed["next_at"]) == ("not_enough", "2026-01-30T23:00:00Z")
    assert failed["keeps_until"] == "2026-01-31T00:00:00Z"
    story.charge(10)
    story.at(END)
    assert story.told()[-1] == "paid"
    assert left(story.see(), "rollover") == 3 * KB


def test_a_retry_within_the_grace_saves_what_is_held(db: None) -> None:
    story = Story("patient")
    story.agree()
    story.use(KB)
    story.at(END + DAY)
    assert story.see().state == "lapsed"
    story.charge(10)
    story.at(END + 2 * DAY)
    assert story.period()[0] == 2
    assert left(story.see(), "rollover") == 3 * KB


def test_after_the_last_retry_it_stops_and_says_so(story: Story) -> None:
    story.agree()
    story.at(END + 30 * DAY)
    assert story.told() == ["agreed", *["reminder"] * 2, *["failed"] * 4, "ended"]
    tries = models.Message.objects.filter(event="auto_renewal_failed").order_by("pk")
    assert [told.at - CHARGE for told in tries] == [0 * DAY, DAY, 3 * DAY, 5 * DAY]
    assert "next_at" not in tries[3].facts
    assert story.last("ended")["why"] == "failed"
    assert story.see().state == "lapsed"
    story.charge(50)
    story.at(END + 60 * DAY)
    assert story.balance() == 5000


def test_a_price_that_rose_is_not_charged(story: Story) -> None:
    story.charge(50)
    story.agree()
    dearer = PLANS.replace("10.00 USD", "12.00 USD")
    import_catalogue(read_catalogue(dearer), story.now)
    story.at(END)
    assert (story.balance(), story.orders()) == (5000, [])
    assert story.told() == ["agreed", "ended"]
    told = story.last("ended")
    assert (told["why"], told["amount"], told["new_amount"]) == ("price", 1000, 1200)
    assert story.why_ended() == "price"


def test_a_price_that_rose_after_the_reminders_is_not_charged_either(story: Story) -> None:
    story.charge(50)
    story.agree()
    story.at(CHARGE - HOUR)
    import_catalogue(read_catalogue(PLANS.replace("10.00 USD", "10.01 USD")), story.now)
    story.at(END)
    assert (story.balance(), story.orders(), story.why_ended()) == (5000, [], "price")


def test_a_price_that_fell_is_what_is_charged(story: Story) -> None:
    story.charge(50)
    story.agree()
    import_catalogue(read_catalogue(PLANS.replace("10.00 USD", "8.00 USD")), story.now)
    story.at(END)
    assert story.balance() == 4200
    assert story.period() == (2, END)


# -------------------------------------------------------------------------- what else happens


def test_who_renews_by_hand_is_not_charged_for_that_end(story: Story) -> None:
    story.charge(50)
    story.agree()
    story.at(END - 10 * DAY)
    carry_out(story.line, Renew(), now=story.now, key="by hand")
    story.at(END + 5 * DAY)
    assert story.balance() == 5000
    story.at(END + 20 * DAY)
    assert (story.balance(), story.period()) == (4000, (3, END + 20 * DAY))


def test_a_next_period_that_is_paid_already_is_not_paid_again(story: Story) -> None:
    story.charge(50)
    story.agree()
    carry_out(story.line, Renew(starts="at_end"), now=story.now, key="by hand")
    story.at(END + DAY)
    assert (story.balance(), story.period()) == (5000, (2, END))
    story.at(END + 30 * DAY)
    assert (story.balance(), story.period()) == (4000, (3, END + 30 * DAY))


def test_a_suspended_line_is_not_charged(story: Story) -> None:
    story.charge(50)
    story.agree()
    carry_out(story.line, Change("suspend"), now=story.now, key="suspend")
    story.at(END + 20 * DAY)
    carry_out(story.line, Change("resume"), now=story.now, key="resume")
    story.at(END + 40 * DAY)
    assert (story.balance(), story.why_ended()) == (5000, "lapsed")


def test_a_suspension_that_ends_in_time_is_forgotten(story: Story) -> None:
    story.charge(50)
    story.agree()
    carry_out(story.line, Change("suspend"), now=story.now, key="suspend")
    story.at(END - 10 * DAY)
    carry_out(story.line, Change("resume"), now=story.now, key="resume")
    story.at(END)
    assert (story.balance(), story.period()) == (4000, (2, END))


def test_another_plan_is_another_agreement(story: Story) -> None:
    story.charge(50)
    story.agree()
    carry_out(story.line, Renew(OnSale()["patient"]), now=story.now + DAY, key="switch")
    story.at(END + 10 * DAY)
    assert (story.balance(), story.why_ended()) == (5000, "plan")


def test_a_closed_line_needs_no_consent(story: Story) -> None:
    story.agree()
    carry_out(story.line, Change("cancel"), now=story.now, key="cancel")
    story.at(END)
    assert story.why_ended() == "closed"
    with pytest.raises(UnableToAgree, match="closed"):
        story.agree("again")


def test_a_line_that_has_lapsed_is_renewed_at_once(story: Story) -> None:
    story.charge(50)
    story.at(END + DAY)
    story.agree()
    story.at(END + DAY)
    assert (story.balance(), story.period()) == (4000, (2, END + DAY))
    assert story.told() == ["agreed", "reminder", "paid"]


def test_a_line_that_was_never_activated_waits(db: None) -> None:
    story = Story()
    line = add_line(NewLine(plan="four", subscriber=story.alice), story.now)
    agree(replace(story.consent, line=line), now=story.now, key="form")
    story.charge(50)
    story.at(END + 10 * DAY)
    assert story.balance() == 5000
    shown = standing(line, story.now)
    assert shown is not None
    assert (shown.plan, shown.charge_at) == ("four", None)


def test_who_moves_the_end_moves_the_charge(story: Story) -> None:
    story.charge(50)
    story.agree()
    models.Period.objects.filter(line=story.line).update(ends=END - 5 * DAY)
    models.LineState.objects.filter(line=story.line).update(next_due=END - 5 * DAY)
    story.at(END - 5 * DAY)
    assert (story.balance(), story.period()) == (4000, (2, END - 5 * DAY))


# ----------------------------------------------------------------------------------- when low


def test_low_data_buys_the_next_period_for_when_it_is_used_up(story: Story) -> None:
    story.charge(50)
    story.agree(when_low=True)
    story.now += 10 * DAY
    story.use(3799)
    story.at(story.now + HOUR)
    assert story.balance() == 5000
    story.use(1)
    story.at(story.now + HOUR)
    assert (story.balance(), story.period()) == (4000, (1, NEW_YEAR))
    assert story.told()[-2:] == ["low", "paid"]
    story.use(300)
    assert story.period() == (2, story.now)
    assert left(story.see()) == 3900
    story.at(story.now + 20 * DAY)
    assert story.balance() == 4000


def test_who_did_not_ask_for_it_is_not_renewed_when_low(story: Story) -> None:
    story.charge(50)
    story.agree()
    story.use(4 * KB)
    story.at(NEW_YEAR + 20 * DAY)
    assert (story.balance(), story.told()) == (5000, ["agreed"])


def test_low_data_without_money_is_told_once_and_the_end_stays_as_it_was(story: Story) -> None:
    story.agree(when_low=True)
    story.use(4 * KB)
    story.at(END - 10 * DAY)
    assert story.told() == ["agreed", "low", "failed"]
    story.charge(10)
    story.at(END)
    assert story.told() == ["agreed", "low", "failed", "reminder", "reminder", "paid"]
    assert story.period() == (2, END)


def test_a_top_up_in_time_needs_no_renewal(story: Story) -> None:
    story.charge(50)
    story.agree(when_low=True)
    story.use(4 * KB)
    models.AutoRenewal.objects.update(step="low", next_due=story.now)
    carry_out(story.line, TopUp(KB, Duration(months=1)), now=story.now, key="top-up")
    story.at(NEW_YEAR + 5 * DAY)
    assert (story.balance(), story.told()) == (5000, ["agreed"])


# ------------------------------------------------------------------------------------- by link


def test_who_pays_by_link_gets_one_and_pays_it(story: Story) -> None:
    story.charge(50)
    story.agree(method="link")
    story.use(KB)
    story.at(CHARGE)
    assert story.told() == ["agreed", "reminder", "reminder", "link"]
    assert story.balance() == 5000
    sent = models.Message.objects.filter(event="auto_renewal_link").get()
    assert sent.order is not None
    checkout.pay_from_wallet(sent.order.number, story.now, pin=None)
    story.at(END)
    assert story.period() == (2, END)
    assert left(story.see(), "rollover") == 3 * KB
    assert story.told()[-1] == "link"


def test_links_that_nobody_opens_end_it(story: Story) -> None:
    story.agree(method="link")
    story.at(END + 10 * DAY)
    assert story.told() == ["agreed", *["reminder"] * 2, *["link"] * 4, "ended"]
    assert story.why_ended() == "failed"
    assert set(story.orders()) == {"expired"}


# ------------------------------------------------------------------------------------- crashes


def test_a_worker_that_dies_after_the_charge_charges_nothing_twice(story: Story) -> None:
    """The row is put back to what it was before the charge was concluded."""
    story.charge(50)
    story.agree()
    story.at(CHARGE - HOUR)
    story.now = CHARGE
    row = models.AutoRenewal.objects.get()
    take_steps(story.now, 1)
    order = models.Order.objects.get()
    assert order.state == "paid"
    later = story.now + timedelta(minutes=10)
    models.AutoRenewal.objects.filter(pk=row.pk).update(
        step="charge", order=order, tries=0, for_end=END, next_due=later
    )
    story.at(END)
    assert (story.balance(), story.period()) == (4000, (2, END))
    assert story.told().count("paid") == 1


def test_a_worker_that_dies_before_the_charge_leaves_it_to_another(story: Story) -> None:
    """For so long that the order which it had made is over."""
    story.charge(50)
    story.agree()
    story.at(CHARGE - HOUR)
    row = models.AutoRenewal.objects.get()
    order = order_for(row, renewal_of(row), f"auto:{row.pk}:2026-01-31T00:00:00Z:1:0", CHARGE)
    lease = CHARGE + timedelta(minutes=10)
    models.AutoRenewal.objects.update(step="charge", order=order, next_due=lease)
    looking.expire_due(CHARGE + 2 * HOUR)
    story.now = CHARGE + 2 * HOUR
    story.at(END)
    assert (story.balance(), story.period()) == (4000, (2, END))
    assert story.orders() == ["expired", "fulfilled"]
    assert "failed" not in story.told()


@pytest.fixture
def committed(committed_ledger: None) -> Story:
    """The story with rows that several workers see."""
    return Story()


def test_workers_side_by_side_charge_once(committed: Story) -> None:
    story = committed
    story.charge(50)
    story.agree()
    story.at(CHARGE - HOUR)

    def worker(_: int) -> None:
        try:
            for _nth in range(3):
                take_steps(CHARGE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    assert (story.balance(), len(story.orders())) == (4000, 1)
    story.at(END)
    assert story.period() == (2, END)
    assert story.told().count("paid") == 1
