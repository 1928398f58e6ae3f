"""Finds profiles in eSIM Access's answers to `/esim/query`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from eka.gateways.suppliers.esimaccess.channel import ALLOCATING, Channel
from eka.gateways.suppliers.esimaccess.messages import Profile, Profiles
from eka.gateways.suppliers.terms import Held, ProfileAsk, SupplierRefused, SupplierUnavailable

PAGE, PAGES_MAX = 500, 40
FEW = 10
SKEW = timedelta(minutes=10)


class Finder:
    """One account's profiles."""

    def __init__(self, channel: Channel, now: Callable[[], datetime]) -> None:
        self._channel, self._now = channel, now

    def of_order(self, reference: str) -> list[Profile]:
        """What an order brought. Raises SupplierRefused, with the code ALLOCATING for not yet."""
        return self._query({"orderNo": reference})

    def by_number(self, ask: ProfileAsk) -> Profile | None:
        """What our own number brought, of all that was allocated since it was asked for."""
        for profile in self._since(ask.asked_at - SKEW):
            if profile.transaction_id == ask.number:
                return profile
        return None

    def profile(self, held: Held) -> Profile:
        """Raises SupplierRefused where the number leads to nothing, or to somebody else's."""
        for profile in self._query(named(held.reference, held.iccid)):
            if profile.iccid == held.iccid:
                return profile
        raise SupplierRefused("recycled", "not found", "eSIM Access has no such profile of ours")

    def _query(self, which: dict[str, str]) -> list[Profile]:
        body = {**which, "pager": {"pageNum": 1, "pageSize": FEW}}
        return self._channel.ask("/esim/query", body, Profiles).esim_list or []

    def _since(self, start: datetime) -> Iterator[Profile]:
        """Page by page."""
        window = {"startTime": _minute(start), "endTime": _minute(self._now() + SKEW)}
        for number in range(1, PAGES_MAX + 1):
            body = {**window, "pager": {"pageNum": number, "pageSize": PAGE}}
            try:
                answer = self._channel.ask("/esim/query", body, Profiles)
            except SupplierRefused as refusal:
                if refusal.code == ALLOCATING:
                    return
                raise
            yield from answer.esim_list or []
            if answer.pager is None or answer.pager.total <= number * PAGE:
                return
        raise SupplierUnavailable("eSIM Access has too many profiles of that time to find one")


def named(reference: str, iccid: str) -> dict[str, str]:
    """Which profile is meant. ICCIDs are used again, so its own number comes first."""
    return {"esimTranNo": reference} if reference else {"iccid": iccid}


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")
