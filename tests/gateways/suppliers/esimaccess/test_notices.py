"""Notifications: what eSIM Access sends is read, and what Mallory sends is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.gateways.suppliers.esimaccess.stage import GIB, NOON, NOTIFY, Shop, more_data

from eka.gateways.sandbox.courier import Envelope
from eka.gateways.suppliers.esimaccess import TOKEN_HEADER
from eka.gateways.suppliers.terms import NotAuthentic, Notice, NoticeUnreadable, Progress

ICCID, EID = "8910300000059818839", "89049032005008882600050326403713"
TOKEN = "kzU0mHV8Jrk2a9mB4vWQ"
MINUTES_5 = timedelta(minutes=5)
SMDP = {
    "iccid": ICCID,
    "eid": EID,
    "orderNo": "B26042112200025",
    "esimTranNo": "26042112200028",
    "transactionId": "ORDER1",
    "esimStatus": "IN_USE",
    "smdpStatus": "ENABLED",
    "timestamp": "2026-03-10T11:58:30Z",
    "seqNumber": 113,
    "notifyStatus": "Executed-Success",
}


@pytest.fixture
def letter(shop: Shop) -> Envelope:
    """The news that Alice's profile is on."""
    return shop.letter("SMDP_EVENT", **SMDP)


def test_a_profile_tells_of_itself(shop: Shop) -> None:
    held = shop.held()
    assert [(notice.kind, notice.order) for notice in shop.news()] == [("ORDER_STATUS", "ORDER1")]
    shop.clock.forward(minutes=3)
    for act in ("download", "install", "enable"):
        shop.act(held, act)
    told = [notice.progress for notice in shop.news()]
    assert [progress and progress.event for progress in told] == [
        "downloaded",
        "installed",
        "enabled",
    ]
    last = told[-1]
    assert last is not None
    assert (last.iccid, last.at, last.failed) == (held.iccid, shop.clock.now(), "")
    now = shop.supplier.progress(held)
    assert now is not None
    assert last.eid == now.eid != ""


def test_a_download_that_fails(shop: Shop) -> None:
    held = shop.held()
    shop.taken()
    shop.act(held, "fail")
    [notice] = shop.news()
    assert notice.progress is not None
    assert (notice.progress.event, notice.progress.failed) == ("downloaded", "Failed")
    now = shop.supplier.progress(held)
    assert now is not None
    assert now.event == "released"


def test_data_runs_low_and_the_term_ends(shop: Shop) -> None:
    held = shop.enabled()
    shop.taken()
    shop.act(held, "use", GIB // 2)
    assert [(one.kind, one.usage) for one in shop.news()][1:] == [("DATA_USAGE", held.iccid)]
    shop.act(held, "use", GIB)
    kinds = [(one.kind, one.usage) for one in shop.news()]
    assert kinds == [("DATA_USAGE", held.iccid)] * 2 + [("ESIM_STATUS", held.iccid)]

    shop.supplier.top_up(more_data(held))
    assert shop.news() == []
    shop.clock.forward(days=13)
    shop.supplier.progress(held)
    assert [(one.kind, one.usage) for one in shop.news()] == [("VALIDITY_USAGE", held.iccid)]
    shop.clock.forward(days=1)
    shop.supplier.progress(held)
    assert [(one.kind, one.usage) for one in shop.news()] == [("ESIM_STATUS", held.iccid)]


def test_a_profile_is_given_back_and_another_is_ended(shop: Shop) -> None:
    first, second = shop.held(), shop.held("ORDER2")
    shop.taken()
    shop.supplier.cancel(first)
    shop.supplier.revoke(second)
    told = [one.progress and (one.progress.iccid, one.progress.event) for one in shop.news()]
    assert told == [(first.iccid, "cancelled"), (second.iccid, "failed")]


def test_the_same_news_twice_has_the_same_number(shop: Shop) -> None:
    shop.mischief(double=1000)
    shop.held()
    first, second = shop.news()
    assert first == second
    assert len(first.event) == 32


def test_news_that_comes_late_is_signed_when_it_is_sent(shop: Shop) -> None:
    shop.held()
    shop.clock.forward(days=1)
    [notice] = shop.news()
    assert notice.order == "ORDER1"


def test_a_quiet_supplier(shop: Shop) -> None:
    shop.trouble(quiet=True)
    shop.held()
    assert shop.taken() == []


def test_the_shop_says_where_it_listens_and_is_tried(shop: Shop) -> None:
    shop.supplier_with(notice_token=TOKEN).subscribe(NOTIFY)
    [tried] = shop.post("/sandbox/take")
    assert tried["url"] == NOTIFY + "/" + TOKEN
    shop.supplier.subscribe(NOTIFY)
    [notice] = shop.news()
    assert notice == Notice(event=notice.event, kind="CHECK_HEALTH")


def test_forged_news(shop: Shop) -> None:
    shop.mischief(forge=1000)
    shop.held()
    forged, genuine = shop.taken()
    with pytest.raises(NotAuthentic, match="not signed"):
        shop.read(forged)
    assert shop.read(genuine).order == "ORDER1"


@pytest.mark.parametrize("off", [-MINUTES_5, timedelta(0), MINUTES_5])
def test_news_of_the_last_five_minutes_is_read(
    shop: Shop, letter: Envelope, off: timedelta
) -> None:
    notice = shop.supplier.read_notice(letter.headers, letter.body, NOON + off)
    assert notice.progress == Progress(
        iccid=ICCID,
        event="enabled",
        at=datetime(2026, 3, 10, 11, 58, 30, tzinfo=UTC),
        eid=EID,
    )


@pytest.mark.parametrize("off", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_rightly_signed_news_of_another_time_is_not(
    shop: Shop, letter: Envelope, off: timedelta
) -> None:
    with pytest.raises(NotAuthentic, match="another time"):
        shop.supplier.read_notice(letter.headers, letter.body, NOON + off)


@pytest.mark.parametrize("name", ["accesscode", "timestamp", "requestid", "signature"])
@pytest.mark.parametrize("value", [None, "", "0", "٣", "9" * 40], ids=str)
def test_a_header_that_was_altered(
    shop: Shop, letter: Envelope, name: str, value: str | None
) -> None:
    headers = {key: text for key, text in letter.headers.items() if key != f"rt-{name}"}
    if value is not None:
        headers[f"rt-{name}"] = value
    with pytest.raises(NotAuthentic):
        shop.supplier.read_notice(headers, letter.body, NOON)


def test_a_body_that_was_altered(shop: Shop, letter: Envelope) -> None:
    for body in (letter.body + b" ", letter.body.replace(b"ORDER1", b"ORDER2"), b"", b"\xff"):
        with pytest.raises(NotAuthentic):
            shop.supplier.read_notice(letter.headers, body, NOON)


def test_unsigned_news_counts_only_at_the_secret_address(shop: Shop, letter: Envelope) -> None:
    guarded, plain = shop.supplier_with(notice_token=TOKEN), shop.supplier
    unsigned = {"content-type": "application/json", TOKEN_HEADER: TOKEN}
    assert guarded.read_notice(unsigned, letter.body, NOON).progress is not None
    for headers in (unsigned, {}):
        with pytest.raises(NotAuthentic, match="no notice_token"):
            plain.read_notice(headers, letter.body, NOON)


@pytest.mark.parametrize("said", [None, "", TOKEN[:-1], TOKEN + "x", "ключ"], ids=str)
def test_another_address_than_the_secret_one(
    shop: Shop, letter: Envelope, said: str | None
) -> None:
    guarded = shop.supplier_with(notice_token=TOKEN)
    headers = {} if said is None else {TOKEN_HEADER: said}
    for more in ({}, letter.headers):  # signed or not
        with pytest.raises(NotAuthentic, match="address"):
            guarded.read_notice({**more, **headers}, letter.body, NOON)


def test_a_wrong_signature_counts_at_the_secret_address_too(shop: Shop, letter: Envelope) -> None:
    guarded = shop.supplier_with(notice_token=TOKEN)
    right = {**letter.headers, TOKEN_HEADER: TOKEN}
    assert guarded.read_notice(right, letter.body, NOON).progress is not None
    upper = {**right, "rt-signature": right["rt-signature"].upper()}
    assert guarded.read_notice(upper, letter.body, NOON).progress is not None
    with pytest.raises(NotAuthentic, match="not signed"):
        guarded.read_notice({**right, "rt-signature": "0" * 64}, letter.body, NOON)


@pytest.mark.parametrize(
    ("kind", "content", "about"),
    [
        ("ORDER_STATUS", {"orderNo": "B1", "orderStatus": "GOT_RESOURCE"}, {"order": "B1"}),
        ("ESIM_STATUS", {"iccid": ICCID, "esimStatus": "USED_UP"}, {"usage": ICCID}),
        ("ESIM_STATUS", {"iccid": ICCID, "esimStatus": "SUSPENDED"}, {"usage": ICCID}),
        ("ESIM_STATUS", {"iccid": ICCID, "esimStatus": "DREAMING"}, {}),
        ("SMDP_EVENT", {"iccid": ICCID, "smdpStatus": "FLYING"}, {}),
        ("SOMETHING_NEW", {}, {}),
    ],
)
def test_every_kind_of_news(
    shop: Shop, kind: str, content: dict[str, str], about: dict[str, Any]
) -> None:
    notice = shop.read(shop.letter(kind, **content))
    assert notice == Notice(event=notice.event, kind=kind, **about)


def test_a_status_without_a_time_of_its_own(shop: Shop) -> None:
    said = {"iccid": ICCID, "esimStatus": "IN_USE", "smdpStatus": "DISABLED"}
    notice = shop.read(shop.letter("ESIM_STATUS", **said))
    assert notice.progress is not None
    assert (notice.progress.event, notice.progress.at) == (
        "disabled",
        NOON - timedelta(minutes=1),
    )


def test_news_without_a_number_is_known_by_its_content(shop: Shop) -> None:
    guarded = shop.supplier_with(notice_token=TOKEN)
    bodies = [
        msgspec.json.encode({"notifyType": "ORDER_STATUS", "content": {"orderNo": number}})
        for number in ("B1", "B1", "B2")
    ]
    first, again, other = (
        guarded.read_notice({TOKEN_HEADER: TOKEN}, body, NOON).event for body in bodies
    )
    assert first == again != other


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"notifyType":"DATA_USAGE","content":{}}',
        b'{"notifyType":"DATA_USAGE","content":{"iccid":"none"}}',
        b'{"notifyType":"SMDP_EVENT","content":{"smdpStatus":"ENABLED"}}',
        b'{"notifyType":"SMDP_EVENT","content":{"smdpStatus":"ENABLED","iccid":'
        b'"8910300000059818839","timestamp":"soon"}}',
    ],
)
def test_authentic_news_that_is_not_understood(shop: Shop, body: bytes) -> None:
    guarded = shop.supplier_with(notice_token=TOKEN)
    with pytest.raises(NoticeUnreadable):
        guarded.read_notice({TOKEN_HEADER: TOKEN}, body, NOON)


def test_what_esim_access_reads_in_answer(shop: Shop) -> None:
    yes, no = shop.supplier.reply(accepted=True), shop.supplier.reply(accepted=False)
    assert shop.sandbox.accepted(yes.status, yes.body)
    assert not shop.sandbox.accepted(no.status, no.body)
