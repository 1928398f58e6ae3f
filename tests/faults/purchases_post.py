"""A post office that loses, doubles, delays, forges and falsifies what gateways send; and kills.

A sandbox's notification is taken from it as an event and is signed at the moment of each delivery,
as gateways sign what they send again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import psycopg
from django.db import connection

from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.sandbox.courier import Envelope
from eka.gateways.sandbox.records import Document

Event = dict[str, Any]

TALKS = ("begin", "look", "capture", "close", "refund", "look_refund", "transactions")


class Killed(BaseException):
    """The process is no more. Nothing of ours catches it, and every open transaction is undone."""


class Fate:
    """When the process is killed: at a statement, or before or after a word to a gateway."""

    def __init__(self, chance: Random, of_1000: int) -> None:
        self._chance, self.of_1000 = chance, of_1000
        self._statements = self._words = -1
        self.killed = 0

    @contextmanager
    def may_strike(self) -> Iterator[None]:
        """Within it the process may be killed at any step."""
        if self._chance.randrange(1000) < self.of_1000:
            if self._chance.random() < 0.7:
                self._statements = int(self._chance.expovariate(1 / 16))
            else:
                self._words = self._chance.randrange(4)
        try:
            with connection.execute_wrapper(self._statement):
                yield
        finally:
            self._statements = self._words = -1

    def word(self) -> None:
        """Before a request to a gateway has left, or after its answer has come."""
        self._words -= 1
        self._strike(self._words == -1)

    def statement(self) -> None:
        """Before a statement reaches the database."""
        self._statements -= 1
        self._strike(self._statements == -1)

    def cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        """What `eka.ledger.connections` talks through, of a process that may be killed."""
        connection.ensure_connection()
        return MortalCursor(connection.connection, self)

    def _statement(self, execute: Callable[..., Any], *given: Any) -> Any:
        self.statement()
        return execute(*given)

    def _strike(self, now: bool) -> None:
        if now:
            self._statements = self._words = -2  # what follows is the database cleaning up
            self.killed += 1
            raise Killed


class MortalCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor of a process that may be killed before every statement."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], fate: Fate) -> None:
        super().__init__(connection)
        self._fate = fate

    def execute(self, *given: Any, **named: Any) -> "MortalCursor":
        """Unless the process is killed."""
        self._fate.statement()
        return super().execute(*given, **named)


class MortalGateway:
    """A real gateway, used by a process that may be killed before and after every request."""

    def __init__(self, gateway: object, fate: Fate) -> None:
        self._gateway, self._fate = gateway, fate

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._gateway, name)
        if name not in TALKS:
            return own

        def talk(*given: Any) -> Any:
            self._fate.word()
            answer = own(*given)
            self._fate.word()
            return answer

        return talk


def collect(http: httpx.Client, box: Sandbox) -> list[Event]:
    """The events that a sandbox has to tell of; it will not send them itself."""
    events = [deepcopy(delivery["event"]) for delivery in box.records.all("delivery")]
    if events:
        taken = http.post(f"{box.address}/sandbox/take").json()
        assert len(taken) == len(events)
    return events


def torn(letter: Envelope, chance: Random) -> Envelope:
    """The letter with one byte of its body changed on the way."""
    body = bytearray(letter.body)
    at = chance.randrange(len(body))
    body[at] = ord("$" if body[at] == ord("#") else "#")  # which means something else everywhere
    return Envelope(letter.headers, bytes(body))


def patience(chance: Random) -> timedelta:
    """How long a notification is on its way."""
    shape = chance.random()
    longest = 5 if shape < 0.6 else 3_600 if shape < 0.9 else 40 * 3_600
    return timedelta(seconds=chance.uniform(0.01, longest))


# ------------------------------------------------- authentic, and not what was asked for


def falsified(name: str, event: Event, what: str) -> tuple[Event, str] | None:
    """The event with another `amount`, `currency`, `merchant` or `number`, and the true number.

    It will be signed with the gateway's own keys. None: it does not tell of money that came.
    """
    changed = deepcopy(event)
    number = FALSIFIERS[name](changed, what)
    return (changed, number) if number else None


def _stripe(event: Event, what: str) -> str:
    told = event["event"]
    if told["type"] not in ("checkout.session.completed", "payment_intent.succeeded"):
        return ""
    about = told["data"]["object"]
    if about.get("payment_status", "paid") != "paid":
        return ""
    number = str(about["metadata"]["number"])
    if what == "amount":
        about["amount_total"] = about["amount_received"] = about.get("amount", 0) + 100
    elif what == "currency":
        about["currency"] = "eur"
    elif what == "merchant":
        told["account"] = "acct_1SomebodyElse00"
    else:
        about["metadata"]["number"] = about["client_reference_id"] = "PNOBODYS"
    return number


def _paypal(event: Event, what: str) -> str:
    told = event["event"]
    if told["event_type"] != "PAYMENT.CAPTURE.COMPLETED":
        return ""
    about = told["resource"]
    number = str(about["custom_id"])
    if what == "amount":
        about["amount"]["value"] = "1.23"
    elif what == "currency":
        about["amount"]["currency_code"] = "EUR"
    elif what == "merchant":
        about["payee"]["merchant_id"] = "SOMEBODYELSE1"
    else:
        about["custom_id"] = about["invoice_id"] = "PNOBODYS"
    return number


def _wechat(event: Event, what: str) -> str:
    about = event["plain"]
    if event["kind"] != "TRANSACTION.SUCCESS":
        return ""
    number = str(about["out_trade_no"])
    if what == "amount":
        about["amount"]["total"] += 1
    elif what == "currency":
        about["amount"]["currency"] = "EUR"
    elif what == "merchant":
        about["mchid"] = "1900000001"
    else:
        about["out_trade_no"] = "PNOBODYS"
    return number


def _alipay(event: Event, what: str) -> str:
    if event["trade_status"] != "TRADE_SUCCESS" or "refund_fee" in event:
        return ""
    number = str(event["out_trade_no"])
    if what == "number":
        event["out_trade_no"] = "PNOBODYS"
    else:  # the seller and the currency are not the event's
        event["total_amount"] = "1.23"
    return number


FALSIFIERS: dict[str, Callable[[Event, str], str]] = {
    "stripe": _stripe,
    "paypal": _paypal,
    "wechat": _wechat,
    "alipay": _alipay,
}


# ------------------------------------------------------------------- what the gateways know


def moved(name: str, box: Sandbox) -> list[tuple[str, str, int]]:
    """Every movement of money at a sandbox: our payment's number, currency, minor units (signed).

    Fees are left out.
    """
    return MOVEMENTS[name](box)


def _at_stripe(box: Sandbox) -> list[tuple[str, str, int]]:
    found = []
    charges = {charge["id"]: charge for charge in box.records.all("charge")}
    sources = charges | {
        one["id"]: charges[one["charge"]]
        for kind in ("refund", "dispute")
        for one in box.records.all(kind)
    }
    for row in box.records.all("balance_transaction"):
        number = sources[row["source"]]["metadata"]["number"]
        found.append((number, row["currency"].upper(), row["amount"]))
    return found


def _at_paypal(box: Sandbox) -> list[tuple[str, str, int]]:
    return [
        (_capture(box, row)["custom_id"], *_paypal_money(row["transaction_amount"]))
        for row in box.records.all("row")
    ]


def _capture(box: Sandbox, row: Document) -> Document:
    capture = box.records.get("capture", row["paypal_reference_id"])
    assert capture is not None
    return capture


def _paypal_money(written: Document) -> tuple[str, int]:
    whole, _, part = written["value"].partition(".")
    return written["currency_code"], int(whole + part.ljust(2, "0"))


def _at_wechat(box: Sandbox) -> list[tuple[str, str, int]]:
    paid = [(row["number"], "CNY", row["total"]) for row in box.records.all("payment")]
    back = [
        (row["order"], "CNY", -row["amount"])
        for row in box.records.all("refund")
        if row["status"] == "SUCCESS"
    ]
    return paid + back


def _at_alipay(box: Sandbox) -> list[tuple[str, str, int]]:
    paid = [row for row in box.records.all("trade") if "paid" in row]
    back = box.records.all("refund")
    return [(row["number"], "CNY", row["total"]) for row in paid] + [
        (row["number"], "CNY", -row["amount"]) for row in back
    ]


MOVEMENTS: dict[str, Callable[[Sandbox], list[tuple[str, str, int]]]] = {
    "stripe": _at_stripe,
    "paypal": _at_paypal,
    "wechat": _at_wechat,
    "alipay": _at_alipay,
}
