"""Airalo as a supplier of profiles and data."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from eka import clock
from eka.gateways.suppliers.airalo.api import Api
from eka.gateways.suppliers.airalo.catalogue import Place, packages_of
from eka.gateways.suppliers.airalo.messages import Balances, Order, Subscribed, Taken, Usage
from eka.gateways.suppliers.airalo.notices import read_notice
from eka.gateways.suppliers.airalo.settings import AiraloSettings
from eka.gateways.suppliers.terms import (
    Held,
    Notice,
    Package,
    ProfileAsk,
    Progress,
    Reply,
    Supplied,
    SupplierKind,
    SupplierRefused,
    SupplierUnavailable,
    TopUpAsk,
    UsageReport,
)
from eka.rules.units import Money

PACKAGES_A_PAGE = "1000"
ORDERS_A_PAGE = "50"
FAILURES_MAX = 3  # of questions about usage, before the others are not asked any more
NOTIFICATIONS = ("async_orders", "webhook_low_data")


class AiraloSupplier:
    """One partner account. May be used from several threads.

    Airalo has no idempotency key. Our number is an order's `description`, by which it is found
    again; that is the only thing between a lost answer and a second profile, so `look` comes first.
    An order is not in the list before Airalo is done with it: after a lost answer that is at most
    as long as a request may take.
    """

    kind: SupplierKind = "airalo"
    remembers = False
    sells_data = True
    meters = True

    def __init__(
        self, name: str, settings: AiraloSettings, now: Callable[[], datetime] = clock.now
    ) -> None:
        """`now` says when a token or a price is too old."""
        self.name = name
        self.usage_per_minute = settings.usage_per_minute
        self._settings, self._now = settings, now
        self._api = Api(settings, now)
        self._prices: dict[str, Money] = {}
        self._prices_until = now()
        self._pricing = threading.Lock()

    def order(self, ask: ProfileAsk) -> Supplied:
        """One profile. Its price is looked at first, since the order moves the money.

        A price that is higher in the answer than in the list is told in `cost`; the profile is ours
        then. Asynchronously it is pending, and its `reference` is Airalo's `request_id` at first.
        """
        self._agree_on(ask)
        body = {
            "package_id": ask.package,
            "quantity": 1,
            "type": "sim",
            "description": ask.number,
            **({"brand_settings_name": self._settings.brand} if self._settings.brand else {}),
        }
        if not self._settings.asynchronous:
            return self._api.post("/orders", body, Order, lambda said: said.supplied(ask.number))
        if self._settings.webhook_url:
            body["webhook_url"] = self._settings.webhook_url
        return self._api.post(
            "/orders-async",
            body,
            Taken,
            lambda said: Supplied(number=ask.number, status="pending", reference=said.request_id),
        )

    def look(self, ask: ProfileAsk, reference: str) -> Supplied:
        """The order of that id or else with our number, on whatever page; unknown where none is.

        An asynchronous order is unknown too until Airalo has made it of the request.
        """
        return self._look(ask.number, "sim", reference)

    def top_up(self, ask: TopUpAsk) -> Supplied:
        """One package of data, at once; the price as in `order`."""
        self._agree_on(ask)
        body = {"package_id": ask.package, "iccid": ask.iccid, "description": ask.number}
        return self._api.post("/orders/topups", body, Order, lambda said: _bought(said, ask.number))

    def look_top_up(self, ask: TopUpAsk, reference: str) -> Supplied:
        """As `look`."""
        return self._look(ask.number, "topup", reference)

    def cancel(self, profile: Held) -> None:
        """Airalo takes nothing back by its API: a refund is asked for, and decided by people."""
        raise SupplierRefused("other", "not_possible", "Airalo takes no profile back")

    def progress(self, profile: Held) -> Progress | None:
        """Whether the profile was ever used: Airalo tells of its data, not of the phone.

        A package becomes ACTIVE when the profile is first in a network, so it is installed and was
        switched on then; FINISHED comes after that. NOT_ACTIVE does not tell a profile that nobody
        downloaded from one that waits on a phone or was deleted, nor EXPIRED one that was used from
        one that was not: of these, and of when, Airalo says nothing.
        """
        if self._usage(profile).status in ("active", "finished"):
            return Progress(iccid=profile.iccid, event="enabled")
        return None

    def usage(self, profiles: Sequence[Held]) -> list[UsageReport]:
        """One question each; Airalo's answers are up to 20 minutes old.

        Where it says that it is enough, or fails again and again, those that were answered come
        back and the rest is for the next time; SupplierUnavailable is raised when there are none. A
        profile that it does not know, or that was recycled, is refused, and the others with it:
        who asks finds out which it is by asking about each alone.
        """
        reports: list[UsageReport] = []
        failures: list[SupplierUnavailable] = []
        for profile in profiles:
            try:
                reports.append(self._usage(profile))
            except SupplierUnavailable as failure:
                failures.append(failure)
                if failure.wait_s or len(failures) == FAILURES_MAX:
                    break
        if failures and not reports:
            raise failures[-1]
        return reports

    def packages(self) -> list[Package]:
        """All that it sells; a top-up fits every profile of its operator, and names one of them."""
        query = {"include": "topup", "limit": PACKAGES_A_PAGE}
        try:
            listed = [
                package
                for place in self._api.pages("/packages", Place, query)
                for package in packages_of(place)
            ]
        except ValueError as error:
            raise SupplierUnavailable("Airalo's list is not understood") from error
        # A package that works in several places is listed under each.
        return list({package.code: package for package in listed}.values())

    def balance(self) -> Money | None:
        """Our prepaid credit with it."""
        return self._api.get("/balance", Balances, lambda said: said.money())

    def subscribe(self, address: str) -> None:
        """Has notifications sent there; Airalo looks first whether HEAD is answered with 200."""
        for kind in NOTIFICATIONS:
            body = {"type": kind, "webhook_url": address}
            self._api.post("/notifications/opt-in", body, Subscribed, lambda said: None)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """What came to our address; nothing in it says when it was sent."""
        return read_notice(self._settings.client_secret, headers, body)

    def reply(self, accepted: bool) -> Reply:
        """Airalo tries 20 times more, every 15 minutes, until it reads 200."""
        return Reply() if accepted else Reply(status=500)

    def _look(self, number: str, kind: str, reference: str) -> Supplied:
        found = self._by_id(number, reference) if reference.isdigit() else None
        return found or self._by_number(number, kind)

    def _by_id(self, number: str, reference: str) -> Supplied | None:
        try:
            return self._api.get(
                f"/orders/{reference}",
                Order,
                lambda said: said.supplied(number),
                {"include": "sims,status"},
            )
        except SupplierRefused as refusal:
            if refusal.code != "HTTP_404":
                raise
            return None

    def _by_number(self, number: str, kind: str) -> Supplied:
        """Airalo's filter finds what only contains our number too, and knows no kinds."""
        query = {
            "filter[description]": number,
            "include": "sims,status",
            "limit": ORDERS_A_PAGE,
        }
        ours = [
            order
            for order in self._api.pages("/orders", Order, query)
            if order.description == number and order.type == kind
        ]
        if not ours:
            return Supplied(number=number, status="unknown")
        try:
            return min(ours, key=lambda order: int(order.id)).supplied(number)
        except ValueError as error:
            raise SupplierUnavailable("Airalo's order is not understood") from error

    def _usage(self, profile: Held) -> UsageReport:
        path = f"/sims/{quote(profile.iccid, safe='')}/usage"
        return self._api.get(path, Usage, lambda said: said.report(profile.iccid))

    def _agree_on(self, ask: ProfileAsk | TopUpAsk) -> None:
        """Raises SupplierRefused where it costs too much, in dollars of the current list."""
        if ask.cost_max is None:
            return
        price = self._price(ask.package)
        if price is None:
            raise SupplierRefused("wrong_package", "not_listed", ask.package)
        if price.currency != ask.cost_max.currency or price.minor > ask.cost_max.minor:
            raise SupplierRefused("wrong_price", "price", ask.package)

    def _price(self, package: str) -> Money | None:
        with self._pricing:
            if self._now() >= self._prices_until:
                self._prices = {listed.code: listed.cost for listed in self.packages()}
                kept = timedelta(seconds=self._settings.prices_kept_s)
                self._prices_until = self._now() + kept
            return self._prices.get(package)


def _bought(order: Order, number: str) -> Supplied:
    """A top-up that was answered is done, whatever Airalo calls it."""
    return Supplied(number=number, status="ready", reference=str(order.id), cost=order.cost())
