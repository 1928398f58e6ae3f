"""The profiles: what they are, and what happens to them on the phone and with time."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.counter import Act
from eka.gateways.suppliers.sandbox.esimaccess.terms import stamped
from eka.rules.activation_codes import luhn
from eka.rules.instants import format_instant, parse_instant

FIRST_INSTALLATION = 1
WARNED_AT = (50, 25, 10)  # percent that remain
LAST_DAY = timedelta(days=1)
WORKING = ("GOT_RESOURCE", "IN_USE")

# From which statuses of the SM-DP+ an act leads to which.
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "download": (("RELEASED",), "DOWNLOAD"),
    "install": (("RELEASED", "DOWNLOAD"), "INSTALLATION"),
    "enable": (("INSTALLATION", "DISABLED"), "ENABLED"),
    "disable": (("ENABLED",), "DISABLED"),
    "delete": (("INSTALLATION", "ENABLED", "DISABLED"), "DELETED"),
}

Tell = Callable[[str, Document], None]


class Life:
    """All profiles of the account; `tell` takes a kind of notification and its content."""

    def __init__(self, records: Records, now: Callable[[], datetime], tell: Tell) -> None:
        self._records, self._now, self._tell = records, now, tell

    def born(self, order: Document, offer: Document) -> Document:
        """A profile for an order, allocated now."""
        number, now = self._records.number("profile"), self._now()
        serial = f"894310817{number:09d}"
        profile = {
            "esimTranNo": f"{now:%y%m%d%H%M}{number:04d}",
            "orderNo": order["orderNo"],
            "transactionId": order["transactionId"],
            "imsi": f"23210407{number:07d}",
            "msisdn": f"43678904{number:07d}",
            "iccid": f"{serial}{luhn(serial)}",
            "ac": f"LPA:1$rsp.esimaccess.invalid${secrets.token_hex(16).upper()}",
            "picture": secrets.token_hex(16),
            "eid": "",
            "smdpStatus": "RELEASED",
            "esimStatus": "GOT_RESOURCE",
            "package": offer["packageCode"],
            "activeType": offer["activeType"],
            "price": order["paid"][offer["packageCode"]],
            "created": format_instant(now),
            "activated": "",
            "expires": format_instant(now + timedelta(days=offer["unusedValidTime"])),
            "totalVolume": offer["volume"],
            "totalDuration": offer["duration"],
            "orderUsage": 0,
            "warned": [],
            "before": "",
            "bought": [],
        }
        return self.bought(profile, offer, order["transactionId"], profile["esimTranNo"])

    def bought(self, profile: Document, offer: Document, number: str, named: str) -> Document:
        """The profile with a package more on it."""
        entry = {
            "packageName": offer["name"],
            "packageCode": offer["packageCode"],
            "slug": offer["slug"],
            "duration": offer["duration"],
            "volume": offer["volume"],
            "locationCode": offer["location"],
            "createTime": format_instant(self._now()),
            "esimTranNo": named,
            "transactionId": number,
        }
        return self._put({**profile, "bought": [*profile["bought"], entry]})

    def topped_up(self, profile: Document, offer: Document, number: str) -> Document:
        """The profile with more data and days."""
        named = f"{self._now():%y%m%d%H%M}{self._records.number('profile'):04d}"
        expires, more = parse_instant(profile["expires"]), timedelta(days=offer["duration"])
        again = "IN_USE" if profile["esimStatus"] == "USED_UP" else profile["esimStatus"]
        grown = {
            **profile,
            "esimStatus": again,
            "totalVolume": profile["totalVolume"] + offer["volume"],
            "totalDuration": profile["totalDuration"] + offer["duration"],
            "expires": format_instant(expires + more)
            if profile["activated"]
            else profile["expires"],
            "warned": [],
        }
        return self.bought(grown, offer, number, named)

    def all(self) -> list[Document]:
        """Oldest first."""
        return list(self._records.all("profile"))

    def find(self, name: str) -> Document | None:
        """By its number or its ICCID."""
        wanted = (one for one in self.all() if name in (one["esimTranNo"], one["iccid"]))
        return next(wanted, None)

    def turned(self, profile: Document, esim_status: str, told: str = "") -> None:
        """Gives it another status, and tells of it (in another word, where that is `told`)."""
        turned = self._put({**profile, "esimStatus": esim_status, "before": profile["esimStatus"]})
        self._tell("ESIM_STATUS", {**_named(turned), "esimStatus": told or esim_status})

    def act(self, profile: Document, act: Act, amount: int) -> None:
        """What happens on the phone; what cannot be is ignored."""
        if act == "expire":
            self._put({**profile, "expires": format_instant(self._now())})
            self.pass_time()
        elif act == "use":
            self._use(profile, amount)
        elif act == "fail":
            if profile["smdpStatus"] == "RELEASED":
                self._smdp_event({**profile, "smdpStatus": "DOWNLOAD"}, "Failed")
        elif profile["smdpStatus"] in STEPS[act][0] and not self._is_shut(profile, act):
            self._step(profile, STEPS[act][1])

    def pass_time(self) -> None:
        """What happens by itself: a term ends, or is about to."""
        now = self._now()
        for profile in self.all():
            left = parse_instant(profile["expires"]) - now
            status = profile["esimStatus"]
            if left <= timedelta(0) and status in (*WORKING, "USED_UP", "SUSPENDED"):
                used = profile["activated"]
                self.turned(profile, "USED_EXPIRED" if used else "UNUSED_EXPIRED")
            elif left <= LAST_DAY and status == "IN_USE" and "days" not in profile["warned"]:
                self._put({**profile, "warned": [*profile["warned"], "days"]})
                self._tell("VALIDITY_USAGE", _term(profile))

    def _is_shut(self, profile: Document, act: Act) -> bool:
        """A profile that was given back or has expired can only leave the phone."""
        return profile["esimStatus"] not in (*WORKING, "USED_UP") and act in (
            "download",
            "install",
        )

    def _step(self, profile: Document, smdp_status: str) -> None:
        moved = {**profile, "smdpStatus": smdp_status, "eid": profile["eid"] or _eid(profile)}
        if smdp_status == "INSTALLATION" and profile["activeType"] == FIRST_INSTALLATION:
            moved = self._begun(moved)
        self._smdp_event(self._put(moved), "Executed-Success")

    def _use(self, profile: Document, amount: int) -> None:
        if profile["smdpStatus"] != "ENABLED" or profile["esimStatus"] not in WORKING:
            return
        if profile["esimStatus"] != "IN_USE":
            self.turned(self._begun(profile), "IN_USE")
            profile = self._again(profile)
        used = min(profile["totalVolume"], profile["orderUsage"] + amount)
        profile = self._put({**profile, "orderUsage": used})
        for percent in WARNED_AT:
            self._warn(self._again(profile), percent)
        if used == profile["totalVolume"]:
            self.turned(self._again(profile), "USED_UP")

    def _warn(self, profile: Document, percent: int) -> None:
        remain = profile["totalVolume"] - profile["orderUsage"]
        if remain * 100 > profile["totalVolume"] * percent or percent in profile["warned"]:
            return
        self._put({**profile, "warned": [*profile["warned"], percent]})
        left = {
            "totalVolume": profile["totalVolume"],
            "orderUsage": profile["orderUsage"],
            "remain": remain,
            "remainThreshold": percent / 100,
            "lastUpdateTime": stamped(self._now()),
        }
        self._tell("DATA_USAGE", {**_named(profile), **left})

    def _begun(self, profile: Document) -> Document:
        """Its days run from now on, if they do not yet."""
        if profile["activated"]:
            return profile
        now = self._now()
        ends = format_instant(now + timedelta(days=profile["totalDuration"]))
        return {**profile, "activated": format_instant(now), "expires": ends}

    def _smdp_event(self, profile: Document, result: str) -> None:
        content = {
            "eid": profile["eid"] or _eid(profile),
            "timestamp": stamped(self._now()),
            "seqNumber": self._records.number("sequence"),
            "notifyStatus": result,
        }
        self._tell("SMDP_EVENT", {**_named(profile), **content})

    def _again(self, profile: Document) -> Document:
        now = self._records.get("profile", profile["esimTranNo"])
        assert now is not None
        return now

    def _put(self, profile: Document) -> Document:
        self._records.put("profile", profile["esimTranNo"], profile)
        return profile


def _named(profile: Document) -> Document:
    names = ("iccid", "orderNo", "esimTranNo", "transactionId", "esimStatus", "smdpStatus")
    return {name: profile[name] for name in names}


def _term(profile: Document) -> Document:
    return {
        **{name: profile[name] for name in ("iccid", "orderNo", "esimTranNo", "transactionId")},
        "remain": 1,
        "totalDuration": profile["totalDuration"],
        "durationUnit": "DAY",
        "expiredTime": stamped(parse_instant(profile["expires"])),
    }


def _eid(profile: Document) -> str:
    """The EID of the phone, whose number modulo 97 is 1 (SGP.29, 4)."""
    body = f"89049032{int(profile['iccid'][-10:]):022d}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"
