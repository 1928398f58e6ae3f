"""Notifications: what Airalo sends is believed, and what Mallory sends is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.suppliers.airalo.stage import GIB, JAPAN, Airalo, lowered

from eka.gateways.sandbox.courier import Envelope
from eka.gateways.suppliers.airalo.notices import BYTES_MAX
from eka.gateways.suppliers.airalo.signing import HEADER, signature, what_was_signed
from eka.gateways.suppliers.sandbox.airalo import wire
from eka.gateways.suppliers.terms import NotAuthentic, Notice, NoticeUnreadable

LOW = {
    "level": "75%",
    "package_name": JAPAN,
    "remaining_percentage": 25,
    "iccid": "8910300000000000017",
}


DEEP = b'{"more": ' + b"[" * 100_000


def signed(airalo: Airalo, body: bytes) -> Envelope:
    """Any bytes, signed with Airalo's own secret."""
    secret = airalo.sandbox.settings()["client_secret"]
    return Envelope({HEADER: signature(secret, body)}, body)


def test_data_that_runs_out_is_worth_a_question(airalo: Airalo) -> None:
    airalo.wanted("webhook_low_data")
    iccid = airalo.profile().iccid
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=GIB // 2)
    assert airalo.news() == []
    airalo.act(iccid, "use", bytes=GIB // 4)
    [at_75] = airalo.news()
    assert (at_75.usage, at_75.kind) == (iccid, "low_data 75%")
    airalo.act(iccid, "use", bytes=GIB // 4)
    [at_90] = airalo.news()
    airalo.act(iccid, "expire")
    [at_end] = airalo.news()
    assert [at_90.kind, at_end.kind] == ["low_data 90%", "low_data 1days"]
    assert len({at_75.event, at_90.event, at_end.event}) == 3


def test_nobody_is_told_who_did_not_ask(airalo: Airalo) -> None:
    iccid = airalo.profile().iccid
    airalo.act(iccid, "enable")
    airalo.act(iccid, "use", bytes=GIB)
    assert airalo.news() == []


def test_the_same_news_is_sent_again_under_the_same_number(airalo: Airalo) -> None:
    first, second = (airalo.read(airalo.letter(LOW)) for _ in range(2))
    assert first == second
    assert airalo.read(airalo.letter({**LOW, "iccid": "8910300000000000025"})).event != first.event


@pytest.mark.parametrize("spoil", [None, "", "0" * 128, "not hex, and not ascii: 签名"])
def test_a_signature_that_is_missing_or_wrong(airalo: Airalo, spoil: str | None) -> None:
    letter = airalo.letter(LOW)
    headers = {} if spoil is None else {HEADER: spoil}
    with pytest.raises(NotAuthentic):
        airalo.read(Envelope(headers, letter.body))


def test_an_altered_body(airalo: Airalo) -> None:
    letter = airalo.letter(LOW)
    for body in (letter.body.replace(b"25", b"26"), b"", b"{}", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(NotAuthentic):
            airalo.read(Envelope(letter.headers, body))


def test_news_signed_with_another_secret(airalo: Airalo) -> None:
    shop = airalo.supplier_with(client_secret="another")
    letter = airalo.letter(LOW)
    with pytest.raises(NotAuthentic):
        shop.read_notice(lowered(letter.headers), letter.body, airalo.clock.now())


def test_the_same_json_written_otherwise_is_the_same_news(airalo: Airalo) -> None:
    """Airalo signs what PHP wrote; something on the way may write it anew."""
    content = {**LOW, "package_name": "Élan / 日本"}
    letter = airalo.letter(content)
    assert b"\\/" in letter.body
    assert b"\\u65e5" in letter.body
    anew = json.dumps(content, indent=2, ensure_ascii=False).encode()
    assert airalo.read(Envelope(letter.headers, anew)) == airalo.read(letter)


@given(st.text(min_size=1), st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_what_is_signed_is_what_php_writes(secret: str, content: Any) -> None:
    body = wire.php_json(content)
    header = wire.signature(secret, body)
    assert what_was_signed(secret, header, body) == body
    assert what_was_signed(secret, header, json.dumps(content, indent=1).encode()) == body
    assert what_was_signed(secret, header, wire.php_json([content])) is None
    assert what_was_signed(secret + "x", header, body) is None


def test_authentic_but_not_understood(airalo: Airalo) -> None:
    for body in (b"", b"nonsense", b"[]", b'{"iccid": 1}', b"\xff", DEEP):
        with pytest.raises(NoticeUnreadable):
            airalo.read(signed(airalo, body))


def test_too_large_to_be_a_notification(airalo: Airalo) -> None:
    body = json.dumps({"message": "x" * BYTES_MAX}).encode()
    with pytest.raises(NoticeUnreadable, match="larger"):
        airalo.read(signed(airalo, body))
    with pytest.raises(NotAuthentic):
        airalo.read(Envelope({HEADER: "0" * 128}, body))


def test_news_that_eka_does_nothing_with(airalo: Airalo) -> None:
    message = "Surpassed 80% of the credit limit balance"
    notice = airalo.read(airalo.letter({"message": message, "remaining": 225.35}))
    assert notice == Notice(event=notice.event, kind=message)
    strange = airalo.read(airalo.letter({"new": "kind"}))
    assert strange == Notice(event=strange.event, kind="unknown")


ORDER = {"description": "ORDER1", "data": "1 GB", "sims": [{"iccid": "8910300000000000017"}]}


@pytest.mark.parametrize(
    "content",
    [
        {"request_id": "R1", "data": ORDER, "meta": {"message": "success"}},
        {"data": {**ORDER, "request_id": "R1"}},
        {**ORDER, "request_id": "R1"},
    ],
)
def test_an_order_wherever_its_fields_are(airalo: Airalo, content: dict[str, Any]) -> None:
    """The documentation says only that it is the answer to an order, and the request's id."""
    notice = airalo.read(airalo.letter(content))
    assert notice == Notice(event="R1:delivered", kind="async_orders", order="ORDER1")


def test_an_order_without_our_number_is_named_by_its_request(airalo: Airalo) -> None:
    notice = airalo.read(airalo.letter({"request_id": "R1", "data": {"sims": [{}]}}))
    assert notice.order == "R1"
    notice = airalo.read(airalo.letter({"request_id": "R1"}))
    assert (notice.order, notice.supplied) == ("R1", None)


def test_a_failed_order_with_our_number_in_it(airalo: Airalo) -> None:
    failed = {"request_id": "R1", "description": "ORDER1", "reason": "Something went wrong"}
    notice = airalo.read(airalo.letter(failed))
    assert notice.supplied is not None
    assert (notice.supplied.number, notice.supplied.why) == ("ORDER1", "other")


def test_the_answer_ends_the_retries_or_not(airalo: Airalo) -> None:
    yes, no = airalo.supplier.reply(True), airalo.supplier.reply(False)
    assert airalo.sandbox.accepted(yes.status, yes.body)
    assert not airalo.sandbox.accepted(no.status, no.body)
    assert airalo.sandbox.retry_after_s == (15 * 60,) * 20
