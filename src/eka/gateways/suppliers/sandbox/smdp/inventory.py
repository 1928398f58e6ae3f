"""The profiles of the sandbox's SM-DP+: types, what is left of them, and what was ordered."""

import secrets
from collections.abc import Iterator

from msgspec import Struct, convert, structs, to_builtins

from eka.gateways.sandbox.records import Records
from eka.rules.activation_codes import luhn
from eka.wire.es2plus.messages import Iccid

# What the operator may order; each costs the same, which ES2+ has no word for.
TYPES = {"eka-test": "Test profile", "eka-travel": "Travel profile"}
COST = "0.40 USD"
# Those of another operator, to be refused.
OTHERS_TYPE = "others"
OTHERS_ICCID = Iccid("8988247000000000019")
ISSUER = "8988299"  # ITU-T E.118: telecommunications, a country's code, an issuer


class Kept(Struct, kw_only=True):
    """A profile. `state` is a word of SGP.22, 3.1.6, or one for what happens later on the phone."""

    iccid: str
    type: str
    state: str = "Available"
    eid: str = ""
    matching_id: str | None = None
    number: str = ""  # the operator's, of the call that reserved it
    steps: int = 0  # how many notifications there were


class Inventory:
    """They are kept in the records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self) -> Iterator[Kept]:
        """Oldest first."""
        return (convert(document, Kept) for document in self._records.all("profile"))

    def get(self, iccid: str) -> Kept | None:
        """The one of this ICCID."""
        document = self._records.get("profile", iccid)
        return None if document is None else convert(document, Kept)

    def put(self, profile: Kept, **changed: str | int | None) -> Kept:
        """Keeps it, changed."""
        changed_profile = structs.replace(profile, **changed)
        self._records.put("profile", profile.iccid, to_builtins(changed_profile))
        return changed_profile

    def free(self, type_: str) -> Kept:
        """One that is available, or a new one."""
        for profile in self.all():
            if profile.state == "Available" and profile.type == type_:
                return profile
        return Kept(iccid=self._new_iccid(), type=type_)

    def of_matching_id(self, matching_id: str) -> Kept | None:
        """Whose order has this MatchingID."""
        return next((one for one in self.all() if one.matching_id == matching_id), None)

    def new_matching_id(self) -> str:
        """One that nobody guesses."""
        return secrets.token_hex(10).upper()

    def _new_iccid(self) -> str:
        digits = f"{ISSUER}{self._records.number('iccid'):011d}"
        return f"{digits}{luhn(digits)}"
