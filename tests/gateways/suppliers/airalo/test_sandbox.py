"""The sandbox by itself: what outlives it, how it delivers, and what only it can be asked."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from tests.gateways.suppliers.airalo.stage import JAPAN, NOTIFY, Airalo, Clock, ask

from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.gateways.suppliers.terms import Notice, SupplierRefused

TRIES_MAX = 500


class Door:
    """Olga's address for notifications: HEAD is answered, POST is heard."""

    def __init__(self) -> None:
        self.heard: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.statuses: list[int] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(200 if self.path == "/notify" else 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(door.statuses.pop(0) if door.statuses else 200)
                door.heard.put(({k.lower(): v for k, v in self.headers.items()}, body))

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"

    def next(self, airalo: Airalo) -> Notice:
        """What comes next, the clock moving on until it does."""
        for _ in range(TRIES_MAX):
            with contextlib.suppress(Empty):
                headers, body = self.heard.get(timeout=0.05)
                return airalo.supplier.read_notice(headers, body, airalo.clock.now())
            airalo.clock.forward(seconds=1)
        raise AssertionError("nothing came")


def eventually(happened: Callable[[], bool]) -> None:
    for _ in range(TRIES_MAX):
        if happened():
            return
        time.sleep(0.02)
    raise AssertionError("it never happened")


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    thread = threading.Thread(target=door.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield door
    door.server.shutdown()
    door.server.server_close()
    thread.join()


def test_what_the_shop_subscribed_to_is_delivered_until_it_is_accepted(
    airalo: Airalo, door: Door
) -> None:
    airalo.supplier.subscribe(door.url)
    airalo.post("/sandbox/mischief", pace=900_000)
    door.statuses = [500, 503]
    airalo.supplier_with(asynchronous=True).order(ask("ORDER1"))
    assert len({door.next(airalo).event for _ in range(3)}) == 1
    eventually(lambda: not airalo.sandbox.courier.waiting())


def test_an_address_where_nobody_answers_is_not_taken(airalo: Airalo, door: Door) -> None:
    for url in (NOTIFY, door.url.replace("/notify", "/other"), "nowhere"):
        with pytest.raises(SupplierRefused, match="HEAD"):
            airalo.supplier.subscribe(url)


def test_opting_in_and_out(airalo: Airalo, door: Door) -> None:
    airalo.supplier.subscribe(door.url)
    path, query = "notifications/opt-in", {"type": "webhook_low_data"}
    told = airalo.called("GET", path, params=query).json()
    assert told["data"]["notification"]["contact_point"] == door.url
    assert airalo.called("POST", "notifications/opt-out", json=query).status_code == 200
    assert airalo.called("GET", path, params=query).json()["data"]["notification"] is None
    assert airalo.called("POST", path, json={"type": "smoke"}).status_code == 422


def test_what_is_due_later_is_delivered_without_being_asked_for(airalo: Airalo) -> None:
    airalo.sandbox.trouble.pending_s = 0.1  # type: ignore[assignment]  # nobody has a second
    airalo.asynchronous().order(ask("ORDER1"))
    assert airalo.sold() == []
    airalo.clock.forward(seconds=1)
    eventually(lambda: airalo.sold() == ["ORDER1"])
    assert [notice.order for notice in airalo.news()] == ["ORDER1"]


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"package_id": JAPAN, "quantity": 1, "type": "sim", "description": "ORDER1"}},
        {"data": {"package_id": JAPAN, "quantity": "1", "description": "ORDER1"}},
        {
            "files": {
                "package_id": (None, JAPAN),
                "quantity": (None, "1"),
                "type": (None, "sim"),
                "description": (None, "ORDER1"),
            }
        },
    ],
    ids=["json", "form", "multipart, as in the documentation"],
)
def test_an_order_in_each_way_to_write_it(airalo: Airalo, body: dict[str, Any]) -> None:
    answer = airalo.called("POST", "orders", **body).json()
    assert (answer["data"]["description"], len(answer["data"]["sims"])) == ("ORDER1", 1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"quantity": 1}, "package_id"),
        ({"package_id": JAPAN}, "quantity"),
        ({"package_id": JAPAN, "quantity": 0}, "quantity"),
        ({"package_id": JAPAN, "quantity": 51}, "quantity"),
        ({"package_id": JAPAN, "quantity": 1, "type": "topup"}, "type"),
    ],
)
def test_an_order_that_is_wrong(airalo: Airalo, fields: dict[str, Any], wrong: str) -> None:
    answer = airalo.called("POST", "orders", json=fields)
    assert answer.status_code == 422
    assert list(answer.json()["data"]) == [wrong]
    for body in (b"[]", b"nonsense"):
        assert airalo.called("POST", "orders", content=body).status_code == 400


def test_a_stranger_gets_no_answer(airalo: Airalo) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}):
        answer = airalo.browser.get(f"{airalo.sandbox.base}/balance", headers=headers)
        assert answer.status_code == 401


def test_a_token_of_another_kind(airalo: Airalo) -> None:
    answer = airalo.browser.post(f"{airalo.sandbox.base}/token", data={"grant_type": "password"})
    assert (answer.status_code, list(answer.json()["data"])) == (422, ["grant_type"])


def test_one_profile_and_the_orders_of_it(airalo: Airalo) -> None:
    profile = airalo.profile("ORDER1")
    airalo.profile("ORDER2")
    told = airalo.called("GET", f"sims/{profile.iccid}").json()["data"]
    assert (told["qrcode"], told["recycled"]) == (profile.activation_code, False)
    query = {"filter[iccid]": profile.iccid}
    listed = airalo.called("GET", "orders", params=query).json()
    assert [order["description"] for order in listed["data"]] == ["ORDER1"]
    assert "sims" not in listed["data"][0]
    code = listed["data"][0]["code"]
    listed = airalo.called("GET", "orders", params={"filter[code]": code}).json()
    assert listed["meta"]["total"] == 1
    for path in ("sims/8910300000000009999", "orders/999999", "sims/1/usage"):
        assert airalo.called("GET", path).status_code == 404


def test_what_was_sold_outlives_the_sandbox(tmp_path: Path, clock: Clock) -> None:
    records = Records(tmp_path / "airalo.sqlite")
    sandbox = AiraloSandbox(records, Courier(records, clock.now))
    settings = sandbox.settings()
    sandbox.desk.buy({"package_id": JAPAN, "quantity": 2, "description": "ORDER1"})
    sold = sandbox.profiles()
    sandbox.act(sold[0].iccid, "enable", 0)
    records.close()

    records = Records(tmp_path / "airalo.sqlite")
    sandbox = AiraloSandbox(records, Courier(records, clock.now))
    assert sandbox.settings() == settings
    assert [shown.iccid for shown in sandbox.profiles()] == [shown.iccid for shown in sold]
    assert [shown.state for shown in sandbox.profiles()] == ["enabled", "released"]
    records.close()


def test_what_cannot_happen_on_a_phone_does_not(airalo: Airalo) -> None:
    iccid = airalo.profile().iccid
    for act, state in (
        ("delete", "released"),
        ("use", "released"),
        ("fail", "error"),
        ("enable", "error"),
        ("download", "downloaded"),
        ("enable", "enabled"),
        ("disable", "disabled"),
        ("use", "disabled"),
        ("delete", "deleted"),
        ("enable", "deleted"),
    ):
        airalo.act(iccid, act)  # type: ignore[arg-type]
        [shown] = airalo.sandbox.profiles()
        assert (shown.state, shown.used) == (state, 0)
