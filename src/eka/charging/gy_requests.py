"""A Credit-Control-Request, as the engine understands it."""

from typing import Any

from eka.charging.requests import Ask, ChargingRequest, Kind
from eka.rules.units import LARGEST
from eka.wire.diameter import gy
from eka.wire.diameter.gy import CreditControlRequest, Mscc

_KINDS: dict[gy.Kind, Kind] = {
    "initial": "initial",
    "update": "update",
    "terminate": "end",
    "event": "event",
}


def charging_request(request: CreditControlRequest, peer: str) -> ChargingRequest:
    """What the engine is asked. `peer` is the Origin-Host of the connection, perhaps a relay's."""
    asks = [_ask(request.kind, part) for part in request.parts]
    if len(asks) > 1:
        asks = _together(asks)
    return ChargingRequest(
        session=request.session,
        kind=_KINDS[request.kind],
        number=request.number,
        imsi=request.imsi,
        msisdn=request.msisdn,
        asks=tuple(asks),
        event=request.action,
        facts=_facts(request, peer) if request.kind == "initial" else {},
    )


def _ask(kind: gy.Kind, part: Mscc) -> Ask:
    # TS 32.299, 6.5.3: a gateway that has done with a rating group reports FINAL and asks for no
    # more; the session goes on.
    ends = kind == "update" and gy.FINAL in part.reasons and part.asks == 0
    return Ask(
        rating_group=part.rating_group,
        service=part.services[0] if part.services else None,
        used=part.used,
        asks=part.asks,
        ends=ends,
    )


def _together(asks: list[Ask]) -> list[Ask]:
    """One Ask for each part: a gateway may report and ask in two Msccs of one rating group."""
    merged: dict[tuple[int | None, int | None], Ask] = {}
    for ask in asks:
        key = ask.rating_group, ask.service
        merged[key] = _sum(merged[key], ask) if key in merged else ask
    return list(merged.values())


def _sum(one: Ask, other: Ask) -> Ask:
    unsized = one.asks is None or other.asks is None
    return Ask(
        rating_group=one.rating_group,
        service=one.service,
        used=min(one.used + other.used, LARGEST),
        asks=None if unsized else min((one.asks or 0) + (other.asks or 0), LARGEST),
        ends=one.ends and other.ends,
    )


def _facts(request: CreditControlRequest, peer: str) -> dict[str, Any]:
    return {
        **request.facts,
        "door": "gy",
        "host": request.origin_host,
        "realm": request.origin_realm,
        "peer": peer,
        "context": request.context,
    }
