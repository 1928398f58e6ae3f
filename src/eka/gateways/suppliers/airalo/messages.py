"""What Airalo's orders, profiles and usage look like, as far as Eka reads them.

Fields that are not named here are skipped, so that Airalo may add what it likes.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from eka.gateways.suppliers.airalo.amounts import cost, credit, data_bytes
from eka.gateways.suppliers.terms import Delivered, Supplied, UsageReport
from eka.rules.activation_codes import ActivationCode, read_activation_code
from eka.rules.units import BadValue, Money

USD = "USD"

# Airalo's sandbox mode gives numbers of 18 digits without a check digit, and an order that is paid
# for is not thrown away over its number; so more is read here than an ICCID is.
_ICCID = re.compile(r"[0-9]{18,20}")

USAGE_STATUS: dict[str, Literal["not_active", "active", "finished", "expired"]] = {
    "NOT_ACTIVE": "not_active",
    "ACTIVE": "active",
    "FINISHED": "finished",
    "EXPIRED": "expired",
}
LOST = ("failed", "refunded")


class Sim(Struct):
    """A profile. `qrcode` is the activation code, `lpa` and `matching_id` its parts."""

    iccid: str
    lpa: str | None = None
    matching_id: str | None = None
    qrcode: str | None = None
    confirmation_code: str | None = None
    apn_value: str | None = None
    msisdn: str | None = None

    def delivered(self) -> Delivered:
        """The profile in our terms. Raises ValueError where it could not be downloaded."""
        if not _ICCID.fullmatch(self.iccid):
            raise BadValue("not an ICCID")
        code = (
            read_activation_code(self.qrcode)
            if self.qrcode
            else ActivationCode(self.lpa or "", self.matching_id or "")
        )
        return Delivered(
            iccid=self.iccid,
            activation_code=read_activation_code(code.text()).text(),
            confirmation_code=self.confirmation_code or "",
            apn=self.apn_value or "",
            msisdn=self.msisdn or "",
        )


class OrderStatus(Struct):
    """completed, failed or refunded."""

    slug: str = ""


class Order(Struct):
    """An order of profiles or of data for one (`type` sim, topup).

    `price` is what a traveller is asked for, `net_price` what we pay; without the latter our
    contract is of another model, and `price` is what we pay.
    """

    id: int | str
    type: str = "sim"
    description: str | None = None
    price: Decimal | None = None
    net_price: Decimal | None = None
    currency: str | None = None
    sims: list[Sim] | None = None
    status: OrderStatus | str | None = None

    @property
    def slug(self) -> str:
        """Its status, "" where that was not asked for."""
        return self.status.slug if isinstance(self.status, OrderStatus) else ""

    def cost(self) -> Money | None:
        """What it costs us."""
        return our_cost(self.net_price, self.price, self.currency or USD)

    def supplied(self, number: str) -> Supplied:
        """How it stands in our terms. Raises ValueError where what was delivered is unusable."""
        if self.slug in LOST:
            return Supplied(number=number, status="refused", reference=str(self.id), code=self.slug)
        profile = self.sims[0].delivered() if self.sims else None
        done = profile is not None or self.type == "topup"
        return Supplied(
            number=number,
            status="ready" if done else "pending",
            reference=str(self.id),
            profile=profile,
            cost=self.cost(),
        )


class Taken(Struct):
    """An asynchronous order that was accepted."""

    request_id: str


class Usage(Struct):
    """What a profile has left, in megabytes; both figures are 0 where it is unlimited."""

    remaining: Decimal | None = None
    total: Decimal | None = None
    expired_at: str | None = None
    is_unlimited: bool = False
    status: str = "UNKNOWN"

    def report(self, iccid: str) -> UsageReport:
        """The same in our terms. Raises ValueError."""
        total = used = None
        if self.total is not None and self.remaining is not None and not self.is_unlimited:
            total = data_bytes(self.total)
            used = max(total - data_bytes(self.remaining), 0)
        return UsageReport(
            iccid=iccid,
            status=USAGE_STATUS.get(self.status, "unknown"),
            total=total,
            used=used,
            expires_at=moment(self.expired_at) if self.expired_at else None,
        )


class Amount(Struct):
    """An amount of money in whole units of its currency."""

    amount: Decimal
    currency: str


class Balance(Struct):
    """Our prepaid credit."""

    availableBalance: Amount


class Balances(Struct):
    """An empty list where there is no account."""

    balances: Balance | list[Balance]

    def money(self) -> Money | None:
        """Our credit. Raises ValueError."""
        held = [self.balances] if isinstance(self.balances, Balance) else self.balances
        if not held:
            return None
        return credit(held[0].availableBalance.amount, held[0].availableBalance.currency)


class Subscribed(Struct):
    """That notifications will come; what it says is what was asked for."""


def our_cost(net: Decimal | None, price: Decimal | None, currency: str) -> Money | None:
    """What we pay: the net price, where the contract has one. Raises ValueError."""
    paid = price if net is None else net
    return None if paid is None else cost(paid, currency)


def moment(text: str) -> datetime:
    """An instant of `2022-01-01 00:00:00`, which is UTC, or with its offset. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
