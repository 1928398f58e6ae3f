"""The functions that an operator calls, with every reason of SGP.22 for saying no (5.3.1 to 5.3.4).

The same call again, by its identifier and all it says, gets the answer that it got when executed.
"""

from collections.abc import Callable

from eka.gateways.sandbox.records import Records
from eka.gateways.suppliers.sandbox.counter import Trouble
from eka.gateways.suppliers.sandbox.smdp.inventory import (
    OTHERS_ICCID,
    OTHERS_TYPE,
    TYPES,
    Inventory,
    Kept,
)
from eka.gateways.suppliers.sandbox.smdp.keys import SMDP
from eka.wire.es2plus import codec, codes
from eka.wire.es2plus.codes import Code
from eka.wire.es2plus.messages import (
    Answer,
    Ask,
    CancelOrder,
    ConfirmOrder,
    DownloadOrder,
    DownloadOrdered,
    Iccid,
    OrderConfirmed,
    ReleaseProfile,
)

OPERATOR = "eka"
SMDS = "smds.example.com"
BROKEN_SMDS = "broken.smds.example.com"
ORDERED = ("Allocated", "Linked")
OFFERED = (*ORDERED, "Confirmed", "Released")


class Refused(Exception):
    """The function is not executed."""

    def __init__(self, code: Code, message: str = "") -> None:
        super().__init__(str(code))
        self.header = codes.failed(code, message)


class Functions:
    """What each function does to the inventory."""

    def __init__(
        self, records: Records, inventory: Inventory, trouble: Callable[[], Trouble]
    ) -> None:
        self._records, self._inventory, self._trouble = records, inventory, trouble
        self.decline: list[Code] = []  # with what the next calls fail, whatever they say

    def answer(self, kind: type[Ask], body: bytes) -> bytes:
        """The body of the answer. Raises Unreadable where the ask is no JSON at all."""
        try:
            return self._answer(codec.decode(body, kind), body.decode())
        except Refused as refused:
            return codec.encode(Answer(header=refused.header))
        except codec.Unreadable as error:
            if error.fault == "syntax":
                raise
            return codec.encode(error.answer())

    def _answer(self, ask: Ask, said: str) -> bytes:
        if ask.header.function_requester_identifier != OPERATOR:
            raise Refused(codes.UNKNOWN_REQUESTER)
        if self._trouble().maintenance:
            raise Refused(codes.PROVIDER_BUSY)
        if self.decline:
            raise Refused(self.decline.pop(0))
        id_ = f"{ask.function}:{ask.header.function_call_identifier}"
        known = self._records.get("call", id_)
        if known is not None and known["said"] == said:
            return str(known["answer"]).encode()
        answer = codec.encode(self._done(ask))
        self._records.put("call", id_, {"id": id_, "said": said, "answer": answer.decode()})
        return answer

    def _done(self, ask: Ask) -> Answer:
        if isinstance(ask, DownloadOrder):
            return self._download(ask)
        if isinstance(ask, ConfirmOrder):
            return self._confirm(ask)
        if isinstance(ask, CancelOrder):
            return self._cancel(ask)
        assert isinstance(ask, ReleaseProfile)
        return self._release(ask)

    def _download(self, ask: DownloadOrder) -> Answer:
        if ask.iccid is None and ask.profile_type is None:
            raise Refused(codes.CONDITIONAL_MISSING, "iccid or profileType")
        if ask.profile_type == OTHERS_TYPE:
            raise Refused(codes.TYPE_NOT_ALLOWED)
        if ask.profile_type is not None and ask.profile_type not in TYPES:
            raise Refused(codes.TYPE_UNKNOWN)
        profile = self._reserved(ask.iccid, ask.profile_type or "")
        self._inventory.put(
            profile,
            state="Linked" if ask.eid else "Allocated",
            eid=ask.eid or "",
            number=ask.header.function_call_identifier.removesuffix("-download"),
        )
        return DownloadOrdered(header=codes.done(), iccid=Iccid(profile.iccid))

    def _reserved(self, iccid: Iccid | None, type_: str) -> Kept:
        if iccid is None:
            self._take_one()
            return self._inventory.free(type_)
        profile = self._known(iccid)
        if profile.state != "Available":
            raise Refused(codes.ICCID_IN_USE)
        if type_ not in ("", profile.type):
            raise Refused(codes.TYPE_OF_OTHER_ICCID)
        return profile

    def _take_one(self) -> None:
        trouble = self._trouble()
        if trouble.stock is not None:
            if trouble.stock <= 0:
                raise Refused(codes.NO_MORE_PROFILES)
            trouble.stock -= 1

    def _confirm(self, ask: ConfirmOrder) -> Answer:
        profile = self._known(ask.iccid)
        if profile.state not in OFFERED:
            raise Refused(codes.ICCID_UNKNOWN)
        if profile.eid and ask.eid and ask.eid != profile.eid:
            raise Refused(codes.OTHER_EID)
        eid = profile.eid or ask.eid or ""
        _check_smds(ask, eid)
        matching_id = ask.matching_id
        if matching_id is None:
            matching_id = profile.matching_id or self._inventory.new_matching_id()
        elif matching_id and self._inventory.of_matching_id(matching_id) not in (None, profile):
            raise Refused(codes.MATCHING_ID_IN_USE)
        state = "Released" if ask.release_flag or profile.state == "Released" else "Confirmed"
        self._inventory.put(profile, state=state, eid=eid, matching_id=matching_id)
        return OrderConfirmed(
            header=codes.done(), eid=eid or None, matching_id=matching_id, smdp_address=SMDP
        )

    def _cancel(self, ask: CancelOrder) -> Answer:
        profile = self._known(ask.iccid)
        if profile.state in ("Available", "Unavailable"):
            raise Refused(codes.ICCID_UNKNOWN)
        if profile.state not in OFFERED:
            raise Refused(codes.ICCID_IN_USE)
        if profile.eid and ask.eid != profile.eid:
            raise Refused(codes.ICCID_OF_OTHER_EID)
        if profile.matching_id and ask.matching_id != profile.matching_id:
            raise Refused(codes.OTHER_MATCHING_ID)
        state = ask.final_profile_status_indicator
        self._inventory.put(profile, state=state, eid="", matching_id=None)
        return Answer(header=codes.done())

    def _release(self, ask: ReleaseProfile) -> Answer:
        profile = self._known(ask.iccid)
        if profile.state not in ("Confirmed", "Released"):
            raise Refused(codes.ICCID_NOT_RELEASABLE)
        self._inventory.put(profile, state="Released")
        return Answer(header=codes.done())

    def _known(self, iccid: Iccid) -> Kept:
        if iccid == OTHERS_ICCID or self._trouble().recycled:
            raise Refused(codes.ICCID_NOT_ALLOWED)
        profile = self._inventory.get(iccid)
        if profile is None:
            raise Refused(codes.ICCID_UNKNOWN)
        return profile


def _check_smds(ask: ConfirmOrder, eid: str) -> None:
    """The SM-DS, and what the phone finds the profile by where it has no MatchingID."""
    if (ask.smds_address or ask.matching_id == "") and not eid:
        raise Refused(codes.EID_MISSING)
    if ask.smds_address == BROKEN_SMDS:
        raise Refused(codes.SMDS_FAILED)
    if ask.smds_address not in (None, "", SMDS):
        raise Refused(codes.SMDS_INACCESSIBLE)
