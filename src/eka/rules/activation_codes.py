"""Numbers and codes of eSIMs: ICCID, EID, MatchingID, activation code (SGP.22 4.1, ITU-T E.118).

Functions that read raise `UnreadableCode`, whose message never repeats a secret.
"""

import re
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

_ICCID = re.compile(r"89[0-9]{17,18}")
_EID = re.compile(r"[0-9]{32}")
_MATCHING_ID = re.compile(r"[0-9A-Za-z-]{1,255}")
_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,253}[0-9A-Za-z])?(?::[0-9]{1,5})?")
_OID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
ICCID_DIGITS_MAX = 20
APPLE_LINK = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="

Fault = Literal["form", "check_digit"]


class UnreadableCode(ValueError):
    """Something that is no ICCID, EID or activation code; `fault` says why it is not."""

    def __init__(self, what: str, fault: Fault = "form") -> None:
        super().__init__(f"not a valid {what} ({fault.replace('_', ' ')})")
        self.what, self.fault = what, fault


class ActivationCode(Struct, frozen=True):
    """LPA:1$address$matching id[$oid[$1]]; a bearer secret. `confirm`: a further code is needed."""

    smdp: str
    matching_id: str
    oid: str = ""
    confirm: bool = False

    def __repr__(self) -> str:
        """Without the secret, so that no log has it by accident."""
        return f"ActivationCode(smdp={self.smdp!r}, ...)"

    def text(self) -> str:
        """The code as a phone reads it from a QR code."""
        parts = ["LPA:1", self.smdp, self.matching_id]
        if self.oid or self.confirm:
            parts.append(self.oid)
        if self.confirm:
            parts.append("1")
        return "$".join(parts)

    def apple_link(self) -> str:
        """The link that installs it on an iPhone with iOS 17.4 or later."""
        return APPLE_LINK + quote(self.text(), safe=":$")


def read_activation_code(text: str) -> ActivationCode:
    """The code of `text`, with or without the `LPA:` before it. Raises UnreadableCode."""
    parts = text.strip().removeprefix("LPA:").removeprefix("lpa:").split("$")
    if not 3 <= len(parts) <= 5 or parts[0] != "1":
        raise UnreadableCode("activation code")
    _, smdp, matching_id, oid, confirm = [*parts, "", ""][:5]
    fits = _HOST.fullmatch(smdp) and (not matching_id or _MATCHING_ID.fullmatch(matching_id))
    if not fits or (oid and not _OID.fullmatch(oid)) or confirm not in ("", "1"):
        raise UnreadableCode("activation code")
    return ActivationCode(smdp, matching_id, oid, confirm == "1")


def read_iccid(text: str) -> str:
    """The ICCID's 19 or 20 digits, without the padding of ES2+. Raises UnreadableCode."""
    digits = re.sub(r"[\s-]", "", text).upper().removesuffix("F")
    if not _ICCID.fullmatch(digits):
        raise UnreadableCode("ICCID")
    if luhn(digits[:-1]) != int(digits[-1]):
        raise UnreadableCode("ICCID", "check_digit")
    return digits


def padded(iccid: str) -> str:
    """The ICCID as ES2+ carries it: 20 characters, filled up with F (SGP.22, 5.3.1)."""
    return iccid.ljust(ICCID_DIGITS_MAX, "F")


def luhn(digits: str) -> int:
    """The check digit that follows `digits` (ISO/IEC 7812-1)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return -sum(part // 10 + part % 10 for part in doubled) % 10


def read_eid(text: str) -> str:
    """The EID's 32 digits, whose number modulo 97 is 1 (SGP.29, 4). Raises UnreadableCode."""
    digits = re.sub(r"[\s-]", "", text)
    if not _EID.fullmatch(digits):
        raise UnreadableCode("EID")
    if int(digits) % 97 != 1:
        raise UnreadableCode("EID", "check_digit")
    return digits
