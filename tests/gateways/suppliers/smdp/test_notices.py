"""The SM-DP+ tells how far Alice's profile is, and proves by TLS that it is the SM-DP+."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.gateways.suppliers.smdp.scene import EID, NOON, Listener, Smdp

from eka.gateways.sandbox.courier import Mischief
from eka.gateways.sandbox.records import Document
from eka.gateways.suppliers.es2plus.notices import CLIENT, PROVEN
from eka.gateways.suppliers.terms import NotAuthentic, Notice, NoticeUnreadable, Progress
from eka.rules.profiles import Stand, after
from eka.wire.es2plus import codec

ICCID = "8988299000000000016"
HEADER = {"functionRequesterIdentifier": "smdp", "functionCallIdentifier": "TX-1"}
HEADERS = {name.lower(): text for name, text in codec.headers().items()} | {CLIENT: PROVEN}


def letter(**changed: Any) -> bytes:
    whole = {
        "header": HEADER,
        "iccid": f"{ICCID}F",
        "profileType": "eka-test",
        "timestamp": "2026-03-10T12:00:00Z",
        "notificationPointId": 4,
        "notificationPointStatus": {"status": "Executed-Success"},
        "eid": EID,
    }
    return json.dumps(whole | changed).encode()


def read(smdp: Smdp, **changed: Any) -> Notice:
    return smdp.supplier.read_notice(HEADERS, letter(**changed), NOON)


def stand(listener: Listener) -> Stand:
    """How the profile stands after all that was heard, as it came."""
    now = Stand("released")
    for notice in listener.heard:
        if notice.progress is not None and not notice.progress.failed:
            now = after(now, notice.progress.event, notice.progress.at)
    return now


def test_alice_s_phone_from_the_download_to_the_end(smdp: Smdp, listener: Listener) -> None:
    iccid = smdp.sold().reference
    for act in ("download", "install", "enable", "disable", "enable", "delete"):
        smdp.clock.forward(minutes=1)
        smdp.act(iccid, act)
        assert smdp.deliver() == 0
    # What happened in one moment is told at once, and may arrive in any order.
    assert sorted(listener.events()[:2]) == ["downloaded", "eligible"]
    assert listener.events()[2:4] == ["installed", "enabled"]
    assert listener.events()[4:-2] == ["disabled", "enabled"]
    assert sorted(listener.events()[-2:]) == ["deleted", "disabled"]
    [first] = {one.progress.iccid for one in listener.heard if one.progress}
    assert first == iccid
    assert stand(listener).state == "deleted"
    assert len({one.event for one in listener.heard}) == len(listener.heard)


def test_in_any_order_and_twice_it_ends_the_same(smdp: Smdp, listener: Listener) -> None:
    iccid = smdp.sold().reference
    smdp.sandbox.courier.mischief = Mischief(double=1000, disorder=True, held=True)
    for act in ("download", "install", "enable"):
        smdp.clock.forward(minutes=1)
        smdp.act(iccid, act)
    assert smdp.deliver() == 0
    assert len(listener.heard) == 8
    assert len({one.event for one in listener.heard}) == 4
    assert stand(listener).state == "enabled"


def test_a_download_that_failed_tells_why(smdp: Smdp, listener: Listener) -> None:
    smdp.act(smdp.sold().reference, "fail")
    smdp.deliver()
    [failure] = [one.progress for one in listener.heard if one.progress and one.progress.failed]
    assert failure.event == "installed"
    assert failure.failed == "Failed 8.2.10/4.2 (Bound Profile Package: Execution Error)"


def test_what_is_not_taken_comes_again(smdp: Smdp, listener: Listener) -> None:
    smdp.act(smdp.sold().reference, "download")
    listener.fails += [NoticeUnreadable("iccid is invalid"), NotAuthentic("not you")]
    assert smdp.deliver() == 2
    assert listener.heard == []
    smdp.clock.forward(minutes=1)
    assert smdp.deliver() == 0
    assert sorted(listener.events()) == ["downloaded", "eligible"]


def test_a_forger_without_the_certificate_is_not_heard(smdp: Smdp, listener: Listener) -> None:
    smdp.sandbox.courier.mischief = Mischief(forge=1000, held=True)
    smdp.act(smdp.sold().reference, "download")
    assert smdp.deliver() == 0
    assert sorted(listener.events()) == ["downloaded", "eligible"]


def test_a_quiet_sm_dp(smdp: Smdp, listener: Listener) -> None:
    smdp.post("/sandbox/trouble", quiet=True)
    smdp.act(smdp.sold().reference, "enable")
    assert (smdp.deliver(), listener.heard) == (0, [])


def test_what_a_notification_says(smdp: Smdp) -> None:
    assert read(smdp) == Notice(
        event=f"TX-1:{ICCID}:4:2026-03-10T12:00:00Z",
        kind="handleDownloadProgressInfo 4",
        progress=Progress(iccid=ICCID, event="installed", at=NOON, eid=EID),
    )


def test_one_event_a_repeat_and_another_for_each_thing_that_happens(smdp: Smdp) -> None:
    """Some give all their calls one identifier (China Mobile International's interface does)."""
    events = [
        read(smdp),
        read(smdp, eid="", iccid=ICCID),
        read(smdp, notificationPointId="4", timestamp="2026-03-10T20:00:00+08:00"),
    ]
    assert len({one.event for one in events}) == 1
    others = [
        read(smdp, notificationPointId=3),
        read(smdp, timestamp="2026-03-10T12:00:01Z"),
        read(smdp, iccid="8988299000000000024F"),
        read(smdp, header={**HEADER, "functionCallIdentifier": "TX-2"}),
    ]
    assert len({one.event for one in (*events, *others)}) == 5


def test_an_instant_as_unix_counts_it(smdp: Smdp) -> None:
    progress = read(smdp, timestamp=None, timeStamp="1709712641").progress
    assert progress is not None
    assert progress.at == datetime(2024, 3, 6, 8, 10, 41, tzinfo=UTC)


@pytest.mark.parametrize("status", ["Failed", "Expired"])
def test_a_step_that_went_wrong_without_a_reason(smdp: Smdp, status: str) -> None:
    progress = read(smdp, notificationPointStatus={"status": status}).progress
    assert progress is not None
    assert progress.failed == status


def test_points_that_nobody_agreed_on_are_kept_and_move_nothing(smdp: Smdp) -> None:
    notice = read(smdp, notificationPointId=101)
    assert (notice.kind, notice.progress) == ("handleDownloadProgressInfo 101", None)
    agreed = smdp.supplier_with(points={"101": "enabled"})
    progress = agreed.read_notice(HEADERS, letter(notificationPointId=101), NOON).progress
    assert progress is not None
    assert progress.event == "enabled"


@pytest.mark.parametrize("proof", ["", "no", None])
def test_what_came_in_by_another_way_is_not_authentic(smdp: Smdp, proof: str | None) -> None:
    """The portal's own address, say, where nobody asked for a certificate."""
    headers = {name: text for name, text in HEADERS.items() if name != CLIENT}
    if proof is not None:
        headers[CLIENT] = proof
    with pytest.raises(NotAuthentic):
        smdp.supplier.read_notice(headers, letter(), NOON)


def test_a_notification_in_the_name_of_another(smdp: Smdp) -> None:
    header = {**HEADER, "functionRequesterIdentifier": "another"}
    with pytest.raises(NotAuthentic):
        read(smdp, header=header)
    anyones = smdp.supplier_with(peer="")
    assert anyones.read_notice(HEADERS, letter(header=header), NOON).progress is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"iccid": "8988299000000000017F"},
        {"notificationPointId": -1},
        {"notificationPointId": "four"},
        {"timestamp": "2026-03-10T12:00:00"},
        {"notificationPointStatus": None},
        {"eid": "1"},
    ],
)
def test_what_nobody_understands(smdp: Smdp, changed: dict[str, Any]) -> None:
    with pytest.raises(NoticeUnreadable):
        read(smdp, **changed)


def test_what_is_answered(smdp: Smdp) -> None:
    taken, again = smdp.supplier.reply(True), smdp.supplier.reply(False)
    assert (taken.status, taken.body) == (204, b"")
    assert again.status >= 500


def test_only_the_sm_dp_s_own_certificate_opens_the_listener(
    listener: Listener, keys: Document, strangers_keys: Document
) -> None:
    assert listener.post(letter(), keys).status_code == 204
    # The operator's own is of the same authority, as all the GSMA's are, and is not the SM-DP+'s.
    for pem, name in ((keys, "operator"), (strangers_keys, "notifier")):
        with pytest.raises(httpx.TransportError):
            listener.post(letter(), pem, name)
    assert len(listener.heard) == 1
