"""Alice moves to another device: asked for once, never on two at a time, and nothing is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.esim import EID, SUPPLIERS, news, profile
from tests.selling import PLANS

from eka.ledger import models, plans
from eka.rules.catalogue_text import read_catalogue
from eka.rules.lines import Line
from eka.rules.moves import MoveReason, UnableToMove
from eka.usecases import balances, moving
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line
from eka.usecases.moving import NothingToMove, NotNow, Wish
from eka.usecases.suppliers import use_suppliers

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _suppliers() -> Iterator[None]:
    use_suppliers(SUPPLIERS)
    yield
    use_suppliers({})


@pytest.fixture
def line(db: None) -> int:
    """Alice's line, on which 10 GB are left."""
    plans.forget()
    import_catalogue(read_catalogue(PLANS), NOW)
    alice = models.Subscriber.objects.create(name="Alice")
    new = NewLine(plan="small", subscriber=alice.pk, imsi="001010000000001", label="Phone")
    return add_line(new, NOW, activate=True)


def held(line: int, **fields: Any) -> models.Profile:
    return profile(line, NOW, **fields)


def ask(line: int, reason: MoveReason, key: str = "one", now: datetime = NOW) -> models.DeviceMove:
    wish = Wish(line=line, reason=reason, device="iPhone 16", why="fell into the sea")
    return models.DeviceMove.objects.get(pk=moving.ask(wish, key, now))


def ordered() -> list[dict[str, int]]:
    found = models.Outbox.objects.filter(kind="replace_profile").order_by("pk")
    return [row.payload for row in found]


def cases(kind: str = "move_stuck") -> list[models.Case]:
    return list(models.Case.objects.filter(kind=kind).order_by("pk"))


def messages() -> list[str]:
    return list(models.Message.objects.order_by("pk").values_list("event", flat=True))


def left(line: int) -> Line:
    return balances.look(line, NOW).line


# ------------------------------------------------------------------------------ a new phone


def test_a_new_phone_gets_its_profile_only_when_the_old_one_is_deleted(line: int) -> None:
    old, before = held(line, state="enabled"), left(line)
    move = ask(line, "new_phone")
    assert move.state == "waiting_for_deletion"
    assert ordered() == []
    news(old, "disabled", NOW + MINUTE)
    assert ordered() == []
    news(old, "deleted", NOW + 2 * MINUTE)
    assert ordered() == [{"move": move.pk}]
    new = profile(None, NOW, 2, imsi="001010000000002")
    moving.arrived(move.pk, new.pk, NOW + 3 * MINUTE)
    row = models.Line.objects.get(pk=line)
    assert (row.iccid, row.imsi) == (new.iccid, "001010000000002")
    current = models.Profile.objects.get(line=line, current=True)
    assert (current.pk, current.lost_at) == (new.pk, None)
    news(new, "installed", NOW + 4 * MINUTE, eid=EID)
    move.refresh_from_db()
    assert (move.state, move.ended_at) == ("done", NOW + 4 * MINUTE)
    assert messages() == ["move_ready", "move_done"]
    assert left(line) == before
    assert cases("lost_profile_back") == []


def test_asked_twice_and_in_two_tabs_it_is_one_move(line: int) -> None:
    held(line, state="enabled")
    first = ask(line, "lost_phone", "one")
    assert ask(line, "lost_phone", "one") == first
    assert ask(line, "new_phone", "another tab") == first
    assert len(ordered()) == 1
    moving.arrived(first.pk, profile(None, NOW, 2).pk, NOW)
    moving.confirm(line, NOW)
    assert ask(line, "lost_phone", "one") == first  # the old form once more, after all is done
    assert ask(line, "new_phone", "another day") != first


def test_a_profile_that_was_never_installed_just_goes_onto_the_new_phone(line: int) -> None:
    old = held(line)
    move = ask(line, "new_phone")
    assert (move.state, move.way) == ("ready", "install_again")
    news(old, "installed", NOW + MINUTE)
    move.refresh_from_db()
    assert move.state == "done"
    assert ordered() == []


def test_a_wholesaler_that_gives_it_once_more_spares_the_staff_a_decision(line: int) -> None:
    old = held(line, state="enabled", supplier="wholesaler")
    move = ask(line, "new_phone")
    news(old, "deleted", NOW + MINUTE)
    assert models.DeviceMove.objects.get(pk=move.pk).state == "stuck"
    news(old, "released", NOW + 2 * MINUTE)
    move.refresh_from_db()
    assert (move.state, move.way) == ("ready", "install_again")
    assert cases()[0].resolution == "same_code"
    assert ordered() == []


def test_who_cannot_delete_the_old_one_declares_it_lost_and_says_why(line: int) -> None:
    old = held(line, state="enabled")
    move = ask(line, "new_phone")
    moving.declare_lost(line, "sold it yesterday", NOW + MINUTE)
    move.refresh_from_db()
    old.refresh_from_db()
    assert (move.state, move.facts["why"]) == ("reordering", "sold it yesterday")
    assert (old.current, old.lost_at) == (False, NOW + MINUTE)
    with pytest.raises(NotNow):
        moving.declare_lost(line, "again", NOW + 2 * MINUTE)
    assert len(ordered()) == 1


def test_a_line_without_a_profile_of_ours_has_nothing_to_move(line: int) -> None:
    with pytest.raises(NothingToMove):
        ask(line, "new_phone")
    with pytest.raises(NotNow):
        moving.cancel(line, NOW)


def test_it_can_be_cancelled_as_long_as_the_old_profile_is_kept(line: int) -> None:
    old = held(line, state="enabled")
    ask(line, "new_phone")
    moving.cancel(line, NOW)
    assert models.Profile.objects.get(current=True) == old
    lost = ask(line, "lost_phone", "two")
    with pytest.raises(NotNow):
        moving.cancel(line, NOW)
    lost.refresh_from_db()
    assert lost.state == "reordering"


# ---------------------------------------------------------------------------- lost, and found


def test_a_lost_profile_that_turns_up_again_is_a_case(line: int) -> None:
    old = held(line, state="enabled", state_at=NOW - MINUTE)
    move = ask(line, "lost_phone")
    assert move.state == "reordering"
    news(old, "disabled", NOW + MINUTE)
    news(old, "enabled", NOW + 2 * MINUTE)
    (case,) = cases("lost_profile_back")
    assert case.facts["iccid"] == old.iccid
    assert models.DeviceMove.objects.get(pk=move.pk).state == "reordering"


def test_what_it_did_before_it_was_lost_is_no_news(line: int) -> None:
    old = held(line, state="enabled", state_at=NOW - 3 * MINUTE)
    ask(line, "lost_phone")
    news(old, "disabled", NOW + MINUTE, at=NOW - 2 * MINUTE)
    news(old, "deleted", NOW + 5 * MINUTE)
    assert cases("lost_profile_back") == []


def test_a_code_that_nobody_used_is_withdrawn_with_the_profile_that_is_given_up(line: int) -> None:
    old = held(line, usage_used=5)
    ask(line, "broken")
    effects = models.Outbox.objects.filter(kind="cancel_profile")
    assert [row.payload for row in effects] == [{"iccid": old.iccid}]


def test_the_fourth_replacement_within_a_month_is_looked_at_by_a_person(line: int) -> None:
    held(line, state="enabled")
    for nth in range(2, 5):
        move = ask(line, "lost_phone", f"try {nth}")
        moving.arrived(move.pk, profile(None, NOW, nth, state="enabled").pk, NOW)
    fourth = ask(line, "lost_phone", "once more")
    assert fourth.state == "stuck"
    assert len(ordered()) == 3
    assert cases()[0].facts["why"] == "fell into the sea"


def test_after_a_month_the_count_begins_anew(line: int) -> None:
    held(line, state="enabled")
    for nth in range(2, 5):
        move = ask(line, "lost_phone", f"try {nth}")
        moving.arrived(move.pk, profile(None, NOW, nth, state="enabled").pk, NOW)
    later = ask(line, "lost_phone", "later", NOW + timedelta(days=31))
    assert later.state == "reordering"


# ------------------------------------------------------------------- deleted, or not working


def test_a_failed_download_is_tried_again_and_then_replaced(line: int) -> None:
    old = held(line)
    news(old, "failed", NOW)
    move = ask(line, "deleted_by_accident")
    assert (move.state, move.way) == ("ready", "install_again")
    moving.did_not_work(line, NOW)
    with pytest.raises(NotNow):
        moving.did_not_work(line, NOW)
    move.refresh_from_db()
    assert (move.state, move.way) == ("reordering", "replacement")
    assert len(ordered()) == 1


def test_who_gives_up_and_asks_again_is_not_sent_in_circles(line: int) -> None:
    held(line)
    ask(line, "deleted_by_accident")
    moving.cancel(line, NOW)
    assert ask(line, "deleted_by_accident", "two").way == "replacement"


def test_a_wholesaler_s_profile_is_for_staff_who_may_order_another(line: int) -> None:
    old = held(line, state="deleted", supplier="wholesaler")
    move = ask(line, "deleted_by_accident")
    assert move.state == "stuck"
    assert messages() == ["move_stuck"]
    (case,) = cases()
    assert (case.facts["supplier"], case.facts["reason"]) == ("wholesaler", "deleted_by_accident")
    moving.replace(move.pk, NOW)
    case.refresh_from_db()
    assert case.resolution == "replacement_ordered"
    assert ordered() == [{"move": move.pk}]
    old.refresh_from_db()
    assert not old.current


def test_a_replacement_that_nobody_delivers_goes_to_staff_and_may_be_ordered_anew(
    line: int,
) -> None:
    held(line, state="enabled")
    move = ask(line, "lost_phone")
    moving.not_delivered(move.pk, "no_stock", NOW)
    moving.not_delivered(move.pk, "no_stock", NOW)
    (case,) = cases()
    assert case.facts["refused"] == "no_stock"
    with pytest.raises(NotNow):
        moving.cancel(line, NOW)
    moving.replace(move.pk, NOW)
    assert ordered() == [{"move": move.pk}] * 2


def test_what_arrives_twice_arrives_once(line: int) -> None:
    held(line, state="enabled")
    move = ask(line, "lost_phone")
    new = profile(None, NOW, 2)
    for _ in range(2):
        moving.arrived(move.pk, new.pk, NOW)
    assert messages() == ["move_ready"]
    with pytest.raises(UnableToMove):
        moving.arrived(move.pk, profile(None, NOW, 3).pk, NOW)
    assert moving.open_move(line) == moving.last_move(line)


def test_a_wholesaler_that_reports_no_states_is_moved_by_the_owner_s_word(line: int) -> None:
    held(line, supplier="wholesaler", usage_used=10**6)
    move = ask(line, "new_phone")
    assert move.state == "waiting_for_deletion"
    moving.declare_lost(line, "deleted it", NOW)
    moving.arrived(move.pk, profile(None, NOW, 2).pk, NOW)
    moving.confirm(line, NOW)
    assert models.DeviceMove.objects.get(pk=move.pk).state == "done"
