"""The audit sees everything that is wrong, and nothing else."""

from datetime import timedelta

import pytest
from tests.shop import ALICE, BOB, CAROL, OPENING, open_shop

from eka.ledger import audit
from eka.ledger.connections import run
from eka.ledger.people import find_line
from eka.rules.requests import Change, Command, Renew, Use
from eka.usecases.commands import carry_out

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop_with_a_past(db: None) -> None:
    """Alice has used, carried and used again; Carol used without limit; Bob has left."""
    open_shop()
    past: tuple[tuple[str, Command, int], ...] = (
        (ALICE, Use(3_000), 10),
        (ALICE, Use(8_000), 31),
        (ALICE, Use(90_000), 32),
        (ALICE, Renew(), 33),
        (CAROL, Use(50_000), 5),
        (BOB, Use(1_000), 5),
        (BOB, Change("cancel"), 6),
    )
    for i, (imsi, command, day) in enumerate(past):
        carry_out(id_of(imsi), command, now=OPENING + day * DAY, key=f"{i}")


def id_of(imsi: str) -> int:
    found = find_line(imsi)
    assert found is not None
    return found


def failures() -> list[audit.Failure]:
    return [failure for part in audit.ranges() for failure in audit.audit(part)]


def test_a_ledger_that_is_right_has_no_failures() -> None:
    assert failures() == []
    assert audit.count_lines() == 4


ALICES = "WHERE line_id = %(alice)s"

CORRUPTIONS = [
    (f"UPDATE bucket SET bytes_left = bytes_left + 1 {ALICES} AND open", "bucket_sum"),
    (f"UPDATE bucket SET granted = 0, open = NOT open {ALICES} AND number = 1", "bucket_open"),
    (f"DELETE FROM bucket {ALICES} AND number = 1", "bucket_missing"),
    (f"DELETE FROM bucket {ALICES} AND number = 1", "bucket_count"),
    (f"UPDATE line_state SET bucket_count = bucket_count + 1 {ALICES}", "bucket_count"),
    (f"UPDATE entry SET bytes = bytes + 1 {ALICES} AND code = 'used'", "bucket_sum"),
    (f"UPDATE entry SET bytes = 99999 {ALICES} AND number = 3", "bucket_negative"),
    (f"UPDATE entry SET bytes = bytes - 1 {ALICES} AND code = 'granted'", "conservation"),
    (f"DELETE FROM entry {ALICES} AND code = 'unserved'", "entry_numbers"),
    (f"DELETE FROM entry {ALICES} AND code = 'unserved'", "unserved"),
    (f"UPDATE line_state SET entry_count = entry_count - 1 {ALICES}", "entry_numbers"),
    (f"UPDATE entry SET number = number + 99 {ALICES} AND number = 2", "entry_numbers"),
    (
        "INSERT INTO entry (line_id, number, at, code)"
        f" SELECT line_id, number, at + '1 s'::interval, 'alert' FROM entry {ALICES}",
        "entry_numbers",
    ),
    (f"UPDATE entry SET at = at - '400 d'::interval {ALICES} AND number = 4", "entry_order"),
    (f"UPDATE bucket SET starts = starts + '12 d'::interval {ALICES}", "used_outside_bucket"),
    (f"UPDATE bucket SET expires = starts {ALICES}", "used_outside_bucket"),
    (f"UPDATE bucket SET period = 7 {ALICES} AND number = 1", "used_in_other_period"),
    (f"UPDATE period SET ends = starts {ALICES} AND number = 1", "used_outside_period"),
    (f"UPDATE line_state SET used = used + 1 {ALICES}", "period_used"),
    (f"DELETE FROM period {ALICES} AND number = 2", "period_numbers"),
    (f"UPDATE period SET starts = '2030-01-01' {ALICES} AND number = 2", "period_order"),
    (f"UPDATE period SET ends = '2020-01-01' {ALICES} AND number = 3", "period_order"),
    (f"UPDATE period SET starts = starts + '1 s'::interval {ALICES}", "period_start"),
    (f"UPDATE line_state SET unserved = 0 {ALICES}", "unserved"),
    ('UPDATE entry SET figures = \'{"profile": "x"}\'' + f" {ALICES} AND number = 3", "supplied"),
    (f"UPDATE line_state SET next_due = next_due + '1 s'::interval {ALICES}", "next_due"),
    (f"UPDATE line_state SET next_due = NULL {ALICES}", "next_due"),
    (
        "UPDATE receipt SET answer = jsonb_set(answer, '{last}', '99')" + f" {ALICES}",
        "receipt_entries",
    ),
    (f"DELETE FROM line_state {ALICES}", "no_line"),
]


@pytest.mark.parametrize(("corruption", "check"), CORRUPTIONS)
def test_it_sees_what_is_wrong_and_of_which_line(corruption: str, check: str) -> None:
    alice = id_of(ALICE)
    run("SET LOCAL session_replication_role = replica", [])
    run(corruption, {"alice": alice})

    found = failures()

    assert check in {failure.check for failure in found}
    assert {failure.line for failure in found} == {alice}
    assert all(failure.wrong for failure in found)


def test_every_check_is_seen_to_fail() -> None:
    assert {check for _, check in CORRUPTIONS} | {"unreadable"} == set(audit.WRONG)


def test_it_tells_the_bucket_and_both_figures() -> None:
    run("SET LOCAL session_replication_role = replica", [])
    run("UPDATE bucket SET bytes_left = 1 WHERE line_id = %s AND number = 1", [id_of(CAROL)])
    run("UPDATE bucket SET bytes_left = 123 WHERE line_id = %s AND open", [id_of(ALICE)])

    sums = [failure for failure in failures() if failure.check == "bucket_sum"]

    assert [(f.line, f.expected, f.found) for f in sums if f.line == id_of(CAROL)] == [
        (id_of(CAROL), "0", "1")
    ]
    assert {f.found for f in sums if f.line == id_of(ALICE)} == {"123"}


def test_large_lines_are_looked_at_in_smaller_companies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ENTRIES_MAX", 3)
    assert len(list(audit.ranges())) > 3
    assert sum(part.lines for part in audit.ranges()) == 4
    assert failures() == []
