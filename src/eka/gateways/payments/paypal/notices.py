"""What an authentic notification tells."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from eka.gateways.payments.paypal import reports
from eka.gateways.payments.paypal.shapes import Capture, Dispute, Order, Refund, VaultToken
from eka.gateways.payments.terms import Notice, NoticeUnreadable
from eka.rules.units import BadValue


class _Event(Struct):
    """The envelope that every event comes in."""

    id: str
    event_type: str
    resource: Raw = Raw(b"null")


class _Telling(Struct, frozen=True):
    """How the resource of a kind of event is read, and which report of a notice it becomes."""

    field: str
    shape: type[Any]
    means: Callable[[Any], Any]


_ORDER = _Telling("payment", Order, reports.payment_of_order)
_CAPTURE = _Telling("payment", Capture, reports.payment_of_capture)
_REFUND = _Telling("refund", Refund, reports.refund_of)
_DISPUTE = _Telling("dispute", Dispute, reports.dispute_of)

# Other kinds are news that Eka does nothing with.
KINDS: dict[str, _Telling] = {
    "CHECKOUT.ORDER.APPROVED": _ORDER,
    "CHECKOUT.ORDER.COMPLETED": _ORDER,
    "PAYMENT.CAPTURE.COMPLETED": _CAPTURE,
    "PAYMENT.CAPTURE.PENDING": _CAPTURE,
    "PAYMENT.CAPTURE.DECLINED": _CAPTURE,
    "PAYMENT.CAPTURE.DENIED": _CAPTURE,
    "PAYMENT.CAPTURE.REFUNDED": _REFUND,
    "PAYMENT.CAPTURE.REVERSED": _Telling("dispute", Refund, reports.reversal_of),
    "PAYMENT.REFUND.PENDING": _REFUND,
    "PAYMENT.REFUND.COMPLETED": _REFUND,
    "PAYMENT.REFUND.FAILED": _REFUND,
    "CUSTOMER.DISPUTE.CREATED": _DISPUTE,
    "CUSTOMER.DISPUTE.UPDATED": _DISPUTE,
    "CUSTOMER.DISPUTE.RESOLVED": _DISPUTE,
    "VAULT.PAYMENT-TOKEN.CREATED": _Telling("payment", VaultToken, reports.payment_that_saved),
}


def notice_of(body: bytes) -> Notice:
    """The content of an authentic notification. Raises NoticeUnreadable."""
    try:
        event = msgspec.json.decode(body, type=_Event)
        notice = Notice(event=event.id, kind=event.event_type)
        telling = KINDS.get(event.event_type)
        if telling is None:
            return notice
        resource = msgspec.json.decode(event.resource, type=telling.shape)
        return msgspec.structs.replace(notice, **{telling.field: telling.means(resource)})
    except (msgspec.DecodeError, BadValue) as error:
        raise NoticeUnreadable("PayPal's event is not understood") from error
