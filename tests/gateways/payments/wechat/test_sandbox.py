"""The sandbox by itself: what outlives it, how it delivers, and what the library makes of it."""

import base64
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import pytest
from tests.gateways.payments.wechat.stage import NOTIFY, Clock, WeChat
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]

from eka.clock import now
from eka.gateways.payments.sandbox.wechat import WeChatSandbox
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.sandbox.serving import opened

WAIT_S_MAX = 30
TRIES_MAX = 300

Heard = tuple[dict[str, str], bytes]


class Counter:
    """Olga's address for notifications: hears, and answers with the next status."""

    def __init__(self) -> None:
        self.heard: Queue[Heard] = Queue()
        self.statuses = [204]
        counter = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                counter.heard.put(({k.lower(): v for k, v in self.headers.items()}, body))
                many = len(counter.statuses) > 1
                self.send_response(counter.statuses.pop(0) if many else counter.statuses[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is printed in a test."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/notify"

    def next(self, clock: Clock) -> Heard:
        """What comes next, however long WeChat wants to wait for that."""
        for _ in range(TRIES_MAX):
            try:
                return self.heard.get(timeout=0.1)
            except Empty:
                clock.forward(seconds=5)
        raise AssertionError("nothing came")


@pytest.fixture
def counter() -> Iterator[Counter]:
    opened = Counter()
    thread = threading.Thread(target=opened.server.serve_forever)
    thread.start()
    yield opened
    opened.server.shutdown()
    thread.join(WAIT_S_MAX)
    opened.server.server_close()


def test_news_is_sent_until_it_is_accepted(wechat: WeChat, counter: Counter) -> None:
    counter.statuses = [500, 302, 200]
    wechat.begin("ORDER1", notify_url=counter.url)
    wechat.post("/sandbox/mischief", held=False)
    wechat.act("ORDER1", "pay")

    events = set()
    for _ in range(3):
        headers, body = counter.next(wechat.clock)
        events.add(wechat.gateway.read_notice(headers, body, wechat.clock.now()).event)
    assert len(events) == 1
    for _ in range(TRIES_MAX):
        if not wechat.sandbox.courier.waiting():
            break
        time.sleep(0.02)
    assert wechat.sandbox.courier.waiting() == []


def test_the_retries_are_wechats(wechat: WeChat) -> None:
    waits = wechat.sandbox.retry_after_s
    assert len(waits) == 15
    assert sum(waits) == 24 * 3600 + 4 * 60  # as its documentation adds them up


def test_what_was_paid_outlives_the_sandbox(tmp_path: Path, keys: Document, clock: Clock) -> None:
    records = Records(tmp_path / "wechat.sqlite")
    records.put("keys", "wechat", keys)
    for number in ("ORDER1", "ORDER2"):
        order = {"number": number, "state": "NOTPAY", "total": 1, "back": ""}
        records.put("order", number, {**order, "words": {"description": "Pond"}})
    first = records.get("order", "ORDER1")
    assert first is not None
    records.put("order", "ORDER1", {**first, "state": "SUCCESS"})
    records.close()

    records = Records(tmp_path / "wechat.sqlite")
    sandbox = WeChatSandbox(records, Courier(records, clock.now))
    assert [(one.number, one.state) for one in sandbox.payments()] == [
        ("ORDER1", "SUCCESS"),
        ("ORDER2", "NOTPAY"),
    ]
    assert sandbox.settings()["private_key"] == keys["merchants"]
    records.close()


def test_a_stranger_gets_no_answer_but_a_refusal(wechat: WeChat) -> None:
    base = wechat.sandbox.address
    wechat.begin("ORDER1")
    for headers in ({}, {"Authorization": "WECHATPAY2-SHA256-RSA2048 x"}, {"Authorization": "x"}):
        for path in ("/v3/pay/transactions/out-trade-no/ORDER1", "/v3/bill/tradebill"):
            answer = wechat.browser.get(base + path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
            assert "wechatpay-signature" not in answer.headers


def test_an_unknown_phone_page(wechat: WeChat) -> None:
    url = f"{wechat.sandbox.address}/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx0"
    assert wechat.browser.get(url).status_code == 404


def test_the_library_itself_is_content_with_the_sandbox(
    records: Records, browser: httpx.Client
) -> None:
    """As it is, it shares no line with our transport; its requests bear the machine's time."""
    sandbox = WeChatSandbox(records, Courier(records, now))
    sandbox.courier.mischief.held = True
    with opened([sandbox]):
        settings = sandbox.settings()
        base = settings.pop("api_base")
        official = WeChatPay(WeChatPayType.NATIVE, notify_url=NOTIFY, **settings)
        official._core._gate_way = base
        converse(official, base, browser)


def converse(official: Any, base: str, browser: httpx.Client) -> None:
    code, said = official.pay("Ocean", "ORDER1", {"total": 1999, "currency": "CNY"})
    assert (code, "code_url" in said) == (200, True)
    assert official.query(out_trade_no="ORDER1")[0] == 200
    assert official.query(out_trade_no="ORDER2")[0] == 404
    browser.post(f"{base}/sandbox/payments/ORDER1/pay")
    [letter] = browser.post(f"{base}/sandbox/take").json()
    heard = official.callback(letter["headers"], base64.b64decode(letter["body"]))
    transaction = heard["resource"]["transaction_id"]
    assert official.query(transaction_id=transaction)[0] == 200
    assert official.query(transaction_id="4200")[0] == 404
    refund = {"refund": 1, "total": 1999, "currency": "CNY"}
    assert official.refund("REFUND1", refund, transaction_id=transaction)[0] == 200
    assert official.query_refund("REFUND1")[0] == 200
    assert official.close("ORDER1")[0] == 400
