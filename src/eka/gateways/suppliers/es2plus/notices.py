"""Reads what the SM-DP+ tells of a profile's way into a phone (SGP.22, 5.3.5).

Nothing in such a message is signed. Who sent it is proven by TLS alone (6.1.1), with a client
certificate, at the listener that `eka es2plus` runs; that listener says so with `CLIENT`, which no
HTTP message can carry, since a colon is no part of a header's name. Whatever comes in by another
way is not authentic.
"""

from collections.abc import Mapping

from eka.gateways.suppliers.es2plus.settings import Es2PlusSettings
from eka.gateways.suppliers.terms import NotAuthentic, Notice, NoticeUnreadable, Progress
from eka.rules.instants import format_instant
from eka.wire.es2plus import codec, codes, points
from eka.wire.es2plus.messages import DONE, ExecutionStatus, HandleDownloadProgressInfo

CLIENT = ":client-certificate"
PROVEN = "proven"


def read(settings: Es2PlusSettings, headers: Mapping[str, str], body: bytes) -> Notice:
    """Raises NotAuthentic, NoticeUnreadable."""
    if headers.get(CLIENT) != PROVEN:
        raise NotAuthentic("it did not come in where a client certificate is asked for")
    try:
        codec.check_headers(headers)
        info = codec.decode(body, HandleDownloadProgressInfo)
    except codec.Unreadable as error:
        raise NoticeUnreadable(str(error)) from error
    if settings.peer not in ("", info.header.function_requester_identifier):
        raise NotAuthentic("it is from another function requester")
    point = info.notification_point_id
    return Notice(
        event=_event(info), kind=f"{info.function} {point}", progress=_news(settings, info)
    )


def _event(info: HandleDownloadProgressInfo) -> str:
    """The same for a repeat only: some number all their calls alike, so the instant is in it."""
    call, at = info.header.function_call_identifier, format_instant(info.at)
    return f"{call}:{info.iccid}:{info.notification_point_id}:{at}"


def _news(settings: Es2PlusSettings, info: HandleDownloadProgressInfo) -> Progress | None:
    event = points.event_of(info.notification_point_id, settings.points)
    if event is None:
        return None
    return Progress(
        iccid=str(info.iccid),
        event=event,
        at=info.at,
        eid=info.eid or "",
        failed=_failure(info.notification_point_status),
    )


def _failure(status: ExecutionStatus) -> str:
    return "" if status.status in DONE else codes.told(status)
