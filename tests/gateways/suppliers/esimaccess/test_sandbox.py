"""The sandbox by itself: whom it answers, what outlives it, and how its news travels."""

import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.gateways.suppliers.esimaccess.stage import JAPAN, Clock, Shop, ask, lowered

from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.esimaccess.signing import signed
from eka.gateways.suppliers.sandbox.esimaccess import EsimAccessSandbox
from eka.gateways.suppliers.sandbox.esimaccess.catalogue import BASE, TOPUP
from eka.rules.activation_codes import read_iccid

LINE = {"packageCode": JAPAN, "count": 1}
PAGE = {"pageNum": 1, "pageSize": 5}
WAIT_S_MAX = 30


def said(shop: Shop, path: str, body: bytes, method: str = "POST", **changed: str) -> Any:
    """What a request is answered, of which some headers are others; "" leaves one out."""
    settings = shop.sandbox.settings()
    keys = settings["access_code"], settings["secret_key"]
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    headers = {**lowered(signed(*keys, body, shop.clock.now())), **named}
    url = f"{shop.sandbox.address}/api/v1/open/{path}"
    kept = {name: value for name, value in headers.items() if value}
    return shop.browser.request(method, url, content=body, headers=kept).json()


def code_of(shop: Shop, path: str, body: object = None, **changed: str) -> str:
    answer = said(shop, path, msgspec.json.encode(body or {}), **changed)
    assert answer["success"] == (answer["errorCode"] == "0")
    assert (answer["obj"] is None) == (answer["errorMsg"] is not None)
    return str(answer["errorCode"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "0"),
        ({"rt_accesscode": ""}, "000101"),
        ({"rt_signature": ""}, "000101"),
        ({"rt_timestamp": "yesterday"}, "000102"),
        ({"rt_timestamp": "1773144000"}, "000102"),
        ({"rt_timestamp": "1773143000000"}, "101001"),
        ({"rt_timestamp": "1773144000001"}, "101003"),
        ({"rt_requestid": "another"}, "101003"),
        ({"rt_signature": "0" * 64}, "101003"),
        ({"rt_accesscode": "0" * 32}, "101003"),
        ({"method": "GET"}, "000103"),
    ],
)
def test_whom_it_answers(shop: Shop, changed: dict[str, str], code: str) -> None:
    assert code_of(shop, "balance/query", **changed) == code


def test_a_body_that_was_altered(shop: Shop) -> None:
    settings = shop.sandbox.settings()
    keys = settings["access_code"], settings["secret_key"]
    headers = signed(*keys, b"{}", shop.clock.now())
    url = f"{shop.sandbox.address}/api/v1/open/balance/query"
    assert shop.browser.post(url, content=b"{ }", headers=headers).json()["errorCode"] == "101003"


def test_no_body_is_an_empty_one(shop: Shop) -> None:
    assert said(shop, "balance/query", b"")["obj"] == {"balance": 1_000_000}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("esim/order", {"transactionId": "A"}, "000105"),
        ("esim/order", {"transactionId": "A", "packageInfoList": []}, "000105"),
        ("esim/order", {"transactionId": "", "packageInfoList": [LINE]}, "000107"),
        ("esim/order", {"transactionId": "A" * 51, "packageInfoList": [LINE]}, "000107"),
        (
            "esim/order",
            {"transactionId": "A", "packageInfoList": [{**LINE, "count": 31}]},
            "000105",
        ),
        ("esim/order", {"transactionId": "A", "packageInfoList": [LINE], "amount": 1}, "200006"),
        ("esim/query", {"orderNo": "B1"}, "000105"),
        ("esim/query", {"orderNo": "B1", "pager": {**PAGE, "pageSize": 501}}, "000105"),
        ("esim/query", {"orderNo": "B1", "pager": PAGE}, "310272"),
        ("esim/query", {"iccid": "8943108170000775671", "pager": PAGE}, "310403"),
        ("esim/query", {"iccid": "", "pager": PAGE}, "000105"),
        ("esim/cancel", {}, "000105"),
        ("package/list", {"type": "TOPUP", "iccid": "8943108170000775671"}, "310403"),
    ],
)
def test_what_it_does_not_take(shop: Shop, path: str, body: object, code: str) -> None:
    assert code_of(shop, path, body) == code


def test_what_is_no_json(shop: Shop) -> None:
    assert said(shop, "esim/order", b"<order/>")["errorCode"] == "000104"


def test_a_batch_and_its_pages(shop: Shop) -> None:
    order = {"transactionId": "BATCH", "packageInfoList": [{**LINE, "count": 7}]}
    number = said(shop, "esim/order", msgspec.json.encode(order))["obj"]["orderNo"]
    pages = [
        said(
            shop,
            "esim/query",
            msgspec.json.encode({"orderNo": number, "pager": {**PAGE, "pageNum": page}}),
        )["obj"]
        for page in (1, 2, 3)
    ]
    assert [len(page["esimList"]) for page in pages] == [5, 2, 0]
    assert {page["pager"]["total"] for page in pages} == {7}
    iccids = {profile["iccid"] for page in pages for profile in page["esimList"]}
    assert len(iccids) == 7
    assert all(read_iccid(iccid) == iccid for iccid in iccids)


def test_the_catalogue_has_something_of_everything(shop: Shop) -> None:
    assert len(BASE) + len(TOPUP) >= 6
    assert any("," in offer["location"] for offer in BASE)
    listed = [
        said(shop, "package/list", msgspec.json.encode(body))["obj"]["packageList"]
        for body in (
            {"type": "BASE", "locationCode": "JP"},
            {"type": "BASE", "locationCode": "!RG"},
            {"type": "TOPUP", "slug": "JP_1_7"},
            {"type": "TOPUP", "packageCode": "PGB500"},
        )
    ]
    codes = [{offer["packageCode"] for offer in offers} for offers in listed]
    assert codes == [
        {"CKH179", "CKH182", "JC016", "PJPDAILY"},
        {"CKH491", "JC016"},
        {"TOPUP_CKH179", "TOPUP_CKH182"},
        set(),
    ]


def test_what_was_sold_outlives_the_sandbox(
    tmp_path: Path, clock: Clock, browser: httpx.Client
) -> None:
    def sandbox() -> EsimAccessSandbox:
        records = Records(tmp_path / "access.sqlite")
        return EsimAccessSandbox(records, Courier(records, clock.now))

    first = sandbox()
    with opened([first]):
        shop = Shop(first, clock, browser)
        shop.act(shop.enabled(), "use", 1000)
        settings, shown = first.settings(), first.profiles()

    again = sandbox()
    assert again.profiles() == shown
    assert {**again.settings(), "address": settings["address"]} == settings
    again.records.close()


def test_a_profile_and_its_news_come_with_nobody_asking(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(WAIT_S_MAX)
        host, port = door.getsockname()
        heard: list[bytes] = []

        def answer() -> None:
            caller, _ = door.accept()
            with caller:
                caller.settimeout(WAIT_S_MAX)
                heard.append(caller.recv(65536))
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        listening = threading.Thread(target=answer)
        listening.start()
        shop.sandbox.records.put("webhook", "url", {"webhook": f"http://{host}:{port}/notices"})
        shop.post("/sandbox/mischief", held=False)
        shop.trouble(pending_s=30)
        shop.supplier.order(ask())
        assert shop.sandbox.profiles() == []
        shop.clock.forward(seconds=30)
        listening.join(WAIT_S_MAX)
    head, _, _ = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /notices HTTP/1.1")
    assert b"rt-signature: " in head.lower()


def test_somebody_looks_at_the_phone(shop: Shop) -> None:
    held = shop.held()
    page = shop.browser.get(f"{shop.sandbox.address}/sandbox/phone/{held.iccid}")
    assert "RELEASED GOT_RESOURCE" in page.text
    for act in ("enable", "use", "disable"):  # which cannot be yet
        shop.act(held, act)
    assert "RELEASED GOT_RESOURCE" in shop.browser.get(page.url).text
