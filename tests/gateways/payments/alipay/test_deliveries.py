"""Notices on their way from Alipay to the shop, and what Mallory does to them there."""

from urllib.parse import urlencode

import pytest
from tests.gateways.payments.alipay.scene import Scene, answering, fields_of

from eka.gateways.payments.sandbox.alipay.keys import joined
from eka.gateways.payments.terms import NotAuthentic

NOT_SIGNED = ("sign", "sign_type")


def test_a_forged_notice_goes_before_the_real_one(alipay: Scene) -> None:
    alipay.browser.post(
        f"{alipay.sandbox.address}/sandbox/mischief", json={"held": True, "forge": 1000}
    )
    alipay.paid()
    forged, real = alipay.mail()
    with pytest.raises(NotAuthentic):
        alipay.read(forged)
    assert alipay.read(real).payment is not None


def test_a_field_cannot_be_hidden_in_its_neighbour(alipay: Scene) -> None:
    """The signed text stays the same, so the signature is good; the refund would be unseen."""
    alipay.gateway.refund(alipay.paid())
    body = alipay.mail()[-1]
    fields = fields_of(body)
    text = joined(fields, without=NOT_SIGNED)
    fields["out_trade_no"] += "&point_amount=" + fields.pop("point_amount")
    assert joined(fields, without=NOT_SIGNED) == text
    with pytest.raises(NotAuthentic, match="looks like several"):
        alipay.read(urlencode(fields).encode())


def test_a_title_of_ours_cannot_pass_for_a_field(alipay: Scene) -> None:
    title = "Data&total_amount=0.01"
    alipay.open(alipay.gateway.begin(alipay.ask(title=title)))
    alipay.act("pay")
    (body,) = alipay.mail()
    assert fields_of(body)["subject"] == "Data＆total_amount＝0.01"
    assert alipay.read(body).payment is not None


def test_alipay_repeats_until_it_reads_exactly_success(alipay: Scene) -> None:
    heard: list[str] = []

    def shop(path: str, body: bytes) -> tuple[int, bytes]:
        notice = alipay.gateway.read_notice({}, body, alipay.clock())
        heard.append(notice.event)
        reply = alipay.gateway.reply(accepted=len(heard) > 2)
        return reply.status, reply.body

    with answering(shop) as address:
        alipay.open(alipay.gateway.begin(alipay.ask(notify_url=f"{address}/notify")))
        alipay.act("pay")
        waiting = []
        for _ in range(3):
            answer = alipay.browser.post(f"{alipay.sandbox.address}/sandbox/deliver").json()
            waiting.append(answer["waiting"])
            alipay.clock.forward(minutes=10)
    assert waiting == [1, 1, 0]
    assert len(heard) == 3
    assert len(set(heard)) == 1  # one event, however often it is sent
