"""The profiles that were sold, with the packages on them and what happens to them on phones."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.airalo.shelf import BY_CODE, MEGABYTE, PERCENT, Offer, told
from eka.gateways.suppliers.sandbox.airalo.wire import stamp
from eka.gateways.suppliers.sandbox.counter import Act, Shown
from eka.rules.activation_codes import ActivationCode, luhn
from eka.rules.instants import format_instant, parse_instant

ISSUER = "8910300"  # the beginning of every ICCID of the sandbox
SERIAL_DIGITS = 11
LPA = "lpa.airalo.com"

# What may happen on a phone, from which state, and to which it leads.
MOVES: dict[Act, tuple[tuple[str, ...], str]] = {
    "download": (("released", "error"), "downloaded"),
    "install": (("released", "downloaded", "error"), "installed"),
    "enable": (("released", "downloaded", "installed", "disabled"), "enabled"),
    "disable": (("enabled",), "disabled"),
    "delete": (("installed", "enabled", "disabled"), "deleted"),
    "fail": (("released", "downloaded"), "error"),
}


class Profiles:
    """Every profile by its ICCID, in the records as `sim`."""

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self._records, self._now = records, now

    def get(self, iccid: str) -> Document | None:
        """The profile."""
        return self._records.get("sim", iccid)

    def all(self) -> list[Document]:
        """All of them, oldest first."""
        return list(self._records.all("sim"))

    def make(self, number: str, offer: Offer) -> str:
        """A new one for an order with our customer's number on it; its ICCID."""
        serial = self._records.number("sim")
        digits = f"{ISSUER}{serial:0{SERIAL_DIGITS}d}"
        sim = {
            "iccid": f"{digits}{luhn(digits)}",
            "id": serial,
            "created_at": stamp(self._now()),
            "matching_id": secrets.token_hex(10).upper(),
            "number": number,
            "package": offer.code,
            "state": "released",
            "used": 0,
            "activated": "",
            "expires": "",
            "packages": [self._package(offer)],
        }
        self._keep(sim)
        return str(sim["iccid"])

    def add(self, iccid: str, offer: Offer) -> None:
        """One more package on it; where the time runs it is longer now."""
        sim = self._records.get("sim", iccid)
        assert sim is not None
        sim = {**sim, "packages": [*sim["packages"], self._package(offer)]}
        if sim["expires"]:
            start = max(self._now(), parse_instant(sim["expires"]))
            sim["expires"] = format_instant(start + timedelta(days=offer.days))
        self._keep(sim)

    def move(self, sim: Document, act: Act) -> None:
        """What happens on the phone; nothing, where it cannot be."""
        origins, target = MOVES[act]
        if sim["state"] not in origins:
            return
        sim = {**sim, "state": target}
        if target == "enabled" and not sim["activated"]:
            days = sum(BY_CODE[package["code"]][1].days for package in sim["packages"])
            sim["activated"] = format_instant(self._now())
            sim["expires"] = format_instant(self._now() + timedelta(days=days))
        self._keep(sim)

    def use(self, sim: Document, amount: int) -> list[int]:
        """Data flows, as far as there is some; which shares (75, 90 %) were passed by it."""
        if self.status(sim) != "ACTIVE" or sim["state"] != "enabled":
            return []
        before, total = int(sim["used"]), total_of(sim)
        after = before + amount if total is None else min(before + amount, total)
        self._keep({**sim, "used": after})
        if total is None:
            return []
        return [share for share in (75, 90) if before * PERCENT < share * total <= after * PERCENT]

    def expire(self, sim: Document) -> None:
        """The time is over now."""
        self._keep({**sim, "expires": format_instant(self._now())})

    def status(self, sim: Document) -> str:
        """As `GET sims/ICCID/usage` says it."""
        if sim["expires"] and parse_instant(sim["expires"]) <= self._now():
            return "EXPIRED"
        if not sim["activated"]:
            return "NOT_ACTIVE"
        total = total_of(sim)
        return "ACTIVE" if total is None or sim["used"] < total else "FINISHED"

    def usage(self, sim: Document) -> Document:
        """What is left, in whole megabytes; a part of one is not told."""
        total = total_of(sim)
        return {
            "remaining": 0 if total is None else (total - sim["used"]) // MEGABYTE,
            "total": (total or 0) // MEGABYTE,
            "expired_at": _stamped(sim["expires"]),
            "is_unlimited": total is None,
            "status": self.status(sim),
            "remaining_voice": 0,
            "remaining_text": 0,
            "total_voice": 0,
            "total_text": 0,
        }

    def history(self, sim: Document) -> list[Document]:
        """Its packages, newest first; data was taken from the oldest."""
        used, rows = int(sim["used"]), []
        for package in sim["packages"]:
            _, offer = BY_CODE[package["code"]]
            here = min(used, offer.megabytes * MEGABYTE)
            used -= here
            rows.append(
                {
                    "id": package["id"],
                    "status": self.status(sim),
                    "remaining": (offer.megabytes * MEGABYTE - here) // MEGABYTE,
                    "activated_at": _stamped(sim["activated"]),
                    "expired_at": _stamped(sim["expires"]),
                    "finished_at": None,
                    "package": told(offer, PERCENT),
                }
            )
        return rows[::-1]

    def told(self, sim: Document, *, recycled: bool = False) -> Document:
        """As an order shows it."""
        apn = {"apn_type": "automatic", "apn_value": None}
        return {
            "id": sim["id"],
            "created_at": sim["created_at"],
            "iccid": sim["iccid"],
            "lpa": LPA,
            "imsis": None,
            "matching_id": sim["matching_id"],
            "qrcode": code_of(sim).text(),
            "qrcode_url": f"https://www.airalo.com/qr?id={sim['id']}",
            "direct_apple_installation_url": code_of(sim).apple_link(),
            "airalo_code": None,
            **apn,
            "is_roaming": True,
            "confirmation_code": None,
            "apn": {"ios": apn, "android": apn},
            "msisdn": None,
            "recycled": recycled,
        }

    def shown(self, sim: Document) -> Shown:
        """As a person sees it on the phone's page."""
        return Shown(
            iccid=sim["iccid"],
            package=sim["package"],
            state=sim["state"],
            code=code_of(sim).text(),
            used=sim["used"],
            total=total_of(sim),
            number=sim["number"],
        )

    def _package(self, offer: Offer) -> Document:
        return {"id": self._records.number("package"), "code": offer.code}

    def _keep(self, sim: Document) -> None:
        self._records.put("sim", sim["iccid"], sim)


def total_of(sim: Document) -> int | None:
    """The bytes of all packages on a profile; None: without end."""
    sizes = [BY_CODE[package["code"]][1].megabytes for package in sim["packages"]]
    return sum(sizes) * MEGABYTE if all(sizes) else None


def code_of(sim: Document) -> ActivationCode:
    """Its activation code, which leads to no network."""
    return ActivationCode(LPA, sim["matching_id"])


def _stamped(instant: str) -> str | None:
    return stamp(parse_instant(instant)) if instant else None
