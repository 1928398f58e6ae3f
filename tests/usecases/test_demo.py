"""The demo's cast shows every rule, and its clock lets a person watch a rollover happen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate, get_user_model
from pytest_django import Settings

from eka import clock
from eka.cli.catalogue import SHIPPED
from eka.ledger import history, models, people
from eka.rules.buckets import left
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import demo
from eka.usecases.balances import look
from eka.usecases.catalogue import import_catalogue
from eka.usecases.demo_cast import CAST

pytestmark = pytest.mark.django_db
PASSWORD = "a demo, not a secret"


@pytest.fixture(autouse=True)
def shop(settings: Settings) -> Iterator[None]:
    """The demo as `eka demo load` leaves it."""
    settings.EKA_DEMO = True
    demo.follow_clock()
    import_catalogue(read_catalogue(SHIPPED.read_text(encoding="utf-8")), clock.now())
    assert demo.load(clock.now(), PASSWORD)
    yield
    clock.set_offset_source(None)


def line_of(username: str) -> int:
    return models.Line.objects.get(subscriber__user__username=username).pk


def test_everyone_can_sign_in_and_sees_only_their_own() -> None:
    assert authenticate(username="alice", password=PASSWORD) is not None
    for role in CAST:
        user = get_user_model().objects.get(username=role.username)
        assert [card.id for card in people.lines_of(user)] == [line_of(role.username)]
    charlie = authenticate(username="charlie", password=PASSWORD)
    assert charlie is not None
    assert people.lines_of(charlie) == []
    assert people.card(line_of("alice"), charlie) is None


def test_loading_again_changes_nothing() -> None:
    before = models.Entry.objects.count()
    assert not demo.load(clock.now(), "another")
    assert models.Entry.objects.count() == before


def test_the_histories_show_the_rules() -> None:
    seen: dict[str, set[str]] = {}
    for role in CAST:
        told = history.entries(line_of(role.username))
        seen[role.username] = {e.reason for e in told if e.code in ("forfeited", "expired")}
        seen[role.username] |= {entry.code for entry in told}
    assert {"carried", "life_over"} <= seen["alice"]
    assert "cap_bank" in seen["tessa"]
    assert "too_early" in seen["victor"]
    assert "queued" in seen["nadia"]
    assert "converted" in seen["sam"]
    assert all(role.story.keys() == {"en", "zh-hans"} for role in CAST)


def test_moving_the_clock_over_a_renewal_carries_alices_data() -> None:
    alice = models.Line.objects.get(pk=line_of("alice")).subscriber
    assert alice is not None
    line = look(line_of("alice"), clock.now()).line
    assert line.period is not None
    rest, ends = left(line, "plan"), line.period.ends
    now = demo.move_clock("period_end", alice.user_id)
    assert now == ends
    assert ends <= clock.now() < ends + timedelta(minutes=1)
    after = look(line_of("alice"), clock.now())
    assert after.pending == []
    assert left(after.line, "rollover") == rest


def test_the_clock_goes_by_days_weeks_and_to_the_end_of_the_month() -> None:
    for step, least, most in (("day", 1, 1), ("week", 7, 7), ("month_end", 0, 32)):
        before = clock.now()
        moved = demo.move_clock(step) - before
        assert timedelta(days=least) <= moved + timedelta(seconds=1)
        assert moved <= timedelta(days=most, minutes=1)
    assert clock.now().day == 1


def test_outside_the_demo_the_clock_is_the_worlds(settings: Settings) -> None:
    ahead = demo.move_clock("week")
    settings.EKA_DEMO = False
    clock.set_offset_source(None)
    demo.follow_clock()
    assert clock.now() < ahead - timedelta(days=6)
