"""Takes orders of profiles and of data, and our money for them."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.airalo.profiles import Profiles
from eka.gateways.suppliers.sandbox.airalo.shelf import BY_CODE, Offer, price, retail
from eka.gateways.suppliers.sandbox.airalo.wire import (
    Fault,
    dollars,
    invalid,
    paged,
    plain,
    refused,
    stamp,
)
from eka.gateways.suppliers.sandbox.counter import Trouble
from eka.rules.instants import format_instant, parse_instant

QUANTITY_MAX = 50
CREDIT_CENTS = 1_000_000
ORDERS_A_PAGE = 50
REQUEST_BYTES = 12
ABSENT = 404

Told = Callable[[str, Document], None]


class Desk:
    """Orders in the records as `order`, requests that wait as `request`, the credit as `account`.

    `trouble` is asked anew each time; `tell(address, content)` sends a notification.
    """

    def __init__(
        self,
        records: Records,
        now: Callable[[], datetime],
        trouble: Callable[[], Trouble],
        tell: Told,
    ) -> None:
        self._records, self._now, self._trouble, self._tell = records, now, trouble, tell
        self.profiles = Profiles(records, now)

    @property
    def credit(self) -> int:
        """What the partner has left, in cents."""
        return int((self._records.get("account", "credit") or {"cents": CREDIT_CENTS})["cents"])

    def set_credit(self, cents: int) -> None:
        """The partner has so much now."""
        self._records.put("account", "credit", {"cents": cents})

    def buy(self, fields: Document) -> Document:
        """`POST orders`. Raises Fault."""
        offer, quantity = _asked(fields)
        return self.told(self._sell(fields, offer, quantity), {"include": "sims"})

    def take(self, fields: Document, opted_in: str) -> Document:
        """`POST orders-async`: what is wrong on our side is told only by notification."""
        _asked(fields)
        url = fields.get("webhook_url") or opted_in
        if not url:
            raise invalid("webhook_url", "The webhook url is required when not opted in.")
        id_ = secrets.token_hex(REQUEST_BYTES) + "A"  # 25 letters and digits, as Airalo's
        request = {
            "id": id_,
            "fields": fields,
            "url": url,
            "due": format_instant(self._now() + timedelta(seconds=self._trouble().pending_s)),
        }
        self._records.put("request", id_, request)
        accepted = {"request_id": id_, "accepted_at": stamp(self._now())}
        self.work()
        return accepted

    def work(self) -> None:
        """Does what was taken and is due, and tells what came of it."""
        for request in self._records.all("request"):
            if parse_instant(request["due"]) > self._now():
                continue
            self._records.drop("request", request["id"])
            offer, quantity = _asked(request["fields"])
            try:
                order = self._sell(request["fields"], offer, quantity)
            except Fault as fault:
                told = fault.body
            else:
                told = {"data": self.told(order, {"include": "sims"})}
            self._tell(request["url"], {"request_id": request["id"], **told})

    def top_up(self, fields: Document) -> Document:
        """`POST orders/topups`. Raises Fault."""
        offer = _offered(fields, top_up=True)
        sim = self._sim(fields)
        if BY_CODE[sim["package"]][0] is not BY_CODE[offer.code][0]:
            raise refused(34)
        if not BY_CODE[sim["package"]][1].gigabytes:
            raise refused(23)
        self._pay(offer, 1)
        self.profiles.add(sim["iccid"], offer)
        return self.told(self._write(fields, offer, 1, [sim["iccid"]]), {})

    def listed(self, query: dict[str, str], path: str) -> Document:
        """`GET orders`, newest first; filters find what contains them."""
        wanted = {
            name: query[f"filter[{name}]"]
            for name in ("code", "description")
            if query.get(f"filter[{name}]")
        }
        iccid = query.get("filter[iccid]", "")
        found = [
            self.told(order, query)
            for order in self._records.all("order")
            if all(text in (order[name] or "") for name, text in wanted.items())
            and (not iccid or any(iccid in sim for sim in order["sims"]))
        ]
        return paged(found[::-1], query, ORDERS_A_PAGE, path)

    def order(self, id_: str, query: dict[str, str]) -> Document:
        """`GET orders/ID`. Raises Fault."""
        found = self._records.get("order", id_)
        if found is None:
            raise plain(ABSENT, "Not Found")
        return self.told(found, query)

    def sim(self, iccid: str) -> Document:
        """A profile that is asked for. Raises Fault."""
        found = self.profiles.get(iccid)
        if found is None:
            raise plain(ABSENT, "Not Found")
        if self._trouble().recycled:
            raise refused(73, iccid)
        return found

    def told(self, order: Document, query: dict[str, str]) -> Document:
        """An order on the wire; `include` adds what is asked for."""
        _, offer = BY_CODE[order["package"]]
        included = query.get("include", "").split(",")
        more: Document = {}
        if "sims" in included and not offer.top_up:
            sims = [self.profiles.get(iccid) for iccid in order["sims"]]
            more["sims"] = [self.profiles.told(sim) for sim in sims if sim]
        if "status" in included:
            more["status"] = {"name": "Completed", "slug": "completed"}
        return {
            "id": order["id"],
            "code": order["code"],
            "currency": "USD",
            "package_id": offer.code,
            "quantity": order["quantity"],
            "type": "topup" if offer.top_up else "sim",
            "description": order["description"],
            "esim_type": "Prepaid",
            "validity": offer.days,
            "package": f"{BY_CODE[offer.code][0].title}-{offer.size} - {offer.days} Days",
            "data": offer.size,
            "price": dollars(order["retail"]),
            "net_price": dollars(order["net"]),
            "pricing_model": "net_pricing",
            "created_at": order["created_at"],
            "manual_installation": "",
            "qrcode_installation": "",
            "installation_guides": {"en": "https://www.airalo.com/help"},
            "text": None,
            "voice": None,
            "brand_settings_name": order["brand"],
            **more,
        }

    def _sell(self, fields: Document, offer: Offer, quantity: int) -> Document:
        self._pay(offer, quantity)
        number = str(fields.get("description") or "")
        sims = [self.profiles.make(number, offer) for _ in range(quantity)]
        return self._write(fields, offer, quantity, sims)

    def _pay(self, offer: Offer, quantity: int) -> None:
        """Takes stock and money, or raises Fault and takes nothing."""
        trouble = self._trouble()
        if trouble.maintenance:
            raise refused(13)
        if trouble.stock is not None and not offer.top_up and trouble.stock < quantity:
            raise refused(33, trouble.stock)
        cents = price(offer, trouble.price_percent) * quantity
        if cents > self.credit:
            raise refused(11, f"${dollars(self.credit)} is left")
        if trouble.stock is not None and not offer.top_up:
            trouble.stock -= quantity
        self.set_credit(self.credit - cents)

    def _write(self, fields: Document, offer: Offer, quantity: int, sims: list[str]) -> Document:
        id_ = self._records.number("order")
        percent = self._trouble().price_percent
        order = {
            "id": id_,
            "code": f"{self._now():%Y%m%d}-{id_:06d}",
            "package": offer.code,
            "quantity": quantity,
            "description": fields.get("description"),
            "brand": fields.get("brand_settings_name"),
            "net": price(offer, percent),
            "retail": retail(offer, percent),
            "created_at": stamp(self._now()),
            "sims": sims,
        }
        self._records.put("order", str(id_), order)
        return order

    def _sim(self, fields: Document) -> Document:
        iccid = str(fields.get("iccid") or "")
        if self.profiles.get(iccid) is None:
            raise invalid("iccid", "The selected iccid is invalid.")
        return self.sim(iccid)


def _asked(fields: Document) -> tuple[Offer, int]:
    """What is ordered, and how many. Raises Fault."""
    offer = _offered(fields, top_up=False)
    quantity = _integer(fields.get("quantity"))
    if quantity is None or quantity < 1:
        raise invalid("quantity", "The quantity must be at least 1.")
    if quantity > QUANTITY_MAX:
        raise invalid("quantity", f"The quantity may not be greater than {QUANTITY_MAX}.")
    if fields.get("type", "sim") != "sim":
        raise invalid("type", "The selected type is invalid.")
    return offer, quantity


def _offered(fields: Document, *, top_up: bool) -> Offer:
    code = fields.get("package_id")
    if not code:
        raise invalid("package_id", "The package id field is required.")
    _, offer = BY_CODE.get(str(code), (None, None))
    if offer is None or offer.top_up is not top_up:
        raise refused(34)
    return offer


def _integer(value: Any) -> int | None:
    """JSON has numbers, a form has texts."""
    text = str(value)
    return int(text[:9]) if text.isascii() and text.isdigit() else None
