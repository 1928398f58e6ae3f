"""eSIM Access as a supplier of profiles."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from eka import clock
from eka.gateways.suppliers.esimaccess.channel import (
    ALLOCATING,
    NO_SUCH_ORDER,
    NOT_IN_THIS_STATUS,
    NUMBER_USED,
    Channel,
)
from eka.gateways.suppliers.esimaccess.finding import Finder, named
from eka.gateways.suppliers.esimaccess.messages import (
    CANCELLED,
    REVOKED,
    Balance,
    Nothing,
    Offers,
    Ordered,
    Profile,
    ToppedUp,
    cost,
    credit,
    delivered,
    package,
    price,
    progress,
    usage,
)
from eka.gateways.suppliers.esimaccess.notices import read_notice
from eka.gateways.suppliers.esimaccess.settings import EsimAccessSettings
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
from eka.rules.units import BadValue, Money

# An order is in the list at the latest so long after it was taken (30 seconds, the docs say).
SETTLED = timedelta(minutes=10)

Meant = TypeVar("Meant")


class EsimAccessSupplier:
    """One account. May be used from several threads.

    What makes a repeated order safe, and how one is found again:

    - Our number is the `transactionId`. The docs promise for orders that the same one is taken for
      the same request; an answer that it was used (310402) is read as the same. For top-ups they
      promise nothing: there Eka relies on that refusal, and looks at what is on the profile.
    - `/esim/query` takes an order's, a profile's or an ICCID's number, but not our own. Without a
      reference `look` reads the list of what was allocated since `asked_at`, whose entries carry
      our number. What is not allocated yet is not in that list: it is `pending` for ten minutes,
      and `unknown` only then.
    - A top-up is found among the packages on its profile, which carry our number as well (the docs
      leave that field out).
    - The order names the price, where it must not cost more than `cost_max`, so that none is taken
      at another. It is the price of the list or, where that is more, `cost_max`: whether the order
      was taken before is then still for eSIM Access to say, and it refuses what was not.
    """

    kind: SupplierKind = "esimaccess"
    remembers = True
    sells_data = True
    meters = True
    usage_per_minute = 240  # of 8 requests a second; totals change every 2 to 3 hours

    def __init__(
        self, name: str, settings: EsimAccessSettings, now: Callable[[], datetime] = clock.now
    ) -> None:
        """`name` is what the suppliers file calls it; `now` dates what we sign."""
        self.name, self._settings, self._now = name, settings, now
        self._channel = Channel(settings, now)
        self._finder = Finder(self._channel, now)

    def order(self, ask: ProfileAsk) -> Supplied:
        """Pending with the order's number: profiles are allocated within 30 seconds."""
        offered = self._offered(ask, {"type": "BASE", "packageCode": ask.package})
        line: dict[str, Any] = {"packageCode": ask.package, "count": 1}
        body: dict[str, Any] = {"transactionId": ask.number, "packageInfoList": [line]}
        if offered is not None:
            line["price"] = body["amount"] = offered
        try:
            ordered = self._channel.ask("/esim/order", body, Ordered)
        except SupplierRefused as refusal:
            if refusal.code != NUMBER_USED:
                raise
            return self._first(ask, refusal)
        return Supplied(
            number=ask.number, status="pending", reference=ordered.order_no, cost=_cost(offered)
        )

    def look(self, ask: ProfileAsk, reference: str) -> Supplied:
        """By the order's number, or ours; refused where the profile was cancelled or revoked."""
        if reference:
            try:
                found = self._finder.of_order(reference)
            except SupplierRefused as refusal:
                if refusal.code == ALLOCATING:
                    return Supplied(number=ask.number, status="pending", reference=reference)
                if refusal.code != NO_SUCH_ORDER:
                    raise
            else:
                return self._of_order(ask, reference, found)
        profile = self._finder.by_number(ask)
        return self._missing(ask) if profile is None else _supplied(ask.number, profile)

    def top_up(self, ask: TopUpAsk) -> Supplied:
        """Ready at once. Not renewable: the profile has expired, or was given back."""
        offered = self._offered(ask, {"type": "TOPUP", "iccid": ask.iccid})
        body = {**named(ask.profile, ask.iccid), "packageCode": ask.package}
        body["transactionId"] = ask.number
        if offered is not None:
            body["amount"] = str(offered)
        try:
            done = self._channel.ask("/esim/topup", body, ToppedUp)
        except SupplierRefused as refusal:
            if refusal.code == NUMBER_USED:
                return self._first_top_up(ask, refusal)
            if refusal.code == NOT_IN_THIS_STATUS:
                raise SupplierRefused("not_renewable", refusal.code) from refusal
            raise
        return Supplied(
            number=ask.number,
            status="ready",
            reference=done.top_up_esim_tran_no or "",
            cost=_cost(offered),
        )

    def look_top_up(self, ask: TopUpAsk, reference: str) -> Supplied:
        """By our number, or the top-up's, among the packages on the profile."""
        profile = self._finder.profile(Held(iccid=ask.iccid, reference=ask.profile))
        for bought in profile.package_list or []:
            if bought.transaction_id == ask.number or (
                reference and bought.esim_tran_no == reference
            ):
                known_as = reference or bought.esim_tran_no or ""
                return Supplied(number=ask.number, status="ready", reference=known_as)
        return self._missing(ask)

    def cancel(self, profile: Held) -> None:
        """Only before it was loaded (GOT_RESOURCE and RELEASED); the price comes back."""
        try:
            self._do("cancel", profile)
        except SupplierRefused:
            if self._finder.profile(profile).esim_status != CANCELLED:
                raise

    def suspend(self, profile: Held) -> None:
        """Stops its data until `resume`."""
        self._do("suspend", profile)

    def resume(self, profile: Held) -> None:
        """Ends `suspend`."""
        self._do("unsuspend", profile)

    def revoke(self, profile: Held) -> None:
        """Ends the profile and its data for good; nothing is paid back."""
        self._do("revoke", profile)

    def progress(self, profile: Held) -> Progress | None:
        """By its two statuses; None before it was allocated, or for a word that is not known."""
        return _meant(progress, self._finder.profile(profile))

    def usage(self, profiles: Sequence[Held]) -> list[UsageReport]:
        """A question for each: only that answer has the status and the end beside the totals.

        Totals are 2 to 3 hours old; the answer does not say of when. A profile that is not ours any
        more is refused, and the others with it.
        """
        return [_meant(usage, self._finder.profile(profile)) for profile in profiles]

    def packages(self) -> list[Package]:
        """Profiles, then top-ups; without plans by the day and terms that are not in days."""
        found = (
            _meant(package, offer)
            for kind in ("BASE", "TOPUP")
            for offer in self._channel.ask("/package/list", {"type": kind}, Offers).package_list
            or []
        )
        return [one for one in found if one is not None]

    def balance(self) -> Money | None:
        """In whole cents, rounded down."""
        return credit(self._channel.ask("/balance/query", {}, Balance).balance)

    def subscribe(self, address: str) -> None:
        """Has notifications sent there; the `notice_token` is the address's last part."""
        token = self._settings.notice_token
        webhook = f"{address}/{token}" if token else address
        self._channel.ask("/webhook/save", {"webhook": webhook}, Nothing)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """See `notices` for what makes one authentic."""
        return read_notice(self._settings, headers, body, now)

    def reply(self, accepted: bool) -> Reply:
        """200, or 500."""
        return Reply(body=b"success") if accepted else Reply(status=500, body=b"fail")

    def _offered(self, ask: ProfileAsk | TopUpAsk, which: Mapping[str, str]) -> int | None:
        """The price that the order names; None: any."""
        if ask.cost_max is None:
            return None
        try:
            most = price(ask.cost_max)
        except BadValue as error:
            raise SupplierRefused("wrong_price", "currency", str(error)) from error
        offers = self._channel.ask("/package/list", which, Offers).package_list or []
        listed = [one.price for one in offers if ask.package in (one.package_code, one.slug)]
        return min([*listed, most])

    def _first(self, ask: ProfileAsk, refusal: SupplierRefused) -> Supplied:
        """The order that has our number already."""
        profile = self._finder.by_number(ask)
        if profile is None:
            return Supplied(number=ask.number, status="pending")
        for first in (profile.package_list or [])[:1]:
            if ask.package not in (first.package_code, first.slug):
                raise refusal
        return _supplied(ask.number, profile)

    def _first_top_up(self, ask: TopUpAsk, refusal: SupplierRefused) -> Supplied:
        """The top-up that has our number already; it may be on another profile."""
        found = self.look_top_up(ask, "")
        if found.status == "unknown":
            raise refusal
        return found

    def _of_order(self, ask: ProfileAsk, reference: str, found: list[Profile]) -> Supplied:
        for profile in found:
            if profile.transaction_id in (None, "", ask.number):
                return _supplied(ask.number, profile, reference)
        if found:
            raise SupplierUnavailable(f"eSIM Access's order {reference} is not {ask.number}")
        return Supplied(number=ask.number, status="pending", reference=reference)

    def _missing(self, ask: ProfileAsk | TopUpAsk) -> Supplied:
        recent = self._now() < ask.asked_at + SETTLED
        return Supplied(number=ask.number, status="pending" if recent else "unknown")

    def _do(self, deed: str, profile: Held) -> None:
        self._channel.ask(f"/esim/{deed}", named(profile.reference, profile.iccid), Nothing)


def _supplied(number: str, profile: Profile, reference: str = "") -> Supplied:
    known_as = reference or profile.order_no or ""
    if profile.esim_status == CANCELLED or profile.esim_status in REVOKED:
        code = profile.esim_status
        return Supplied(number=number, status="refused", reference=known_as, code=code)
    if not profile.is_ready:
        return Supplied(number=number, status="pending", reference=known_as)
    profile_of = _meant(delivered, profile)
    return Supplied(number=number, status="ready", reference=known_as, profile=profile_of)


def _cost(offered: int | None) -> Money | None:
    return None if offered is None else cost(offered)


def _meant(meaning: Callable[[Any], Meant], said: object) -> Meant:
    """What an answer means. Raises SupplierUnavailable where it means nothing."""
    try:
        return meaning(said)
    except BadValue as error:
        raise SupplierUnavailable(str(error)) from error
