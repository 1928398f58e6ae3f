"""eSIM Access's JSON, and what it means. Prices are in 1/10,000 of a dollar, data in bytes."""

import re
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from eka.gateways.suppliers.terms import Delivered, Package, Progress, UsageReport
from eka.rules.activation_codes import UnreadableCode, read_activation_code
from eka.rules.instants import parse_instant
from eka.rules.profiles import ProfileEvent
from eka.rules.units import BadValue, Money, minor_digits

UsageStatus = Literal["not_active", "active", "finished", "expired", "suspended", "unknown"]

SCALE = 10_000
DAY = "DAY"
DATA_IN_TOTAL = 1
TOP_UP = "TOPUP_"

# The documentation's own examples have wrong check digits: only the form counts.
_ICCID = re.compile(r"89[0-9]{17,18}")

STEPS: dict[str, ProfileEvent] = {
    "RELEASED": "released",
    "DOWNLOAD": "downloaded",
    "INSTALLATION": "installed",
    "ENABLED": "enabled",
    "DISABLED": "disabled",
    "DELETED": "deleted",
}
NOT_READY = {"CREATE", "PAYING", "PAID", "GETTING_RESOURCE"}
CANCELLED = "CANCEL"
REVOKED = {"REVOKE", "REVOKED"}  # the first in answers, the second in notifications
UNUSED = "UNUSED_EXPIRED"
USAGE: dict[str, UsageStatus] = {
    "GOT_RESOURCE": "not_active",
    "IN_USE": "active",
    "USED_UP": "finished",
    "USED_EXPIRED": "expired",
    UNUSED: "expired",
    "SUSPENDED": "suspended",
}


class Nothing(Struct):
    """An answer in which nothing is of interest."""


class Ordered(Struct, rename="camel"):
    """The number of an order that was taken."""

    order_no: str


class ToppedUp(Struct, rename="camel"):
    """A top-up that was done."""

    top_up_esim_tran_no: str | None = None


class Balance(Struct):
    """The account's money, x 10,000."""

    balance: int


class Bought(Struct, rename="camel"):
    """A package on a profile: the first, then each top-up."""

    package_code: str | None = None
    slug: str | None = None
    esim_tran_no: str | None = None
    transaction_id: str | None = None


class Profile(Struct, rename="camel"):
    """An entry of `esimList`. `ac` is a bearer secret."""

    esim_tran_no: str
    esim_status: str
    order_no: str | None = None
    transaction_id: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    msisdn: str | None = None
    ac: str | None = None
    smdp_status: str | None = None
    eid: str | None = None
    apn: str | None = None
    total_volume: int | None = None
    order_usage: int | None = None
    expired_time: str | None = None
    package_list: list[Bought] | None = None

    def __repr__(self) -> str:
        """Without the secret, so that no log has it by accident."""
        return f"Profile({self.esim_tran_no!r}, {self.esim_status!r}, {self.smdp_status!r})"

    @property
    def is_ready(self) -> bool:
        """Whether it was allocated."""
        return self.esim_status not in NOT_READY and bool(self.iccid and self.ac)


class Pager(Struct):
    """`total` of all pages."""

    total: int = 0


class Profiles(Struct, rename="camel"):
    """A page of profiles."""

    esim_list: list[Profile] | None = None
    pager: Pager | None = None


class Operator(Struct, rename="camel"):
    """A network."""

    operator_name: str | None = None
    network_type: str | None = None


class Place(Struct, rename="camel"):
    """The networks of a country."""

    operator_list: list[Operator] | None = None


class Offer(Struct, rename="camel"):
    """An entry of `packageList`."""

    package_code: str
    name: str
    price: int
    volume: int
    duration: int
    duration_unit: str
    currency_code: str = "USD"
    slug: str | None = None
    location: str | None = None
    data_type: int | None = None
    location_network_list: list[Place] | None = None


class Offers(Struct, rename="camel"):
    """The list of packages."""

    package_list: list[Offer] | None = None


def cost(price: int, currency: str = "USD") -> Money:
    """A price in whole minor units, rounded up: never less than what is paid."""
    return Money(-(-price * 10 ** minor_digits(currency) // SCALE), currency)


def credit(balance: int) -> Money:
    """The account's money in whole cents, rounded down: never more than there is."""
    return Money(balance * 100 // SCALE, "USD")


def price(money: Money) -> int:
    """Dollars as eSIM Access writes them; exact. Raises BadValue for another currency."""
    if money.currency != "USD":
        raise BadValue(f"eSIM Access sells in USD, not in {money.currency}")
    return money.minor * SCALE // 100


def instant(text: str) -> datetime:
    """A time with its zone, or in UTC where it has none (docs, Standards). Raises BadValue."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadValue("a time of eSIM Access's is not understood") from error
    return said.replace(tzinfo=UTC) if said.tzinfo is None else parse_instant(text)


def iccid(text: str | None) -> str:
    """The digits. Raises BadValue."""
    if not text or not _ICCID.fullmatch(text):
        raise BadValue("an ICCID of eSIM Access's is not one")
    return text


def delivered(profile: Profile) -> Delivered:
    """A profile that is ready. Raises BadValue, which holds no secret."""
    try:
        code = read_activation_code(profile.ac or "").text()
    except UnreadableCode as error:
        raise BadValue(f"eSIM Access delivered {error}") from None
    return Delivered(
        iccid=iccid(profile.iccid),
        activation_code=code,
        apn=profile.apn or "",
        eid=profile.eid or "",
        reference=profile.esim_tran_no,
        msisdn=profile.msisdn or "",
        imsi=profile.imsi or "",
    )


def step(esim_status: str, smdp_status: str | None) -> ProfileEvent | None:
    """How far a profile is. A profile that was never used and has expired cannot be loaded."""
    if esim_status == CANCELLED:
        return "cancelled"
    if esim_status in REVOKED:
        return "failed"
    if esim_status in NOT_READY:
        return None
    if esim_status == UNUSED and smdp_status == "RELEASED":
        return "cancelled"
    return STEPS.get(smdp_status or "")


def progress(profile: Profile) -> Progress | None:
    """How the profile stands; eSIM Access does not say since when. Raises BadValue."""
    event = step(profile.esim_status, profile.smdp_status)
    if event is None:
        return None
    return Progress(iccid=iccid(profile.iccid), event=event, eid=profile.eid or "")


def usage(profile: Profile) -> UsageReport:
    """Its running totals. Raises BadValue.

    Before the first use `expires_at` is until when it can be taken into use.
    """
    expires = profile.expired_time
    return UsageReport(
        iccid=iccid(profile.iccid),
        status=USAGE.get(profile.esim_status, "unknown"),
        total=profile.total_volume,
        used=profile.order_usage,
        expires_at=instant(expires) if expires else None,
    )


def package(offer: Offer) -> Package | None:
    """A package; None for what Eka cannot sell: a volume for each day, or a term not in days.

    A top-up's `top_up_of` is the package of the same contents. It fits others of the same countries
    too.
    """
    if (offer.data_type or DATA_IN_TOTAL) != DATA_IN_TOTAL or offer.duration_unit != DAY:
        return None
    code, countries = offer.package_code, (offer.location or "").split(",")
    return Package(
        code=code,
        title=offer.name,
        data=offer.volume,
        days=offer.duration,
        cost=cost(offer.price, offer.currency_code),
        countries=tuple(country.strip() for country in countries if country.strip()),
        networks=_networks(offer),
        top_up_of=code.removeprefix(TOP_UP) if code.startswith(TOP_UP) else "",
    )


def _networks(offer: Offer) -> tuple[str, ...]:
    names = [
        f"{operator.operator_name} {operator.network_type or ''}".strip()
        for place in offer.location_network_list or []
        for operator in place.operator_list or []
        if operator.operator_name
    ]
    return tuple(dict.fromkeys(names))
