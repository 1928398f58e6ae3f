"""The shell's path from a wish to data: `eka order`, `eka pay`, `eka gateway`, `eka jobs once`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.usecases.buying import conftest as selling
from tests.usecases.buying.conftest import Shop, mischief

from eka.cli.failures import sentence_for
from eka.cli.main import eka
from eka.cli.sandbox import write_settings
from eka.ledger import models
from eka.usecases import pins

# The shop of the stories about buying, here spoken to by the shell.
_clock, _market, _adapters = selling._clock, selling._market, selling._adapters
clock, market, shop = selling.clock, selling.market, selling.shop


@pytest.fixture(autouse=True)
def _payments_file(shop: Shop, tmp_path: Path) -> Iterator[None]:
    """The payments file as `eka sandbox` writes it; the database is that of the test."""
    tables = {name: box.settings() for name, box in shop.market.items()}
    os.environ["EKA_PAYMENTS"] = str(write_settings(tmp_path / "payments.toml", tables))
    yield
    del os.environ["EKA_PAYMENTS"]


def call(*words: object, typed: str | None = None) -> Result:
    """Runs `eka WORDS`; what ends with a sentence has that on stderr and its exit code."""
    result = CliRunner().invoke(eka, [str(word) for word in words], input=typed)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        known = sentence_for(result.exception)
        assert known is not None, result.exception
        result.exit_code, result.stderr_bytes = known.exit_code, known.sentence.encode()
    return result


def told(*words: object, typed: str | None = None) -> Any:
    """What a command that went well says in JSON."""
    result = call(*words, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: object, typed: str | None = None) -> tuple[int, str]:
    """The exit code, and the sentence."""
    result = call(*words, typed=typed)
    assert result.exit_code != 0, result.output
    return result.exit_code, result.stderr


def test_from_a_wish_to_data(shop: Shop) -> None:
    order = told("order", "renew", "--line", shop.line)
    assert (order["state"], order["total"]) == ("quoted", {"minor": 1000, "currency": "USD"})
    assert order["promise"]["items"][0]["granted"] == 10**10
    begun = told("pay", "begin", order["number"], "--gateway", "stripe")
    assert begun["asked"]["url"].startswith("http://127.0.0.1:")
    assert call("pay", "act", begun["number"], "pay").exit_code == 0
    looked = told("pay", "look", begun["number"])
    assert (looked["state"], looked["order_state"]) == ("paid", "paid")
    assert told("jobs", "once")["outbox"] == 1
    shown = told("order", "show", order["number"])
    assert (shown["state"], shown["items"][0]["state"]) == ("fulfilled", "done")
    assert shown["payments"][0]["number"] == begun["number"]
    assert [event["event"] for event in shown["story"]][-1] == "fulfilled"
    assert shop.granted() == 20 * 10**9


def test_for_people_it_says_the_same_in_words(shop: Shop) -> None:
    number = call("order", "renew", "--line", shop.line).stdout.split()[0]
    assert "10.00 USD" in call("order", "show", number).stdout
    assert number in call("order", "list").stdout
    begun = call("pay", "begin", number, "--gateway", "wechat")
    assert begun.exit_code == 1  # takes no dollars
    payment = call("pay", "begin", number, "--gateway", "paypal").stdout.split()[0]
    assert "awaiting_payment" in call("pay", "look", payment).stdout
    assert "outbox: 0" in call("jobs", "once").stdout
    assert "cancelled" in call("order", "cancel", number).stdout
    assert call("order", "list", "--state", "expired").stdout == ""


def test_all_that_is_sold_can_be_bought(shop: Shop) -> None:
    line = shop.line
    wishes: list[tuple[list[object], int]] = [
        (["new-line", "--plan", "small", "--email", "carol@example.com"], 1000),
        (["renew", "--line", line, "--times", "3"], 3000),
        (["renew", "--line", line, "--plan", "large"], 1800),
        (["top-up", "--line", line, "--data", "1GB", "--validity", "30d"], 200),
        (["add-on", "--line", line, "--plan", "large", "--starts", "on_empty"], 1800),
        (["wallet", "--amount", "20.00 USD", "--subscriber", shop.alice.pk], 2000),
    ]
    for words, total in wishes:
        assert told("order", *words)["total"]["minor"] == total


def test_the_same_key_is_the_same_order(shop: Shop) -> None:
    words = ("order", "renew", "--line", shop.line, "--key", "k1")
    assert told(*words)["number"] == told(*words)["number"]
    code, sentence = refused(*words, "--times", "2")
    assert (code, "was used before" in sentence) == (2, True)


def test_a_refund_by_parts(shop: Shop) -> None:
    order = shop.buy()
    first = told("order", "refund", order, "--amount", "3.00 USD", "--key", "a")
    assert told("order", "refund", order, "--amount", "3.00 USD", "--key", "a") == first
    assert [back["amount"]["minor"] for back in first["refunds"]] == [300]
    code, sentence = refused("order", "refund", order, "--amount", "7.01 USD")
    assert (code, "at most 700" in sentence) == (1, True)
    assert refused("order", "refund", order, "--amount", "3.00 EUR")[0] == 2
    assert refused("order", "refund", order, "--amount", "much")[0] == 2
    assert told("order", "refund", order)["state"] == "refunding"
    told("jobs", "once")
    shop.go_on()
    assert told("order", "show", order)["state"] == "refunded"


def test_the_wallet_pays_with_the_pin_on_standard_input(shop: Shop) -> None:
    filled = told("order", "wallet", "--amount", "20.00 USD", "--subscriber", shop.alice.pk)
    payment = told("pay", "begin", filled["number"], "--gateway", "stripe")["number"]
    call("pay", "act", payment, "pay")
    told("pay", "look", payment)
    told("jobs", "once")
    pins.set_pin(shop.alice.pk, "281937", shop.clock.now())
    order = told("order", "renew", "--line", shop.line)["number"]
    assert refused("pay", "wallet", order, typed="000000\n")[0] == 1
    assert told("pay", "wallet", order, typed="281937\n") == {"order": order, "paid": True}
    told("jobs", "once")
    assert shop.state(order) == "fulfilled"


def test_what_costs_nothing_is_taken_as_paid(shop: Shop) -> None:
    assert refused("pay", "nothing", shop.quote())[0] == 1
    shop.promote("gift: {title: {en: A gift, zh-Hans: 礼物}, does: {percentage: 100%}}")
    order = shop.quote()
    assert call("pay", "nothing", order).exit_code == 0
    told("jobs", "once")
    assert shop.state(order) == "fulfilled"


def test_what_is_wrong_is_found_and_mended(shop: Shop) -> None:
    order = shop.quote()
    shop.act(shop.begin(order), "pay")
    shop.deliver("stripe")
    models.Outbox.objects.all().delete()
    shop.clock.pass_(minutes=3)
    assert call("order", "repair", order).stdout.split() == [order, "paid_not_delivered"]
    assert call("order", "repair").stdout == ""
    told("jobs", "once")
    assert shop.state(order) == "fulfilled"


def test_the_gateways_are_listed_with_where_they_send_their_news(shop: Shop) -> None:
    listed = [json.loads(line) for line in call("gateway", "list", "--json").stdout.splitlines()]
    assert [one["name"] for one in listed] == list(shop.market)
    assert all(one["notify_url"].endswith(f"/pay/notify/{one['name']}") for one in listed)
    assert "secret" not in call("gateway", "list").stdout


def test_a_day_is_reconciled_and_its_differences_are_the_answer_no(shop: Shop) -> None:
    shop.clock.pass_(days=1000)
    day = shop.clock.now().date().isoformat()
    shop.report(shop.begin(shop.quote()))
    shop.clock.pass_(days=3)
    code, _ = refused("gateway", "reconcile", "stripe", day)
    assert code == 1
    assert "missing_there" in call("gateway", "reconcile", "stripe", day).stdout
    assert refused("gateway", "reconcile", "bitcoin", day)[0] == 2
    assert refused("gateway", "reconcile", "stripe", "yesterday")[0] == 2
    shop.work()


def test_a_gateway_that_is_down_is_the_answer_no(shop: Shop) -> None:
    order = shop.quote()
    payment = shop.begin(order)
    mischief(shop.market["stripe"], down=True)
    for words in (("pay", "look", payment), ("order", "cancel", order)):
        assert refused(*words)[0] == 1
    assert refused("pay", "begin", shop.quote(), "--gateway", "stripe")[0] == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("order", "show", "ENONE"), 1),
        (("order", "cancel", "ENONE"), 1),
        (("order", "refund", "ENONE"), 1),
        (("order", "refund", "ENONE", "--amount", "1.00 USD"), 1),
        (("order", "renew", "--line", "999999"), 1),
        (("order", "renew"), 2),
        (("order", "renew", "--line", "one"), 2),
        (("order", "new-line", "--plan", "gigantic"), 1),
        (("order", "new-line", "--plan", "small", "--timezone", "Mars"), 1),
        (("order", "new-line", "--plan", "small", "--currency", "EUR"), 1),
        (("order", "wallet", "--amount", "twenty"), 2),
        (("order", "list", "--state", "lost"), 2),
        (("order", "list", "--limit", "0"), 2),
        (("pay", "begin", "ENONE", "--gateway", "stripe"), 1),
        (("pay", "begin", "ENONE", "--gateway", "bitcoin"), 2),
        (("pay", "begin", "ENONE", "--gateway", "stripe", "--way", "qr"), 2),
        (("pay", "look", "PNONE"), 1),
        (("pay", "act", "PNONE", "pay"), 1),
        (("pay", "act", "PNONE", "dance"), 2),
        (("pay", "nothing", "ENONE"), 1),
        (("pay", "wallet", "ENONE"), 1),
    ],
)
def test_what_cannot_be_ends_with_a_sentence(words: tuple[str, ...], code: int) -> None:
    ended, sentence = refused(*words)
    assert ended == code
    assert sentence.strip()
    assert "Traceback" not in sentence
