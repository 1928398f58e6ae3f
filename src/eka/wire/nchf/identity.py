"""Which session, whose, and which request of it: so that a repeat gets the first answer.

TS 32.290 (5.4) counts a session's requests by invocationSequenceNumber, and marks a repeat by
retransmissionIndicator. A real gateway (free5GC's SMF) leaves the number at 0 for ever, never sets
localSequenceNumber, and repeats without a mark. So the number is used where there is one, else what
the request says.
"""

import hashlib
import re
from typing import Any

import msgspec
from msgspec import Struct

from eka.wire.nchf.types import ChargingDataRequest, MultipleUnitUsage, UsedUnitContainer

SESSION = re.compile(r"nchf-[0-9a-f]{32}\Z")

# Numbers made of a request's content lie above all that 32 bits can count, and within 48 bits.
CONTENT_NUMBER_MIN = 2**32
_CONTENT_BITS = 47

_IMSI = re.compile(r"imsi-([0-9]{5,15})\Z")
_MSISDN = re.compile(r"msisdn-([0-9]{5,15})\Z")


class Subscriber(Struct, frozen=True):
    """Digits of the IMSI, or else of the MSISDN; neither where the request names nobody we know."""

    imsi: str | None = None
    msisdn: str | None = None

    @property
    def named(self) -> bool:
        return self.imsi is not None or self.msisdn is not None


def subscriber_of(request: ChargingDataRequest) -> Subscriber:
    """From subscriberIdentifier (a SUPI), else from the served GPSI."""
    supi = request.subscriber_identifier or ""
    if imsi := _IMSI.match(supi):
        return Subscriber(imsi=imsi[1])
    info = request.pdu_session_charging_information
    user = info.user_information if info else None
    for name in (supi, (user.served_gpsi if user else None) or ""):
        if msisdn := _MSISDN.match(name):
            return Subscriber(msisdn=msisdn[1])
    return Subscriber()


def session_of(create: bytes) -> str:
    """The session that this Create opens, which is also its ref: `nchf-` and 128 bits in hex.

    It is made of the body without retransmissionIndicator. A repeat of a Create whose answer was
    lost knows no ref yet; it gets the same one, from whichever process it reaches.
    """
    try:
        content = msgspec.json.decode(create, type=dict[str, Any])
        content.pop("retransmissionIndicator", None)
        create = msgspec.json.encode(content, order="deterministic")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        # A field that is not ours holds what JSON allows but Python does not, such as 1e999. Then
        # the repeat is known by its bytes only.
        pass
    return "nchf-" + hashlib.blake2b(create, digest_size=16).hexdigest()


def number_of(request: ChargingDataRequest, *, release: bool) -> int:
    """What tells an Update or a Release from the session's other requests. (A Create is number 0.)

    invocationSequenceNumber where it counts. Where it stands at 0: 2^32 plus 47 bits of a hash over
    what is reported and asked. The time of the invocation stays out of it, since a gateway that
    builds its request anew stamps it anew, and use would be debited twice. It has to come in where
    nothing else tells two honest reports of equal size apart: no container, or none with a
    localSequenceNumber or a triggerTimestamp.
    """
    if request.invocation_sequence_number:
        return request.invocation_sequence_number
    usages = sorted(request.multiple_unit_usage or (), key=_place)
    told = any(_marked(container) for usage in usages for container in usage.containers)
    content = (
        "release" if release else "update",
        [_content(usage) for usage in usages],
        None if told else request.invocation_time_stamp,
    )
    digest = hashlib.blake2b(msgspec.json.encode(content), digest_size=8).digest()
    return CONTENT_NUMBER_MIN + (int.from_bytes(digest, "big") >> (64 - _CONTENT_BITS))


def _place(usage: MultipleUnitUsage) -> tuple[int, str]:
    """free5GC's order of rating groups is that of a Go map: any."""
    return usage.rating_group, usage.upf_id or ""


def _marked(container: UsedUnitContainer) -> bool:
    return bool(container.local_sequence_number) or container.trigger_timestamp is not None


def _content(usage: MultipleUnitUsage) -> object:
    containers = [
        (
            container.local_sequence_number,
            container.trigger_timestamp,
            container.total_volume,
            container.uplink_volume,
            container.downlink_volume,
            container.quota_management_indicator,
        )
        for container in usage.containers
    ]
    return usage.rating_group, usage.upf_id, containers, usage.requested_unit
