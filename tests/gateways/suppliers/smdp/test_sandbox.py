"""The sandbox says no for every reason of SGP.22, and forgets nothing when it is restarted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.gateways.suppliers.smdp.scene import EID, NOON, OTHER_EID, Smdp

from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records
from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox
from eka.gateways.suppliers.sandbox.smdp.functions import BROKEN_SMDS, SMDS
from eka.gateways.suppliers.sandbox.smdp.inventory import OTHERS_ICCID
from eka.wire.es2plus import codec, codes
from eka.wire.es2plus.codec import NotExecuted
from eka.wire.es2plus.codes import Code
from eka.wire.es2plus.messages import (
    Answer,
    CancelOrder,
    ConfirmOrder,
    DownloadOrder,
    DownloadOrdered,
    Iccid,
    OrderConfirmed,
    ReleaseProfile,
    RequestHeader,
)

UNKNOWN = Iccid("8988299000000999993")


class Operator:
    """Calls functions one after the other, each under a number of its own."""

    def __init__(self, smdp: Smdp) -> None:
        self.smdp, self.calls = smdp, 0

    def download(self, **said: Any) -> Iccid:
        body = self._call(DownloadOrder, said)
        return codec.read_answer(body, DownloadOrdered).iccid

    def confirm(self, iccid: str, **said: Any) -> OrderConfirmed:
        body = self._call(ConfirmOrder, {"iccid": Iccid(iccid), "release_flag": True, **said})
        return codec.read_answer(body, OrderConfirmed)

    def cancel(self, iccid: str, to: str = "Unavailable", **said: Any) -> None:
        said = {"iccid": Iccid(iccid), "final_profile_status_indicator": to, **said}
        codec.read_answer(self._call(CancelOrder, said), Answer)

    def release(self, iccid: str) -> None:
        codec.read_answer(self._call(ReleaseProfile, {"iccid": Iccid(iccid)}), Answer)

    def _call(self, kind: Any, said: dict[str, Any]) -> bytes:
        self.calls += 1
        header = RequestHeader(
            function_requester_identifier="eka", function_call_identifier=f"TX-{self.calls}"
        )
        return self.smdp.sandbox.functions.answer(kind, codec.encode(kind(header=header, **said)))


@pytest.fixture
def operator(smdp: Smdp) -> Operator:
    return Operator(smdp)


@contextmanager
def fails(code: Code) -> Iterator[None]:
    """The call in the block fails, and this is why."""
    with pytest.raises(NotExecuted) as no:
        yield
    assert no.value.code == code


def test_why_a_profile_is_not_reserved(operator: Operator) -> None:
    with fails(codes.CONDITIONAL_MISSING):
        operator.download()
    with fails(codes.TYPE_UNKNOWN):
        operator.download(profile_type="nothing")
    with fails(codes.TYPE_NOT_ALLOWED):
        operator.download(profile_type="others")
    with fails(codes.ICCID_UNKNOWN):
        operator.download(iccid=UNKNOWN)
    with fails(codes.ICCID_NOT_ALLOWED):
        operator.download(iccid=OTHERS_ICCID)
    iccid = operator.download(profile_type="eka-test")
    with fails(codes.ICCID_IN_USE):
        operator.download(iccid=iccid)
    operator.cancel(iccid, "Available")
    with fails(codes.TYPE_OF_OTHER_ICCID):
        operator.download(iccid=iccid, profile_type="eka-travel")
    assert operator.download(iccid=iccid) == iccid
    operator.cancel(iccid, "Available")
    assert operator.download(profile_type="eka-test") == iccid


def test_why_an_order_is_not_confirmed(operator: Operator) -> None:
    with fails(codes.ICCID_UNKNOWN):
        operator.confirm(UNKNOWN)
    with fails(codes.ICCID_NOT_ALLOWED):
        operator.confirm(OTHERS_ICCID)
    first, second = (operator.download(profile_type="eka-test") for _ in range(2))
    operator.confirm(first, matching_id="EKA-1")
    with fails(codes.MATCHING_ID_IN_USE):
        operator.confirm(second, matching_id="EKA-1")
    for said in ({"smds_address": SMDS}, {"matching_id": ""}):
        with fails(codes.EID_MISSING):
            operator.confirm(second, **said)
    with fails(codes.SMDS_FAILED):
        operator.confirm(second, eid=EID, smds_address=BROKEN_SMDS)
    with fails(codes.SMDS_INACCESSIBLE):
        operator.confirm(second, eid=EID, smds_address="nowhere.example.com")
    assert operator.confirm(second, eid=EID, smds_address=SMDS).eid == EID
    with fails(codes.OTHER_EID):
        operator.confirm(second, eid=OTHER_EID)


def test_why_an_order_is_not_cancelled(operator: Operator) -> None:
    with fails(codes.ICCID_UNKNOWN):
        operator.cancel(UNKNOWN)
    with fails(codes.ICCID_NOT_ALLOWED):
        operator.cancel(OTHERS_ICCID)
    iccid = operator.download(profile_type="eka-test", eid=EID)
    with fails(codes.ICCID_OF_OTHER_EID):
        operator.cancel(iccid, eid=OTHER_EID)
    code = operator.confirm(iccid).matching_id
    with fails(codes.OTHER_MATCHING_ID):
        operator.cancel(iccid, eid=EID, matching_id=code + "0")
    operator.smdp.act(iccid, "download")
    with fails(codes.ICCID_IN_USE):
        operator.cancel(iccid, eid=EID, matching_id=code)


def test_why_a_profile_is_not_released(operator: Operator) -> None:
    with fails(codes.ICCID_UNKNOWN):
        operator.release(UNKNOWN)
    with fails(codes.ICCID_NOT_ALLOWED):
        operator.release(OTHERS_ICCID)
    iccid = operator.download(profile_type="eka-test")
    with fails(codes.ICCID_NOT_RELEASABLE):
        operator.release(iccid)
    operator.confirm(iccid, release_flag=False)
    operator.smdp.act(iccid, "download")
    assert operator.smdp.state(iccid) == "Confirmed"
    operator.release(iccid)
    operator.release(iccid)
    operator.smdp.act(iccid, "download")
    assert operator.smdp.state(iccid) == "Downloaded"


def test_a_call_s_number_on_another_call_is_another_call(operator: Operator) -> None:
    first = operator.download(profile_type="eka-test")
    operator.calls -= 1
    assert operator.download(profile_type="eka-test") == first
    operator.calls -= 1
    assert operator.download(profile_type="eka-travel") != first


def test_what_is_missing_or_no_json(smdp: Smdp) -> None:
    functions = smdp.sandbox.functions
    with fails(codes.PARAMETER_MISSING):
        codec.read_answer(functions.answer(ReleaseProfile, b"{}"), Answer)
    with pytest.raises(codec.Unreadable):
        functions.answer(ReleaseProfile, b"{")


def test_a_phone_as_a_person_sees_it(smdp: Smdp) -> None:
    iccid = smdp.sold().reference
    page = smdp.browser.get(f"{smdp.sandbox.address}/sandbox/phone/{iccid}")
    assert (page.status_code, "Released" in page.text) == (200, True)
    smdp.act(iccid, "use", "expire", "disable", "delete")
    assert smdp.state(iccid) == "Released"
    smdp.act(iccid, "enable")
    assert smdp.state(iccid) == "Enabled"


def test_a_restart_keeps_keys_and_profiles(tmp_path: Path) -> None:
    settings, shown = zip(*(opened(tmp_path / "smdp.sqlite") for _ in range(2)), strict=True)
    assert settings[0] == settings[1]
    assert shown[0] < shown[1]


def opened(path: Path) -> tuple[dict[str, Any], int]:
    def noon() -> datetime:
        return NOON

    records = Records(path)
    sandbox = SmdpSandbox(records, Courier(records, noon))
    header = RequestHeader(
        function_requester_identifier="eka", function_call_identifier=f"TX-{path}"
    )
    count = len(sandbox.profiles())
    ask = DownloadOrder(header=header, profile_type="eka-test")
    sandbox.functions.answer(DownloadOrder, codec.encode(ask))
    settings = sandbox.settings()
    records.close()
    return settings, count
