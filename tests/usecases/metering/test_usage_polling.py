"""Suppliers are asked in turn, as often as they bear it, by whichever process is first."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.usecases.metering.conftest import World
from tests.usecases.metering.supplied_lines import (
    GB,
    MB,
    NOON,
    cases,
    failures,
    moved,
    profile,
    rest,
    state,
    told,
)

from eka.gateways.sandbox.courier import Mischief
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.ledger import models
from eka.usecases.supplier_usage import poll_soon
from eka.usecases.usage_polling import LEASE, poll, poll_due

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("supplier", ["airalo", "esimaccess"])
def test_what_a_phone_used_is_debited_from_its_line(world: World, supplier: str) -> None:
    line, iccid = world.line(supplier)
    world.use(iccid, 300 * MB, supplier)

    assert poll_due(world.clock.forward(minutes=5)) == 1
    assert poll_due(world.clock.now()) == 0
    used = sum(moved(line, "used"))
    assert 299 * MB <= used <= 301 * MB  # Airalo counts in whole megabytes

    world.act(iccid, "use", supplier=supplier, amount=100 * MB)
    poll_soon(supplier, iccid, world.clock.now())
    assert poll_due(world.clock.forward(minutes=2)) == 1
    poll(supplier, iccid, world.clock.now())
    assert 399 * MB <= sum(moved(line, "used")) <= 401 * MB
    assert profile(iccid).usage_status == "active"
    assert failures() == []


@pytest.mark.parametrize("supplier", ["airalo", "esimaccess"])
def test_a_line_that_waits_begins_with_what_its_phone_does(world: World, supplier: str) -> None:
    line, iccid = world.line(supplier, activate=False)
    poll_due(world.clock.forward(minutes=5))
    assert state(line) == "ready"
    assert profile(iccid).next_poll == NOON + timedelta(hours=1, minutes=5)

    world.use(iccid, 200 * MB, supplier)
    now = world.clock.forward(hours=2)
    poll_due(now)

    assert state(line) == "active"
    assert models.Period.objects.get(line_id=line).starts == now
    assert profile(iccid).state == "enabled"
    left = rest(line)
    assert left is not None
    assert 9_799 * MB <= left <= 9_801 * MB
    assert told(line) == ["line_activated"]


def test_a_phone_that_used_up_the_suppliers_package_says_so(world: World) -> None:
    line, iccid = world.line("esimaccess")
    world.use(iccid, 2 * GB, "esimaccess")

    poll_due(world.clock.forward(minutes=5))

    assert profile(iccid).usage_status == "finished"
    assert rest(line) == 10 * GB - 2**30
    assert told(line) == ["supplier_stopped"]
    assert [case.facts["status"] for case in cases("supplier_stopped")] == ["finished"]


def test_only_what_lines_have_is_asked_about(world: World) -> None:
    world.spare()
    models.Profile.objects.update(spare=True)

    assert poll_due(world.clock.now()) == 0


# ----------------------------------------------------------------------------------- in whose turn


def test_a_supplier_is_asked_so_many_questions_a_minute(world: World) -> None:
    world.open(usage_per_minute=2)
    for _ in range(3):
        world.line()

    assert poll_due(world.clock.now()) == 2
    assert poll_due(world.clock.forward(seconds=59)) == 0
    assert poll_due(world.clock.forward(seconds=2)) == 1


def test_a_question_has_an_end_even_where_who_asked_it_died(world: World) -> None:
    _, iccid = world.line()
    models.Profile.objects.update(next_poll=world.clock.now() + LEASE)

    assert poll_due(world.clock.forward(minutes=4)) == 0
    assert poll_due(world.clock.forward(minutes=2)) == 1
    assert profile(iccid).usage_heard_at == world.clock.now()


def test_who_was_to_be_asked_soonest_comes_before_who_has_waited_longest(world: World) -> None:
    world.open(usage_per_minute=1)
    (_, near), (_, idle), (_, hinted) = world.line(), world.line(), world.line()
    now = world.clock.forward(hours=12)
    for iccid, heard, due in (
        (near, now - timedelta(minutes=30), now - timedelta(minutes=25)),
        (idle, now - timedelta(hours=7), now - timedelta(hours=1)),
        (hinted, now - timedelta(hours=5), now + timedelta(hours=1)),
    ):
        models.Profile.objects.filter(iccid=iccid).update(usage_heard_at=heard, next_poll=due)
    poll_soon("airalo", hinted, now)

    order = []
    for _ in range(3):
        before = {one.iccid: one.usage_heard_at for one in models.Profile.objects.all()}
        poll_due(world.clock.forward(seconds=61))
        order += [
            one.iccid
            for one in models.Profile.objects.all()
            if before[one.iccid] != one.usage_heard_at
        ]
    assert order == [hinted, near, idle]


# -------------------------------------------------------------------------------------- in trouble


def test_a_supplier_that_says_enough_gets_the_rest_later(world: World) -> None:
    for _ in range(7):
        world.line()
    airalo = world.boxes["airalo"]
    assert isinstance(airalo, AiraloSandbox)
    airalo.strict = True

    assert poll_due(world.clock.now()) == 7  # Airalo bears five a second
    heard = models.Profile.objects.filter(usage_heard_at__isnull=False)
    assert heard.count() == 5
    assert poll_due(world.clock.forward(minutes=6)) == 2
    assert heard.count() == 7


def test_a_supplier_that_does_not_answer_is_left_in_peace(world: World) -> None:
    line, iccid = world.line()
    world.line("esimaccess")
    world.boxes["airalo"].courier.mischief = Mischief(held=True, down=True)

    assert poll_due(world.clock.now()) == 2
    assert poll_due(world.clock.forward(seconds=59)) == 0
    world.boxes["airalo"].courier.mischief = Mischief(held=True)
    assert poll_due(world.clock.forward(seconds=1)) == 1
    assert profile(iccid).usage_status == "not_active"
    assert cases("usage_refused") == []
    assert moved(line, "used") == []


def test_profiles_that_are_not_ours_any_more_are_cases_until_they_are(world: World) -> None:
    lines = [world.line() for _ in range(2)]
    world.trouble(recycled=True)

    assert poll_due(world.clock.now()) == 2
    refused = {case.facts["iccid"]: case.facts["why"] for case in cases("usage_refused")}
    assert refused == {iccid: "recycled" for _, iccid in lines}
    assert poll_due(world.clock.forward(hours=23)) == 0

    world.trouble()
    assert poll_due(world.clock.forward(hours=1)) == 2
    assert cases("usage_refused") == []
    assert {moved(line, "used") == [] for line, _ in lines} == {True}


def test_while_one_process_asks_a_supplier_no_other_does(
    committed_ledger: None, world: World
) -> None:
    world.line()
    asked: list[int] = []

    def other() -> None:
        asked.append(poll_due(world.clock.now()))
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('eka usage'), hashtext('airalo'))")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        cursor.execute("SELECT pg_advisory_unlock(hashtext('eka usage'), hashtext('airalo'))")

    assert asked == [0]
    assert poll_due(world.clock.now()) == 1
