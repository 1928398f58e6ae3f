"""Stripe's notifications: who sent them, and what they say.

https://docs.stripe.com/webhooks#verify-manually
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import stripe

from eka.gateways.payments.stripe import objects, reports
from eka.gateways.payments.stripe.objects import Event
from eka.gateways.payments.stripe.settings import StripeSettings
from eka.gateways.payments.terms import NotAuthentic, Notice, NoticeUnreadable
from eka.rules.units import BadValue

BODY_MAX = 512 * 1024
AGE_MAX_S = 300  # and as much ahead, should the clocks differ
HEADER = "stripe-signature"

Report = dict[str, Any]  # one of Notice's reports under its name


def read(
    headers: Mapping[str, str], body: bytes, now: datetime, settings: StripeSettings
) -> Notice:
    """The content of an authentic notification. Raises NotAuthentic, NoticeUnreadable."""
    verify(headers.get(HEADER, ""), body, now, settings.secrets)
    try:
        event = msgspec.json.decode(body, type=Event)
        reader = READERS.get(event.type)
        report = reader(event, settings) if reader else {}
    except (msgspec.DecodeError, BadValue, OverflowError) as error:
        raise NoticeUnreadable(str(error)) from None
    return Notice(event=event.id, kind=event.type, **report)


def verify(signature: str, body: bytes, now: datetime, secrets: tuple[str, ...]) -> None:
    """Raises NotAuthentic unless one of the secrets signed the body within the last minutes."""
    if len(body) > BODY_MAX:
        raise NotAuthentic("too large to be Stripe's")
    if not any(_signed(signature, body, secret) for secret in secrets):
        raise NotAuthentic("not signed by Stripe for this endpoint")
    if abs(int(now.timestamp()) - _sent_at(signature)) > AGE_MAX_S:
        raise NotAuthentic("signed too long ago, or by a clock ahead of ours")


def _signed(signature: str, body: bytes, secret: str) -> bool:
    try:
        # Without a tolerance: the library would ask the machine for the time.
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeError, TypeError):
        return False  # also for bytes that no honest signature or event has
    return True


def _sent_at(signature: str) -> int:
    """The time that the library checked: the first `t`. Raises NotAuthentic."""
    for item in signature.split(","):
        name, _, value = item.partition("=")
        if name == "t" and value.isdecimal() and len(value) <= 12:
            return int(value)
        if name == "t":
            break
    raise NotAuthentic("its time is not one")


def _session(event: Event, settings: StripeSettings) -> Report:
    session = msgspec.json.decode(event.data.object, type=objects.Session)
    report = reports.of_session(session, _whom(event, settings), at=reports.instant(event.created))
    if event.type == "checkout.session.async_payment_failed":
        report = msgspec.structs.replace(report, status="failed")
    return {"payment": report}


def _intent(event: Event, settings: StripeSettings) -> Report:
    intent = msgspec.json.decode(event.data.object, type=objects.Intent)
    whom = _whom(event, settings)
    return {"payment": reports.of_intent(intent, whom, at=reports.instant(event.created))}


def _refund(event: Event, settings: StripeSettings) -> Report:
    refund = msgspec.json.decode(event.data.object, type=objects.Refund)
    return {"refund": reports.of_refund(refund)}


def _dispute(event: Event, settings: StripeSettings) -> Report:
    dispute = msgspec.json.decode(event.data.object, type=objects.Dispute)
    return {"dispute": reports.of_dispute(dispute)}


def _whom(event: Event, settings: StripeSettings) -> str:
    return settings.named(live=event.livemode, account=event.account)


# `charge.refunded` says of a charge how much of it was given back, not by which refund; the events
# of refunds do, so it is only news.
READERS: dict[str, Callable[[Event, StripeSettings], Report]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
}
