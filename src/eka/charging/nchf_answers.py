"""From a charging answer to the HTTP answer of Nchf (TS 32.291, 6.1.6.2.1.2 and 6.1.7).

What is refused at a Create is refused for each rating group, inside a 201: the session stands, the
gateway blocks those groups only and keeps the others, and may ask again after a top-up. A 403 would
make it tear down the whole PDU session, although a line without data may still have free services.
A one-time event has no session to keep; so it is refused as a whole, with 403.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from eka.charging.nchf_requests import wanted
from eka.charging.requests import ChargingAnswer, FinalUnit, Part
from eka.wire.nchf import problems
from eka.wire.nchf.problems import JSON, Reply, problem
from eka.wire.nchf.routing import ROOT, Invocation
from eka.wire.nchf.types import (
    ChargingDataResponse,
    FinalUnitIndication,
    GrantedUnit,
    MultipleUnitInformation,
    MultipleUnitUsage,
    RedirectServer,
    Trigger,
)

_RESULT_CODES = {
    "success": "SUCCESS",
    "limit_reached": "QUOTA_LIMIT_REACHED",
    "not_active": "END_USER_SERVICE_DENIED",
    "unknown_session": "RATING_FAILED",
}
_ACTIONS = {"terminate": "TERMINATE", "redirect": "REDIRECT", "restrict": "RESTRICT_ACCESS"}
_AUTHORITY = re.compile(r"[A-Za-z0-9.:_\-\[\]]{1,255}\Z")


def reply(
    invocation: Invocation, answer: ChargingAnswer, final_unit: FinalUnit, base: str, now: datetime
) -> Reply:
    """The HTTP answer; `base` is what the gateway calls us (see `base_of`), `now` our time."""
    if answer.result != "success":
        return refusal(answer)
    if invocation.operation == "release":
        return Reply(204)
    response = ChargingDataResponse(
        invocation_time_stamp=now.isoformat(timespec="milliseconds"),
        invocation_sequence_number=invocation.request.invocation_sequence_number or 0,
        multiple_unit_information=_information(invocation, answer, final_unit) or None,
    )
    body = msgspec.json.encode(response)
    if invocation.operation == "update":
        return Reply(200, (("content-type", JSON),), body)
    # free5GC takes the last segment of the path for the ref.
    location = f"{base}{ROOT}/{invocation.ref}"
    return Reply(201, (("content-type", JSON), ("location", location)), body)


def refusal(answer: ChargingAnswer) -> Reply:
    """A request that was not carried out. CHARGING_FAILED is 400 in TS 32.291, table 6.1.7.3-1:
    5xx would invite a repeat, or another charging function, and neither would help."""
    if answer.result == "unknown_subscriber":
        return problem(404, "USER_UNKNOWN")
    if answer.result == "unknown_session":
        return problem(404, "CONTEXT_NOT_FOUND")
    if answer.result == "denied":
        return problem(403, "QUOTA_LIMIT_REACHED")
    if answer.result == "busy":
        return problems.busy()
    return problem(400, "CHARGING_FAILED")


def base_of(scheme: str, authority: str) -> str:
    """Scheme and authority as the gateway wrote them; empty where they make no absolute URI."""
    if scheme in ("http", "https") and _AUTHORITY.match(authority):
        return f"{scheme}://{authority}"
    return ""


def _information(
    invocation: Invocation, answer: ChargingAnswer, final_unit: FinalUnit
) -> tuple[MultipleUnitInformation, ...]:
    """What is said of each rating group that was asked for, or that something is wrong with."""
    usages = [(usage, wanted(usage)) for usage in invocation.request.multiple_unit_usage or ()]
    parts = {part.rating_group: part for part in answer.parts}
    return tuple(
        _of_usage(usage, part, share, final_unit)
        for usage, size, share in _shares(usages, parts)
        if (part := parts.get(usage.rating_group)) is not None
        and (size != 0 or part.result != "success")
    )


def _shares(
    usages: list[tuple[MultipleUnitUsage, int | None]], parts: Mapping[int | None, Part]
) -> Iterator[tuple[MultipleUnitUsage, int | None, int | None]]:
    """What each UPF gets of its rating group's grant: what it asked, as far as that goes.

    Whoever left the size to us shares what is left with those who come after it. The last one gets
    the rest, which is the whole grant where a rating group is at one UPF only.
    """
    left = {group: part.granted for group, part in parts.items()}
    asking = Counter(usage.rating_group for usage, size in usages if size != 0)
    for usage, size in usages:
        rest = left.get(usage.rating_group)
        if rest is None or size == 0:
            yield usage, size, None
            continue
        waiting = asking[usage.rating_group]
        share = rest if waiting == 1 else min(rest, rest // waiting if size is None else size)
        asking[usage.rating_group] -= 1
        left[usage.rating_group] = rest - share
        yield usage, size, share


def _of_usage(
    usage: MultipleUnitUsage, part: Part, granted: int | None, final_unit: FinalUnit
) -> MultipleUnitInformation:
    final = part.final and granted is not None
    return MultipleUnitInformation(
        rating_group=usage.rating_group,
        result_code=_RESULT_CODES[part.result],
        granted_unit=None if granted is None else GrantedUnit(total_volume=granted),
        triggers=_triggers(part),
        validity_time=part.validity,
        final_unit_indication=_final(final_unit) if final else None,
        volume_quota_threshold=_threshold(part, granted),
        upf_id=usage.upf_id,
    )


def _threshold(part: Part, granted: int | None) -> int | None:
    """Not above the grant itself, where several UPFs share it."""
    return None if part.threshold is None or granted is None else min(part.threshold, granted)


def _triggers(part: Part) -> tuple[Trigger, ...]:
    """When to report at once (TS 32.255, 5.2.1.4).

    free5GC heeds a quota, a validity or a threshold only beside its trigger; it needs
    QUOTA_EXHAUSTED even where nothing is granted, to stop the traffic.
    """
    types = ["QUOTA_EXHAUSTED"]
    if part.validity is not None:
        types.append("VALIDITY_TIME")
    if part.threshold is not None:
        types.append("QUOTA_THRESHOLD")
    return tuple(
        Trigger(trigger_type=type_, trigger_category="IMMEDIATE_REPORT") for type_ in types
    )


def _final(final_unit: FinalUnit) -> FinalUnitIndication:
    redirect = final_unit.action == "redirect"
    return FinalUnitIndication(
        final_unit_action=_ACTIONS[final_unit.action],
        redirect_server=RedirectServer(
            redirect_address_type="URL", redirect_server_address=final_unit.redirect_to
        )
        if redirect
        else None,
    )
