"""eSIM Access's notifications: who sent them, and what they say.

The docs promise neither a signature nor retries, only a list of the senders' addresses, and
`notifyId` to know a repetition by. So a notification is authentic where it came to the address
whose secret last part only eSIM Access was told (`notice_token`; the web puts it into
`TOKEN_HEADER`), or where it is signed as our own requests are. A signature that is there has to be
right, whatever else is.

What is in it is a hint: usage and orders are asked for before they are believed, and a profile's
step is what `progress` would answer, only sooner.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from eka.gateways.suppliers.esimaccess.messages import iccid, instant, step
from eka.gateways.suppliers.esimaccess.settings import TOKEN_HEADER, EsimAccessSettings
from eka.gateways.suppliers.esimaccess.signing import SIGNATURE, is_signed
from eka.gateways.suppliers.terms import NotAuthentic, Notice, NoticeUnreadable, Progress
from eka.rules.units import BadValue

ABOUT_USAGE = ("DATA_USAGE", "VALIDITY_USAGE")
ABOUT_PROFILES = ("SMDP_EVENT", "ESIM_STATUS")
# What an ESIM_STATUS tells of the data on the profile, rather than of the profile.
USAGE_STATUSES = ("USED_UP", "USED_EXPIRED", "SUSPENDED")
DONE = "Executed-Success"


class _Content(Struct, rename="camel"):
    order_no: str | None = None
    transaction_id: str | None = None
    iccid: str | None = None
    eid: str | None = None
    esim_status: str | None = None
    smdp_status: str | None = None
    timestamp: str | None = None
    notify_status: str | None = None


class _Envelope(Struct, rename="camel"):
    notify_type: str
    content: _Content
    notify_id: str | None = None
    event_generate_time: str | None = None


def read_notice(
    settings: EsimAccessSettings, headers: Mapping[str, str], body: bytes, now: datetime
) -> Notice:
    """The content of a notification. Raises NotAuthentic, NoticeUnreadable."""
    _check(settings, headers, body, now)
    try:
        return _meaning(msgspec.json.decode(body, type=_Envelope), body)
    except (msgspec.MsgspecError, BadValue, UnicodeDecodeError) as error:
        raise NoticeUnreadable("a notification of eSIM Access's is not understood") from error


def _check(
    settings: EsimAccessSettings, headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    signed = SIGNATURE.lower() in headers
    if signed and not is_signed(settings.access_code, settings.secret_key, headers, body, now):
        raise NotAuthentic("the notification was not signed by eSIM Access, or at another time")
    if settings.notice_token:
        said = headers.get(TOKEN_HEADER, "").encode()
        if not hmac.compare_digest(said, settings.notice_token.encode()):
            raise NotAuthentic("the notification did not come to the address that only it knows")
    elif not signed:
        raise NotAuthentic("the notification is not signed, and there is no notice_token")


def _meaning(envelope: _Envelope, body: bytes) -> Notice:
    kind, content = envelope.notify_type, envelope.content
    event = envelope.notify_id or hashlib.sha256(body).hexdigest()
    if kind == "ORDER_STATUS":
        order = content.transaction_id or content.order_no or ""
        return Notice(event=event, kind=kind, order=order)
    told_of_usage = kind == "ESIM_STATUS" and content.esim_status in USAGE_STATUSES
    if kind in ABOUT_USAGE or told_of_usage:
        return Notice(event=event, kind=kind, usage=iccid(content.iccid))
    if kind in ABOUT_PROFILES:
        return Notice(event=event, kind=kind, progress=_progress(envelope))
    return Notice(event=event, kind=kind)


def _progress(envelope: _Envelope) -> Progress | None:
    content = envelope.content
    event = step(content.esim_status or "", content.smdp_status)
    if event is None:
        return None
    at = content.timestamp or envelope.event_generate_time
    said = content.notify_status or DONE
    return Progress(
        iccid=iccid(content.iccid),
        event=event,
        at=instant(at) if at else None,
        eid=content.eid or "",
        failed="" if said == DONE else said,
    )
