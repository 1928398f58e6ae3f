"""The adapter: each of our steps is one function of ES2+, under a number that a repeat has too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from eka.gateways.suppliers.es2plus import notices
from eka.gateways.suppliers.es2plus.door import Door
from eka.gateways.suppliers.es2plus.refusals import refusal
from eka.gateways.suppliers.es2plus.settings import Es2PlusSettings
from eka.gateways.suppliers.terms import (
    Delivered,
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
from eka.rules.activation_codes import ActivationCode, UnreadableCode, read_activation_code
from eka.rules.units import Money
from eka.wire.es2plus import codes
from eka.wire.es2plus.codec import NotExecuted
from eka.wire.es2plus.messages import (
    Answer,
    Ask,
    CancelOrder,
    ConfirmOrder,
    DownloadOrder,
    DownloadOrdered,
    Iccid,
    OrderConfirmed,
    ReleaseProfile,
    RequestHeader,
)

A = TypeVar("A", bound=Answer)


class Es2PlusSupplier:
    """An SM-DP+. `order` reserves an ICCID, to be written down; `look` confirms and releases it.

    A step that is repeated carries the same function call identifier, made of our number.
    """

    kind: SupplierKind = "es2plus"
    remembers = True
    sells_data = False
    meters = False
    usage_per_minute = 0

    def __init__(self, name: str, settings: Es2PlusSettings) -> None:
        """Raises BadValue where the settings cannot be used."""
        self.name = name
        self.settings = settings
        self._packages = {one.code: one.package() for one in settings.profile_types}
        self._door = Door(settings)

    def order(self, ask: ProfileAsk) -> Supplied:
        """Reserves a profile; its ICCID is the reference."""
        self._check_price(ask)
        iccid = self._reserved(ask)
        return Supplied(
            number=ask.number, status="pending", reference=str(iccid), cost=self._cost(ask.package)
        )

    def look(self, ask: ProfileAsk, reference: str) -> Supplied:
        """Confirms and releases what was reserved; both may be repeated."""
        iccid = Iccid(reference or self._reserved(ask))
        confirmed = self._confirmed(ask, iccid)
        if self.settings.release_apart:
            self.release(ask.number, iccid)
        return Supplied(
            number=ask.number,
            status="ready",
            reference=str(iccid),
            profile=Delivered(
                iccid=str(iccid),
                activation_code=self._code(confirmed),
                eid=confirmed.eid or ask.eid,
            ),
            cost=self._cost(ask.package),
        )

    def release(self, number: str, iccid: str) -> None:
        """Lets phones download it from now on; nothing where they may already (5.3.4, note)."""
        header = self._header(number, "release")
        self._call(ReleaseProfile(header=header, iccid=Iccid(iccid)), Answer)

    def cancel(self, profile: Held) -> None:
        """Nobody can download it any more, and its ICCID is not used again.

        An ICCID that is not known any more was given back before.
        """
        code = profile.activation_code
        ask = CancelOrder(
            header=self._header("cancel", profile.iccid),
            iccid=Iccid(profile.iccid),
            final_profile_status_indicator="Unavailable",
            eid=profile.eid or None,
            matching_id=read_activation_code(code).matching_id if code else None,
        )
        try:
            self._call(ask, Answer)
        except SupplierRefused as error:
            if error.code != str(codes.ICCID_UNKNOWN):
                raise

    def progress(self, profile: Held) -> Progress | None:
        """None: ES2+ has no such question."""
        return None

    def packages(self) -> list[Package]:
        """The profile types of the settings: ES2+ has no list."""
        return list(self._packages.values())

    def balance(self) -> Money | None:
        """None: profiles are paid for by invoice."""
        return None

    def usage(self, profiles: Sequence[Held]) -> list[UsageReport]:
        """None of them: our own core meters."""
        return []

    def top_up(self, ask: TopUpAsk) -> Supplied:
        """No: it sells no data."""
        raise SupplierRefused("not_renewable", "", "an SM-DP+ sells no data")

    def look_top_up(self, ask: TopUpAsk, reference: str) -> Supplied:
        """It never heard of any."""
        return Supplied(number=ask.number, status="unknown")

    def subscribe(self, address: str) -> None:
        """Nothing: where `eka es2plus` listens is agreed on with the SM-DP+'s people."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """What `notices` reads."""
        return notices.read(self.settings, headers, body)

    def reply(self, accepted: bool) -> Reply:
        """No content (SGP.22, 6.3), or that the same shall come again."""
        return Reply(status=204 if accepted else 503, content_type="")

    def _reserved(self, ask: ProfileAsk) -> Iccid:
        order = DownloadOrder(
            header=self._header(ask.number, "download"),
            eid=ask.eid or None,
            profile_type=ask.package,
        )
        return self._call(order, DownloadOrdered).iccid

    def _confirmed(self, ask: ProfileAsk, iccid: Iccid) -> OrderConfirmed:
        """The SM-DP+ chooses the MatchingID: if it chose one that is taken, it chooses again."""
        try:
            return self._confirm(ask, iccid, "confirm")
        except SupplierRefused as error:
            if error.code != str(codes.MATCHING_ID_IN_USE):
                raise
            return self._confirm(ask, iccid, "confirm2")

    def _confirm(self, ask: ProfileAsk, iccid: Iccid, step: str) -> OrderConfirmed:
        order = ConfirmOrder(
            header=self._header(ask.number, step),
            iccid=iccid,
            eid=ask.eid or None,
            release_flag=not self.settings.release_apart,
        )
        return self._call(order, OrderConfirmed)

    def _call(self, ask: Ask, kind: type[A]) -> A:
        try:
            return self._door.call(ask, kind)
        except NotExecuted as answer:
            raise refusal(answer) from answer

    def _header(self, number: str, step: str) -> RequestHeader:
        return RequestHeader(
            function_requester_identifier=self.settings.requester,
            function_call_identifier=f"{number}-{step}",
        )

    def _code(self, confirmed: OrderConfirmed) -> str:
        smdp = confirmed.smdp_address or self.settings.host
        code = ActivationCode(smdp, confirmed.matching_id)
        try:
            return read_activation_code(code.text()).text()
        except UnreadableCode as error:
            raise SupplierUnavailable(f"the SM-DP+ confirmed with {error}") from error

    def _cost(self, package: str) -> Money | None:
        found = self._packages.get(package)
        return None if found is None else found.cost

    def _check_price(self, ask: ProfileAsk) -> None:
        cost, most = self._cost(ask.package), ask.cost_max
        if cost is None or most is None:
            return
        if cost.currency != most.currency or cost.minor > most.minor:
            raise SupplierRefused("wrong_price", "", "the settings say that it costs more")
