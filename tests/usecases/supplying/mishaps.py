"""What can be made to go wrong in stories about suppliers, and what is looked for after it."""

from datetime import timedelta
from typing import Any

from tests.usecases.supplying.conftest import SupplyingShop

from eka.gateways.payments.terms import DisputeReport
from eka.gateways.suppliers.terms import (
    Delivered,
    Supplied,
    SupplierRefused,
)
from eka.ledger import models
from eka.usecases import disputes, moving, provisioning
from eka.usecases.suppliers import suppliers, use_suppliers

CODE = "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815"
GOOD = "8944500102198304826"


class Strange:
    """A supplier's adapter of which one method does something else."""

    def __init__(self, real: object, **methods: Any) -> None:
        self._real, self._methods = real, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._real, name)


def strange(name: str, **methods: Any) -> None:
    """From now on this supplier's adapter does these things instead."""
    all_: dict[str, Any] = dict(suppliers())
    all_[name] = Strange(all_[name], **methods)
    use_suppliers(all_)


def refuses(why: Any) -> Any:
    """A method that refuses with this word."""

    def refuse(*given: object) -> Supplied:
        raise SupplierRefused(why, why)

    return refuse


def contested(shop: SupplyingShop, order: str, status: str) -> None:
    """The payer's bank tells of a dispute about the order's payment, and how it stands."""
    money = models.MoneyIn.objects.get(order__number=order)
    report = DisputeReport(
        reference=f"D-{order}",
        transaction=money.transaction,
        number="",
        status=status,  # type: ignore[arg-type]
        reason="fraudulent",
    )
    disputes.take("stripe", report, shop.clock.now())
    shop.work()


def in_turns(shop: SupplyingShop, hours: float) -> None:
    """Time passes, and the loops of suppliers and outbox take turns, a step each."""
    until = shop.clock.now() + timedelta(hours=hours)
    while shop.clock.now() < until:
        if not provisioning.look_at_due(shop.clock.now(), most=1):
            shop.clock.pass_(minutes=2)
        shop.work()


def nobodys() -> list[str]:
    """Profiles that are neither on a line nor spare nor gone for good."""
    lost = models.Profile.objects.filter(line=None, spare=False, final=False)
    return list(lost.values_list("iccid", flat=True))


def deliver(shop: SupplyingShop, iccid: str = GOOD, **more: str) -> None:
    """This profile comes for what was asked last."""
    number = models.Supply.objects.latest("pk").number
    profile = Delivered(iccid=iccid, activation_code=CODE, **more)
    provisioning.take(Supplied(number=number, status="ready", profile=profile), shop.clock.now())
    shop.work()


def moved(shop: SupplyingShop) -> int:
    """Alice's line, whose phone was lost; the move."""
    order = shop.buy_abroad()
    shop.supply()
    profile = shop.profile_of(order)
    for act in ("download", "install", "enable"):
        shop.phone(profile, act)
    shop.hear_of("es2plus", shop.letters("es2plus"))
    wish = moving.Wish(line=int(profile.line_id or 0), reason="lost_phone")
    return moving.ask(wish, "one", shop.clock.now())
