"""`eka wallet`, `eka pin` and `eka auto-renewal` as Olga's scripts call them."""

import json
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner, Result

from eka.cli.auto_renewal import auto_renewal
from eka.cli.failures import sentence_for
from eka.cli.wallet import pin, wallet
from eka.ledger import models
from eka.rules.catalogue_text import read_catalogue
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line
from eka.usecases.pins import check

pytestmark = pytest.mark.django_db
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
AT = ("--at", "2026-01-01T00:00:00Z")


def run(command: click.Command, *arguments: object, stdin: str | None = None) -> Result:
    """Runs a command; the exit code is the one that `eka` would give."""
    result = CliRunner().invoke(command, list(map(str, arguments)), input=stdin)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        known = sentence_for(result.exception)
        assert known is not None, result.exception
        result.exit_code = known.exit_code
        result.stderr_bytes = known.sentence.encode()
    return result


@pytest.fixture
def alice() -> int:
    return int(models.Subscriber.objects.create(name="Alice").pk)


@pytest.fixture
def line(alice: int) -> int:
    """Alice's line on a plan of ten dollars."""
    shop = "plans: {four: {data: 4GB, period: 30d, price: 10.00 USD, rollover: {}}}"
    import_catalogue(read_catalogue(shop), NEW_YEAR)
    return add_line(NewLine(plan="four", subscriber=alice), NEW_YEAR, activate=True)


def credit(alice: int, amount: str = "5.00 USD", key: str = "k") -> Result:
    return run(wallet, "credit", alice, "--amount", amount, "--key", key, "--reason", "sorry", *AT)


def test_credit_is_given_once_and_shown(alice: int) -> None:
    assert credit(alice).output == credit(alice).output == "5.00 USD\n"
    shown = run(wallet, "show", alice).output.splitlines()
    assert shown == ["5.00 USD", "  2026-01-01T00:00:00Z  credit     +5.00 USD sorry"]
    told = json.loads(run(wallet, "show", alice, "--json").output)
    assert told["balances"] == {"USD": 500}
    assert told["movements"]["USD"][0]["amount"] == 500


def test_what_is_wrong_with_a_credit(alice: int) -> None:
    credit(alice)
    assert credit(alice, "6.00 USD").exit_code == 2
    assert credit(alice, "5 dollars", "other").exit_code == 2
    assert credit(alice, "0.00 USD", "other").exit_code == 2
    assert credit(alice + 1).exit_code == 1
    assert run(wallet, "show", alice + 1).exit_code == 1


def test_a_pin_comes_from_standard_input_only(alice: int) -> None:
    assert run(pin, "set", alice, "497302", stdin="497302\n").exit_code == 2
    done = run(pin, "set", alice, *AT, stdin="497302\n")
    assert (done.exit_code, done.output) == (0, "The payment PIN is set.\n")
    assert check(alice, "497302", NEW_YEAR).result == "right"


@pytest.mark.parametrize("weak", ["123456", "111111", "121212", "310190", "12345", ""])
def test_a_weak_pin_is_refused_with_a_reason(alice: int, weak: str) -> None:
    refused = run(pin, "set", alice, stdin=f"{weak}\n")
    assert refused.exit_code == 1
    assert "PIN" in refused.stderr
    assert not models.PaymentPin.objects.exists()


def agree(alice: int, line: int, *more: object) -> Result:
    words = ("--text", "Renew until I stop it.", "--price", "10.00 USD", "--method", "wallet")
    return run(auto_renewal, "agree", line, "--subscriber", alice, *words, "--key", "k", *more)


def test_a_line_renews_itself_from_the_wallet(alice: int, line: int) -> None:
    credit(alice, "10.00 USD")
    id_ = agree(alice, line, *AT).output.strip()
    listed = run(auto_renewal, "list", *AT).output
    assert listed == (
        f"{id_}  line {line}  four  10.00 USD  wallet  charge at 2026-01-29T23:00:00Z\n"
    )
    for at in ("2026-01-26T23:00:00Z", "2026-01-28T23:00:00Z", "2026-01-29T23:00:00Z"):
        assert run(auto_renewal, "run", "--at", at).exit_code == 0
    assert models.Order.objects.get().state == "paid"
    again = run(auto_renewal, "run", "--at", "2026-01-29T23:00:00Z", "--json")
    assert json.loads(again.output) == {"steps": 0}


def test_it_is_stopped(alice: int, line: int) -> None:
    agree(alice, line, *AT)
    stop = ("stop", line, "--subscriber", alice, *AT)
    assert run(auto_renewal, *stop).output == "Stopped.\n"
    assert run(auto_renewal, *stop).output == "The line had no automatic renewal.\n"
    told = json.loads(run(auto_renewal, "list", "--json", *AT).output)
    assert (told["ended_why"], told["charge_at"]) == ("asked", None)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--price", "ten"], 2),
        (["--method", "cash"], 2),
        (["--method", "stripe"], 1),
        (["--saved-method", "7"], 1),
        (["--text", " "], 1),
    ],
)
def test_what_cannot_be_agreed_to(alice: int, line: int, more: list[str], code: int) -> None:
    assert agree(alice, line, *more).exit_code == code
    assert not models.AutoRenewal.objects.exists()


def test_only_the_owner_agrees_and_stops(alice: int, line: int) -> None:
    bob = models.Subscriber.objects.create(name="Bob").pk
    assert agree(bob, line).exit_code == 1
    assert run(auto_renewal, "stop", line, "--subscriber", bob).exit_code == 1
    agree(alice, line, *AT)
    assert agree(alice, line, "--when-low", *AT).exit_code == 2
