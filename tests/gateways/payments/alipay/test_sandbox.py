"""What the sandbox does beyond the adapter's calls, asked for in Alipay's own words."""

from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from tests.gateways.payments.alipay.scene import NUMBER, HandClock, Scene

from eka.gateways.payments.alipay.settings import AlipaySettings
from eka.gateways.payments.alipay.signing import Signer
from eka.gateways.payments.sandbox.alipay import AlipaySandbox
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Document, Records


def said(alipay: Scene, method: str, **content: str) -> dict[str, str]:
    """The answer to a signed call."""
    signer = Signer(AlipaySettings(**alipay.sandbox.settings()))
    query = signer.query(method, content, alipay.clock(), {})
    answer = alipay.browser.get(f"{alipay.sandbox.settings()['gateway_url']}?{query}")
    members = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
    part = members[f"{method.replace('.', '_')}_response"]
    return msgspec.json.decode(part, type=dict[str, str])


def test_a_cancelled_trade_is_closed_or_given_back(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask(number="UNPAID1")))
    alipay.paid("PAID001")
    assert said(alipay, "alipay.trade.cancel", out_trade_no="UNPAID1")["action"] == "close"
    assert said(alipay, "alipay.trade.cancel", out_trade_no="PAID001")["action"] == "refund"
    assert alipay.gateway.look("UNPAID1", "").reason == ""
    assert alipay.gateway.look("PAID001", "").reason == "refunded"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"total_amount": "19.999"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": "0.00"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": "100000000.01"}, "ACQ.INVALID_PARAMETER"),
        ({"subject": "a/b"}, "ACQ.INVALID_PARAMETER"),
        ({"subject": ""}, "ACQ.INVALID_PARAMETER"),
        ({"time_expire": "2026-03-10 12:00:00"}, "ACQ.INVALID_PARAMETER"),
        ({"time_expire": "2026-03-26 12:00:00"}, "ACQ.INVALID_PARAMETER"),
        ({"out_trade_no": ""}, "ACQ.INVALID_PARAMETER"),
    ],
)
def test_a_code_is_not_made_of_nonsense(alipay: Scene, content: dict[str, str], code: str) -> None:
    good = {
        "out_trade_no": NUMBER,
        "total_amount": "0.01",
        "subject": "Data",
        "time_expire": "2026-03-10 12:30:00",
    }
    assert said(alipay, "alipay.trade.precreate", **good)["code"] == "10000"
    assert said(alipay, "alipay.trade.precreate", **{**good, **content})["sub_code"] == code


def test_calls_that_are_out_of_order(alipay: Scene) -> None:
    assert said(alipay, "alipay.trade.query")["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert said(alipay, "alipay.user.info.share")["sub_code"] == "isv.invalid-method"
    url, app = alipay.sandbox.settings()["gateway_url"], alipay.sandbox.settings()["app_id"]
    for fields, code in (
        ({}, "isv.invalid-app-id"),
        ({"app_id": app}, "isv.invalid-signature-type"),
        ({"app_id": app, "sign_type": "RSA2", "sign": "?"}, "isv.invalid-signature"),
    ):
        assert code in alipay.browser.get(f"{url}?{urlencode(fields)}").text


def test_a_code_that_was_not_scanned_is_shown_to_who_plays_the_payer(alipay: Scene) -> None:
    alipay.gateway.begin(alipay.ask("qr"))
    listed = alipay.browser.get(f"{alipay.sandbox.address}/sandbox/payments").json()
    assert [(one["number"], one["state"]) for one in listed] == [(NUMBER, "NOT_SCANNED")]
    assert alipay.act("pay").json()["state"] == "TRADE_SUCCESS"
    assert alipay.browser.get(f"{alipay.sandbox.address}/qr/NOBODY").status_code == 404


@pytest.mark.parametrize("act", ["pay", "fail", "pay_late"])
def test_what_is_paid_stays_paid(alipay: Scene, act: str) -> None:
    alipay.paid()
    url = f"{alipay.sandbox.address}/sandbox/payments/{NUMBER}/{act}"
    assert alipay.browser.post(url).json()["state"] == "TRADE_SUCCESS"
    assert len(alipay.mail()) == 1


def test_the_keys_are_made_once(tmp_path: Path) -> None:
    kept: list[dict[str, str]] = []
    for _ in range(2):
        records = Records(tmp_path / "alipay")
        sandbox = AlipaySandbox(records, Courier(records, HandClock()))
        kept.append(sandbox.settings())
        records.close()
    assert kept[0] == kept[1]


def test_repetitions_come_when_alipay_says(rsa_keys: Document) -> None:
    assert AlipaySandbox.retry_after_s == (240, 600, 600, 3600, 7200, 21600, 54000)
