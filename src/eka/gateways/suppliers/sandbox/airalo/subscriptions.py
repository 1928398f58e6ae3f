"""Which notifications are wanted, and where (Notifications: opt in, opt out)."""

import httpx

from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.airalo.wire import enveloped, invalid

HEAD_PATIENCE_S = 10
KINDS = (
    *("async_orders", "webhook_low_data", "webhook_credit_limit"),
    *("email_low_data", "email_credit_limit"),
)


class Subscriptions:
    """In the records as `optin`, one of each kind."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def address(self, kind: str) -> str:
        """Where a kind of notification goes, "" where it is not wanted."""
        return str((self._records.get("optin", kind) or {"contact_point": ""})["contact_point"])

    async def opt_in(self, fields: Document) -> Document:
        """`POST notifications/opt-in`. Raises Fault where nobody answers at the address."""
        kind = _kind(fields)
        contact = str(fields.get("webhook_url") or fields.get("contact_point") or "")
        if not kind.startswith("email") and not await _is_alive(contact):
            raise invalid("webhook_url", "The webhook url must answer HEAD requests with 200.")
        notification = {"type": kind, "contact_point": contact}
        self._records.put("optin", kind, notification)
        return enveloped({"notification": notification})

    def opted_in(self, fields: Document) -> Document:
        """`GET notifications/opt-in`. Raises Fault."""
        return enveloped({"notification": self._records.get("optin", _kind(fields))})

    def opt_out(self, fields: Document) -> Document:
        """`POST notifications/opt-out`. Raises Fault."""
        self._records.drop("optin", _kind(fields))
        return enveloped([])


def _kind(fields: Document) -> str:
    kind = str(fields.get("type") or "")
    if kind not in KINDS:
        raise invalid("type", "The selected type is invalid.")
    return kind


async def _is_alive(url: str) -> bool:
    """Whether somebody answers there, as Airalo looks before it sends anything."""
    try:
        async with httpx.AsyncClient(timeout=HEAD_PATIENCE_S, trust_env=False) as client:
            return (await client.head(url)).status_code == httpx.codes.OK
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
