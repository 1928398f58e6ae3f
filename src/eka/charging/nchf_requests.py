"""From an Nchf invocation to a charging request (TS 32.291, 6.1.6.2; TS 32.255, 5.2.1)."""

from collections.abc import Iterator
from typing import Any

from eka.charging.requests import Ask, ChargingRequest, Kind
from eka.wire.nchf.identity import subscriber_of
from eka.wire.nchf.routing import Invocation
from eka.wire.nchf.types import (
    VOLUME_MAX,
    ChargingDataRequest,
    MultipleUnitUsage,
    NFIdentification,
    PDUSessionChargingInformation,
    PlmnId,
    UsedUnitContainer,
    volume_of,
)

FACT_CHARACTERS_MAX = 255

_ENDS_PART = {"FINAL", "ABNORMAL_RELEASE"}


def charging_request(invocation: Invocation, address: str) -> ChargingRequest:
    """What the engine is asked; `address` is the gateway's, for one that does not say its name."""
    request = invocation.request
    create = invocation.operation == "create"
    kind = _kind(invocation)
    subscriber = subscriber_of(request)
    return ChargingRequest(
        session=invocation.ref,
        kind=kind,
        number=invocation.number,
        imsi=subscriber.imsi,
        msisdn=subscriber.msisdn,
        asks=_asks(request, kind),
        event="debit" if kind == "event" else None,
        facts=facts_of(request, address) if create else {},
    )


def _kind(invocation: Invocation) -> Kind:
    if invocation.operation == "update":
        return "update"
    if invocation.operation == "release":
        return "end"
    return "event" if invocation.request.one_time_event else "initial"


def wanted(usage: MultipleUnitUsage) -> int | None:
    """Bytes asked for; None leaves it to us, 0 asks for nothing.

    free5GC sends an empty requestedUnit with what is charged offline too: that asks for nothing,
    and an answer to it would stop the gateway's reports.
    """
    if usage.requested_unit is None:
        return 0
    volume = volume_of(usage.requested_unit)
    return 0 if volume is None and _all_offline(usage.containers) else volume


def _all_offline(containers: tuple[UsedUnitContainer, ...]) -> bool:
    return bool(containers) and all(
        container.quota_management_indicator == "OFFLINE_CHARGING" for container in containers
    )


def _asks(request: ChargingDataRequest, kind: Kind) -> tuple[Ask, ...]:
    """One Ask for each rating group; what several UPFs say of one group is added up."""
    asks: dict[int, Ask] = {}
    for usage in request.multiple_unit_usage or ():
        ask = _of_event(usage, request) if kind == "event" else _of_session(usage, kind)
        before = asks.get(usage.rating_group)
        asks[usage.rating_group] = _together(before, ask) if before else ask
    return tuple(asks.values())


def _of_session(usage: MultipleUnitUsage, kind: Kind) -> Ask:
    return Ask(
        rating_group=usage.rating_group,
        used=_used(usage, online=True),
        recorded=_used(usage, online=False),
        asks=0 if kind == "end" else wanted(usage),
        ends=kind == "update" and usage.requested_unit is None and _over(usage.containers),
    )


def _of_event(usage: MultipleUnitUsage, request: ChargingDataRequest) -> Ask:
    """IEC is debited before the service is given and may be refused; PEC has been used already."""
    used = _used(usage, online=True)
    recorded = _used(usage, online=False)
    if request.one_time_event_type == "PEC":
        return Ask(rating_group=usage.rating_group, used=used, recorded=recorded)
    amount = _most(used + (wanted(usage) or 0))
    return Ask(rating_group=usage.rating_group, asks=amount, recorded=recorded)


def _together(one: Ask, other: Ask) -> Ask:
    unsized = one.asks is None or other.asks is None
    return Ask(
        rating_group=one.rating_group,
        used=_most(one.used + other.used),
        recorded=_most(one.recorded + other.recorded),
        asks=None if unsized else _most((one.asks or 0) + (other.asks or 0)),
        # While the group goes on at another UPF, it is not over.
        ends=one.ends and other.ends,
    )


def _most(volume: int) -> int:
    """What the ledger can count; no gateway reports 8 EiB of one rating group in one request."""
    return min(volume, VOLUME_MAX)


def _used(usage: MultipleUnitUsage, *, online: bool) -> int:
    return sum(
        volume_of(container) or 0
        for container in usage.containers
        if _online(container.quota_management_indicator) is online
    )


def _online(indicator: str | None) -> bool:
    """OFFLINE_CHARGING and QUOTA_MANAGEMENT_SUSPENDED are only recorded (TS 32.290, 5.4.6)."""
    return indicator is None or indicator == "ONLINE_CHARGING"


def _over(containers: tuple[UsedUnitContainer, ...]) -> bool:
    """Whether the last report of a rating group is among these."""
    return any(
        trigger.trigger_type in _ENDS_PART
        for container in containers
        for trigger in container.triggers or ()
    )


def facts_of(request: ChargingDataRequest, address: str) -> dict[str, Any]:
    """What is kept with the session: how to call the gateway back, and what a record shows."""
    info = request.pdu_session_charging_information or PDUSessionChargingInformation()
    session = info.pdu_session_information
    facts: dict[str, Any] = {
        "door": "nchf",
        "notify": notify_uri(request),
        "peer": _peer(request.nf_consumer_identification) or address,
        "apn": _text(session.dnn_id) if session else None,
        "rat": _text(session.rat_type) if session else None,
        "network": next(_networks(request, info), None),
        "charging_id": _charging_id(info.charging_id),
        "upf": {
            str(usage.rating_group): _text(usage.upf_id)
            for usage in request.multiple_unit_usage or ()
            if usage.upf_id
        },
    }
    return {name: value for name, value in facts.items() if value not in (None, "", {})}


def notify_uri(request: ChargingDataRequest) -> str | None:
    """Where the gateway wants to be called; None where that is no http or https address."""
    uri = request.notify_uri or ""
    usable = uri.lower().startswith(("http://", "https://")) and uri.isprintable()
    return uri if usable and len(uri) <= 2048 else None


def _peer(gateway: NFIdentification) -> str | None:
    names = (
        gateway.nf_name,
        gateway.nf_fqdn,
        gateway.nf_ipv4_address,
        gateway.nf_ipv6_address,
    )
    return next((_text(name) for name in names if name), None)


def _networks(request: ChargingDataRequest, info: PDUSessionChargingInformation) -> Iterator[str]:
    """Serving networks that the request names, the closest to the subscriber first."""
    location, session = info.user_locationinfo, info.pdu_session_information
    cells = (location.nr_location, location.eutra_location) if location else ()
    plmns: list[PlmnId | None] = [cell.tai.plmn_id for cell in cells if cell and cell.tai]
    plmns.append(session.serving_cn_plmn_id if session else None)
    plmns.append(request.nf_consumer_identification.nf_plmn_id)
    for plmn in plmns:
        code = plmn.mcc + plmn.mnc if plmn else ""
        if code.isascii() and code.isdecimal() and len(code) in (5, 6):
            yield code


def _charging_id(id_: int | str | None) -> str | int | None:
    return _text(id_) if isinstance(id_, str) else id_


def _text(value: str | None) -> str | None:
    """As a record can hold it: PostgreSQL's text knows no NUL, and nobody reads a novel here."""
    if value is None:
        return None
    return "".join(sign for sign in value[:FACT_CHARACTERS_MAX] if sign.isprintable())
