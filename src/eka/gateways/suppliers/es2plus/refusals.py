"""What each reason of an SM-DP+ means to us (SGP.22, tables 24, 27, 30 and 32; SGP.02, 5.1.6)."""

from collections.abc import Mapping

from eka.gateways.suppliers.terms import SupplierError, SupplierRefused, SupplierUnavailable
from eka.rules.supply import Refusal
from eka.wire.es2plus import codes
from eka.wire.es2plus.codec import NotExecuted
from eka.wire.es2plus.codes import Code

# What is not here is for a person: we are not known or not allowed there, or said something wrong.
WHY: Mapping[Code, Refusal] = {
    codes.NO_MORE_PROFILES: "no_stock",
    codes.TYPE_UNKNOWN: "wrong_package",
    codes.TYPE_NOT_ALLOWED: "wrong_package",
    codes.TYPE_OF_OTHER_ICCID: "wrong_package",
    codes.ICCID_UNKNOWN: "recycled",
    codes.ICCID_NOT_ALLOWED: "recycled",
    codes.MATCHING_ID_IN_USE: "taken",
    codes.EID_MISSING: "not_eligible",
    codes.OTHER_EID: "not_eligible",
    codes.ICCID_OF_OTHER_EID: "not_eligible",
    codes.SMDS_INACCESSIBLE: "busy",
    codes.PROVIDER_FAILED: "busy",
    codes.PROVIDER_BUSY: "busy",
}


def refusal(answer: NotExecuted) -> SupplierError:
    """The error to raise. Its words are ours: theirs might repeat a MatchingID.

    Expired is no refusal: time ran out before it was done (SGP.02, 5.1.5), and SGP.22 knows no
    validity period. So it is not known whether it was done, and the same ask may be sent again.
    """
    if answer.status == "Expired":
        return SupplierUnavailable(str(answer))
    if answer.code is None:
        return SupplierRefused("other", answer.status)
    return SupplierRefused(
        WHY.get(answer.code, "other"), str(answer.code), codes.words(answer.code)
    )
