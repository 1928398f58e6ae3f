"""Consents to renew by itself: recorded as they were given, replaced, and withdrawn at once."""

from typing import Any

import pytest
from tests.usecases.renewal_story import CHARGE, DAY, END, HOUR, NEW_YEAR, Story

from eka.ledger import models
from eka.rules.units import Money
from eka.usecases.checkout import UnableToPay, pay_from_wallet
from eka.usecases.commands import KeyReused, NoSuchLine
from eka.usecases.consents import UnableToAgree, standing, standings, stop
from eka.usecases.renewal_orders import Charge, make, order_for, renewal_of
from eka.usecases.renewing import take_steps


@pytest.fixture
def story(db: None) -> Story:
    """Alice's line on four kilobytes for thirty days, since New Year."""
    return Story()


# ---------------------------------------------------------------------------------- consenting


def test_the_words_that_were_agreed_to_are_kept(story: Story) -> None:
    story.agree()
    (kept,) = standings(story.now, story.alice)
    assert kept.text == story.consent.text
    assert (kept.consented_at, kept.price) == (NEW_YEAR, Money(1000, "USD"))
    assert story.last("agreed")["text"] == story.consent.text


def test_a_consent_is_given_once_for_its_key(story: Story) -> None:
    assert story.agree() == story.agree()
    assert story.told() == ["agreed"]
    with pytest.raises(KeyReused):
        story.agree(price=Money(2000, "USD"))


def test_a_new_consent_takes_the_place_of_the_old(story: Story) -> None:
    story.charge(50)
    first = story.agree()
    second = story.agree("other", price=Money(1500, "USD"))
    assert first != second
    assert [one.ended_why for one in standings(story.now)] == ["replaced", ""]
    story.at(END)
    assert story.balance() == 4000


def test_a_new_consent_does_not_pay_again_for_the_same_end(story: Story) -> None:
    story.charge(50)
    story.agree()
    story.now = CHARGE
    while take_steps(story.now):  # paid, and not delivered yet
        pass
    assert story.orders() == ["paid"]
    story.agree("other")
    story.at(END + DAY)
    assert (story.balance(), story.period()) == (4000, (2, END))


def test_a_line_whose_seller_bills_later_pays_ahead_from_then_on(story: Story) -> None:
    models.LineState.objects.filter(line=story.line).update(auto_renew=True)
    story.agree()
    story.at(END)
    assert story.see().state == "lapsed"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"method": "stripe"}, "no_such_method"),
        ({"method": "stripe", "saved_method": 999_999}, "no_such_method"),
        ({"method": "wallet", "saved_method": 1}, "no_such_method"),
        ({"text": "  "}, "incomplete"),
        ({"price": Money(-1, "USD")}, "incomplete"),
    ],
)
def test_what_cannot_be_agreed_to(story: Story, terms: dict[str, Any], code: str) -> None:
    with pytest.raises(UnableToAgree, match=code):
        story.agree(**terms)
    assert standing(story.line, story.now) is None


def test_somebody_elses_card_is_not_charged(story: Story) -> None:
    bob = models.Subscriber.objects.create(name="Bob")
    card = models.SavedMethod.objects.create(
        subscriber=bob, gateway="stripe", token="", token_digest="x", created_at=NEW_YEAR
    )
    with pytest.raises(UnableToAgree, match="no_such_method"):
        story.agree(method="stripe", saved_method=card.pk)


# ----------------------------------------------------------------------------------- stopping


def test_stopped_means_stopped(story: Story) -> None:
    story.charge(50)
    story.agree()
    story.at(CHARGE - HOUR)
    assert stop(story.line, story.alice, story.now)
    assert not stop(story.line, story.alice, story.now)
    story.at(END + DAY)
    assert (story.balance(), story.orders(), story.told()[-1]) == (5000, [], "stopped")
    assert story.why_ended() == "asked"
    assert story.see().state == "lapsed"


def test_stopped_after_a_failure_nothing_is_tried_again(story: Story) -> None:
    story.agree()
    story.at(CHARGE)
    story.charge(50)
    stop(story.line, story.alice, story.now)
    story.at(END + 10 * DAY)
    assert story.balance() == 5000


def test_nobody_stops_what_is_not_theirs(story: Story) -> None:
    bob = models.Subscriber.objects.create(name="Bob").pk
    story.agree()
    with pytest.raises(NoSuchLine):
        stop(story.line, bob, story.now)
    with pytest.raises(NoSuchLine):
        story.agree("other", subscriber=bob)
    assert standing(story.line, story.now) is not None


def test_stopped_between_the_decision_and_the_charge_nothing_is_charged(story: Story) -> None:
    """A worker has made the order and is about to charge it."""
    story.charge(50)
    story.agree()
    row = models.AutoRenewal.objects.get()
    order = order_for(row, renewal_of(row), "auto", story.now)
    models.AutoRenewal.objects.update(step="charge", order=order)
    stop(story.line, story.alice, story.now)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert make(Charge(row.pk, order.number), story.now).state == "failed"
    with pytest.raises(UnableToPay, match="cancelled"):
        pay_from_wallet(order.number, story.now, pin=None)
    assert story.balance() == 5000
