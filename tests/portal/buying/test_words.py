"""Whatever the rules can say of orders has words: no code reaches a reader."""

from typing import get_args

from eka.rules.orders import EVENTS, STATES
from eka.rules.promotion_terms import Reason
from eka.usecases.consents import METHODS, EndedWhy
from eka.usecases.pins import Weakness
from eka.words import notes, orders
from eka.words.tongue import Tongue

ENGLISH = Tongue("en")


def test_every_state_and_event_is_told() -> None:
    for state in STATES:
        assert orders.state(ENGLISH, state)
        assert orders.meaning(ENGLISH, state, deadline="noon", back="$5").endswith(".")
    for event in EVENTS:
        assert orders.event(ENGLISH, event, {"amount": 500}, "USD")


def test_every_reason_why_a_promotion_does_not_apply_is_told() -> None:
    for reason in get_args(Reason):
        told = orders.promotion_refused(ENGLISH, "TEN", reason)
        assert "_" not in told, reason


def test_every_weakness_method_and_end_is_told() -> None:
    for weakness in get_args(Weakness):
        assert notes.weakness(ENGLISH, weakness).endswith(".")
    for why in get_args(EndedWhy):
        assert notes.ended(ENGLISH, why) != why
    for method in METHODS:
        assert notes.consent_by(ENGLISH, method, "Visa ···· 4242").endswith(".")


def test_a_refusal_of_the_lines_rules_is_told_in_their_words() -> None:
    told = orders.refusal(ENGLISH, "not_active", {"state": "ready"})
    assert "Not activated yet" in told
    assert "Delivered" in orders.refusal(ENGLISH, "fulfilled", {})
