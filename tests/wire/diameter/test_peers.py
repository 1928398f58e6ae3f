"""One connection's life, from the CER to the end, without a socket and without a clock."""

import pytest
from tests.wire.diameter import messages as m

from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import writing as w
from eka.wire.diameter.gy import CreditControlRequest
from eka.wire.diameter.gy_notices import Notice
from eka.wire.diameter.headers import glance
from eka.wire.diameter.peers import (
    NOTICES_MAX,
    Endpoint,
    NoticeOutcome,
    Opened,
    Peer,
    Refused,
    Timings,
)

CER, RAR, CCR, ASR, DWR, DPR = 257, 258, 272, 274, 280, 282
REAUTHORIZE = Notice(kind="reauthorize", session=m.SESSION, host=m.GATEWAY, realm=m.REALM)


def connected(allowed: frozenset[str] | None = None) -> Peer:
    return Peer(Endpoint(m.OCS, allowed, Timings()), "192.0.2.9", 0)


def opened() -> Peer:
    peer = connected()
    peer.receive(m.cer(), 0)
    assert sent(peer) == [(CER, 2001)]
    return peer


def sent(peer: Peer) -> list[tuple[int, int | None]]:
    """(command, Result-Code or None for a request) of what is to go out; it goes."""
    told = []
    for message in peer.outgoing:
        header = glance(message)
        told.append((header.command, None if header.is_request else m.result_of(message)))
    peer.outgoing.clear()
    return told


def test_a_gateway_introduces_itself() -> None:
    peer = connected()
    (told,) = peer.receive(m.cer(), 0)
    assert isinstance(told, Opened)
    assert told.peer.host == m.GATEWAY
    answer = m.avps(peer.outgoing[0])
    assert answer.first[avp.HOST_IP_ADDRESS] == b"\0\1\xc0\0\2\x09"
    assert answer.first[avp.PRODUCT_NAME] == b"Eka"
    assert m.number(answer, avp.AUTH_APPLICATION_ID) == 4
    assert m.number(answer, avp.SUPPORTED_VENDOR_ID) == 10415
    assert m.number(answer, avp.ORIGIN_STATE_ID) == 7
    assert avp.VENDOR_SPECIFIC_APPLICATION_ID not in answer.first


@pytest.mark.parametrize(
    ("cer", "result"),
    [
        (m.cer(), 2001),
        (m.cer(vendor_specific=True), 2001),
        (m.cer(application=0xFFFFFFFF), 2001),
        (m.cer(application=16777238), 5010),
        (m.cer("stranger.example"), 3010),
        (m.cer("ocs.operator.example"), 3010),
        (m.without(m.cer(), avp.ORIGIN_REALM), 5005),
        (m.without(m.cer(), avp.HOST_IP_ADDRESS), 2001),
    ],
)
def test_who_is_let_in(cer: bytes, result: int) -> None:
    peer = connected(frozenset({"SMF1.operator.example", "ocs.operator.example"}))
    peer.receive(cer, 0)
    assert sent(peer) == [(CER, result)]
    assert peer.state == ("open" if result == 2001 else "closed")


def test_an_application_of_a_vendor_is_answered_as_one() -> None:
    peer = connected()
    peer.receive(m.cer(vendor_specific=True), 0)
    assert avp.VENDOR_SPECIFIC_APPLICATION_ID in m.avps(peer.outgoing[0]).first


@pytest.mark.parametrize("first", [m.CCR_INITIAL, m.dwr(), m.dpr(), m.answer(CCR, 1), b"GET / HT"])
def test_before_the_cer_nothing_is_answered(first: bytes) -> None:
    peer = connected()
    assert peer.receive(first, 0) == []
    assert (peer.state, peer.outgoing) == ("closed", [])


def test_a_connection_that_stays_silent_is_closed() -> None:
    peer = connected()
    peer.receive(m.cer()[:10], 29)
    states = []
    for now in (29, 30):
        peer.tick(now)
        states.append(peer.state)
    assert states == ["waiting", "closed"]


def test_a_connection_keeps_the_name_it_gave() -> None:
    peer = opened()
    peer.receive(m.cer(), 1)
    assert sent(peer) == [(CER, 2001)]
    peer.receive(m.cer("smf2.operator.example"), 1)
    assert (sent(peer), peer.state) == ([(CER, 3010)], "closed")


def test_requests_come_through_in_order() -> None:
    peer = opened()
    told = peer.receive(m.CCR_INITIAL + m.CCR_UPDATE + m.dwr() + m.CCR_TERMINATE, 1)
    assert [one.kind for one in told if isinstance(one, CreditControlRequest)] == [
        *("initial", "update", "terminate")
    ]
    assert sent(peer) == [(DWR, 2001)]


OTHER_REALM = m.with_avps(
    m.without(m.CCR_INITIAL, avp.DESTINATION_REALM), w.utf8(avp.DESTINATION_REALM, "x.example")
)
LOOPED = m.with_avps(m.CCR_INITIAL, w.utf8(avp.ROUTE_RECORD, m.OCS.host))


@pytest.mark.parametrize(
    ("message", "result"),
    [
        (m.request(CCR, application=16777238), 3007),
        (m.request(275, application=4), 3001),
        (m.request(CCR, application=4), 5005),
        (OTHER_REALM, 3003),
        (LOOPED, 3005),
        (m.CCR_INITIAL[:4] + b"\xc1" + m.CCR_INITIAL[5:], 3008),
        (b"\x01\0\0\x15" + m.CCR_INITIAL[4:20] + b"\0", 5015),
    ],
)
def test_a_request_that_is_refused_harms_no_other(message: bytes, result: int) -> None:
    peer = opened()
    told = peer.receive(message + m.CCR_INITIAL, 1)
    assert told[0] == Refused(result)
    assert isinstance(told[1], CreditControlRequest)
    assert [code for _, code in sent(peer)] == [result]
    assert peer.state == "open"


def test_a_message_that_never_ends_ends_the_connection() -> None:
    peer = opened()
    (told,) = peer.receive(m.CCR_INITIAL + b"\x01\xff\xff\xff", 1)
    assert isinstance(told, CreditControlRequest), "what came before it counts"
    assert peer.state == "closed"


def test_the_watchdog_asks_doubts_and_gives_up() -> None:
    peer = opened()
    peer.tick(30)
    assert (sent(peer), peer.state) == ([(DWR, None)], "asked")
    peer.tick(60)
    assert (sent(peer), peer.state) == ([], "suspect")
    assert not peer.notify(REAUTHORIZE, 60)
    peer.tick(90)
    assert peer.state == "closed"


@pytest.mark.parametrize(
    ("message", "state"), [(m.answer(DWR, 1), "open"), (m.dwr(), "asked"), (m.CCR_UPDATE, "asked")]
)
def test_a_suspect_that_speaks_is_trusted_again(message: bytes, state: str) -> None:
    peer = opened()
    peer.tick(30)
    peer.tick(60)
    peer.receive(message, 80)
    assert peer.state == state
    peer.tick(109)
    assert peer.state == state, "the silence is counted from its last word"


def test_a_gateway_takes_leave() -> None:
    peer = opened()
    peer.receive(m.dpr(), 1)
    assert (sent(peer), peer.state) == ([(DPR, 2001)], "closing")
    peer.receive(m.CCR_UPDATE, 2)
    assert sent(peer) == [(CCR, 3004)]
    peer.tick(5)
    assert peer.state == "closed"


def test_eka_takes_leave() -> None:
    peer = opened()
    peer.end("stop", 1)
    assert m.number(m.avps(peer.outgoing[0]), avp.DISCONNECT_CAUSE) == 0
    assert sent(peer) == [(DPR, None)]
    peer.receive(m.answer(DPR, 1), 2)
    assert peer.state == "closed"


def test_a_notice_is_answered() -> None:
    peer = opened()
    assert peer.notify(REAUTHORIZE, 1)
    header = glance(peer.outgoing[0])
    assert header.end_to_end >> 20 == 7, "unique across restarts"
    peer.receive(m.answer(RAR, header.hop_by_hop + 1), 1)
    assert peer.receive(m.answer(RAR, header.hop_by_hop, 5002), 1) == [
        NoticeOutcome(REAUTHORIZE, 5002)
    ]
    assert peer.receive(m.answer(RAR, header.hop_by_hop), 1) == [], "answered once"


def test_a_notice_is_sent_twice_and_then_given_up() -> None:
    peer = opened()
    peer.notify(REAUTHORIZE, 1)
    first = peer.outgoing.pop()
    assert peer.tick(4) == []
    peer.tick(5)
    second = peer.outgoing.pop()
    assert glance(second).is_retransmitted
    assert second[5:] == first[5:]
    assert peer.tick(8) == []
    assert peer.tick(9) == [NoticeOutcome(REAUTHORIZE, None)]
    assert peer.tick(99) == []


def test_a_notice_ends_with_its_connection() -> None:
    peer = opened()
    peer.notify(REAUTHORIZE, 1)
    assert peer.end("lost", 1) == [NoticeOutcome(REAUTHORIZE, None)]


def test_an_answer_without_result_is_one_too() -> None:
    peer = opened()
    peer.notify(REAUTHORIZE, 1)
    answer = m.answer(RAR, glance(peer.outgoing[0]).hop_by_hop)
    assert peer.receive(m.without(answer, avp.RESULT_CODE), 1) == [NoticeOutcome(REAUTHORIZE, 5005)]


def test_unanswered_notices_do_not_pile_up() -> None:
    peer = opened()
    sent_at_most = [peer.notify(REAUTHORIZE, 1) for _ in range(NOTICES_MAX + 1)]
    assert sent_at_most.count(True) == NOTICES_MAX
    assert sent_at_most[-1] is False


def test_nobody_is_notified_before_the_cer() -> None:
    assert not connected().notify(REAUTHORIZE, 1)
