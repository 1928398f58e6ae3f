"""Commands on a line: exactly once, with the first answer for a repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from eka.ledger import history, models
from eka.ledger.plans import OnSale
from eka.rules.buckets import left
from eka.rules.catalogue_text import read_catalogue
from eka.rules.lines import Unable
from eka.rules.requests import Activate, AddOn, Change, Command, Renew, SessionRequest, TopUp, Use
from eka.rules.units import Duration
from eka.usecases.balances import look
from eka.usecases.catalogue import export_catalogue, import_catalogue
from eka.usecases.commands import KeyReused, NoSuchLine, carry_out
from eka.usecases.lines import NewLine, UnableToAdd, add_line
from eka.usecases.settling import settle_all

pytestmark = pytest.mark.django_db
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
GB = 10**9
SHOP = """
plans:
  four: {data: 4GB, period: 30d, price: 20.00 USD, rollover: {carries: [plan]}}
  plain: {data: 1GB, period: 7d}
"""


@pytest.fixture
def alice() -> int:
    """Alice's line: four gigabytes for thirty days, active since New Year."""
    import_catalogue(read_catalogue(SHOP), NEW_YEAR)
    return add_line(NewLine(plan="four", imsi="310410000000001"), NEW_YEAR, activate=True)


def test_a_use_is_debited_once_however_often_it_is_told(alice: int) -> None:
    first = carry_out(alice, Use(GB), now=NEW_YEAR + timedelta(days=3), key="record-1")
    again = carry_out(alice, Use(GB), now=NEW_YEAR + timedelta(days=4), key="record-1")
    assert again.repeated
    assert not first.repeated
    assert again.entries == first.entries
    assert left(look(alice, NEW_YEAR + timedelta(days=4)).line) == 3 * GB


def test_a_key_that_meant_something_else_is_refused(alice: int) -> None:
    carry_out(alice, Use(GB), now=NEW_YEAR, key="record-1")
    with pytest.raises(KeyReused):
        carry_out(alice, Use(2 * GB), now=NEW_YEAR, key="record-1")


def test_a_repeated_session_request_gets_its_first_answer(alice: int) -> None:
    ask = SessionRequest("s1", "initial", asks=GB, number=0)
    first = carry_out(alice, ask, now=NEW_YEAR, key="s1/0")
    again = carry_out(alice, ask, now=NEW_YEAR, key="s1/0")
    assert first.answer == again.answer
    assert first.answer is not None
    assert first.answer.granted == GB


def test_unused_data_carries_at_the_renewal(alice: int) -> None:
    carry_out(alice, Use(GB), now=NEW_YEAR + timedelta(days=3), key="use")
    carry_out(alice, Renew(), now=NEW_YEAR + MONTH, key="renew")
    line = look(alice, NEW_YEAR + MONTH).line
    assert (left(line, "plan"), left(line, "rollover")) == (4 * GB, 3 * GB)
    assert line.tenure == 1


def test_what_is_due_is_shown_before_the_job_has_written_it(alice: int) -> None:
    seen = look(alice, NEW_YEAR + MONTH)
    assert seen.line.state == "lapsed"
    assert [entry.code for entry in seen.pending] == ["forfeited", "lapsed"]
    assert models.LineState.objects.get(line=alice).state == "active"


def test_the_job_closes_a_period_that_nobody_renewed(alice: int) -> None:
    assert settle_all(NEW_YEAR + MONTH - timedelta(seconds=1)) == 0
    assert settle_all(NEW_YEAR + MONTH) == 1
    assert settle_all(NEW_YEAR + MONTH) == 0
    told = history.latest(alice, 2)
    assert [(entry.code, entry.reason) for entry in told] == [
        ("lapsed", ""),
        ("forfeited", "lapse"),
    ]
    assert told[0].at == NEW_YEAR + MONTH


def test_a_line_that_renews_itself_does_so_on_time_when_the_job_is_late(alice: int) -> None:
    models.LineState.objects.filter(line=alice).update(auto_renew=True)
    settle_all(NEW_YEAR + MONTH + timedelta(days=45))
    periods = models.Period.objects.filter(line=alice).order_by("number")
    starts = [period.starts for period in periods]
    assert starts == [NEW_YEAR, NEW_YEAR + MONTH, NEW_YEAR + 2 * MONTH]
    assert [period.by for period in periods] == ["manual", "auto", "auto"]


def test_a_refused_command_leaves_nothing_behind(alice: int) -> None:
    before = history.count(alice)
    with pytest.raises(Unable, match="not_suspended"):
        carry_out(alice, Change("resume"), now=NEW_YEAR, key="resume")
    assert history.count(alice) == before
    carry_out(alice, Change("suspend"), now=NEW_YEAR, key="suspend")
    carry_out(alice, Change("resume"), now=NEW_YEAR, key="resume")


def test_every_command_can_be_carried_out(alice: int) -> None:
    sold = OnSale()
    day = timedelta(days=1)
    commands: list[Command] = [
        TopUp(GB, Duration(seconds=86400)),
        TopUp(GB, Duration(months=1), "bonus"),
        AddOn(sold["plain"], "on_empty"),
        Change("suspend"),
        Change("resume"),
        Change("chargeback"),
        Change("clear"),
        Change("cancel"),
    ]
    for number, command in enumerate(commands, 1):
        carry_out(alice, command, now=NEW_YEAR + number * day, key=str(number))
    line = look(alice, NEW_YEAR + 9 * day).line
    assert line.state == "closed"
    assert line.buckets == ()
    with pytest.raises(Unable):
        carry_out(alice, Renew(), now=NEW_YEAR + 9 * day, key="renew")


def test_a_line_that_is_not_there(alice: int) -> None:
    with pytest.raises(NoSuchLine):
        carry_out(alice + 1, Use(1), now=NEW_YEAR, key="x")


def test_two_lines_cannot_share_an_imsi(alice: int) -> None:
    with pytest.raises(UnableToAdd):
        add_line(NewLine(plan="four", imsi="310410000000001"), NEW_YEAR)
    with pytest.raises(UnableToAdd):
        add_line(NewLine(plan="nothing"), NEW_YEAR)


def test_what_was_bought_stays_as_it_was(alice: int) -> None:
    """Olga makes the plan worse; Alice's period keeps the terms it was bought with."""
    worse = read_catalogue("plans: {four: {data: 2GB, period: 30d}}")
    assert import_catalogue(worse, NEW_YEAR).changed == ["four"]
    carry_out(alice, Renew(), now=NEW_YEAR + MONTH, key="renew")
    line = look(alice, NEW_YEAR + MONTH).line
    assert (left(line, "plan"), left(line, "rollover")) == (2 * GB, 4 * GB)
    carry_out(alice, Renew(), now=NEW_YEAR + 2 * MONTH, key="renew again")
    assert left(look(alice, NEW_YEAR + 2 * MONTH).line) == 2 * GB


def test_importing_the_same_catalogue_again_changes_nothing(alice: int) -> None:
    again = import_catalogue(read_catalogue(SHOP), NEW_YEAR)
    assert (again.new, again.changed, again.unchanged) == ([], [], ["four", "plain"])
    assert import_catalogue(export_catalogue(), NEW_YEAR).changed == []
    assert models.PlanVersion.objects.count() == 2


def test_plan_versions_cannot_be_changed(alice: int) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        models.PlanVersion.objects.update(number=9)


def test_a_batch_of_lines_is_settled_together(alice: int) -> None:
    sold = OnSale()
    for _ in range(100):
        line = add_line(NewLine(plan="four"), NEW_YEAR)
        carry_out(line, Activate(sold["four"]), now=NEW_YEAR, key="activate")
    assert settle_all(NEW_YEAR + MONTH, most=40) == 101
    assert not models.LineState.objects.filter(state="active").exists()
