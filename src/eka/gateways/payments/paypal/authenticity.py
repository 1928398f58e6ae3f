"""Whether a notification comes from PayPal, to us, and not too long ago.

PayPal signs `transmission id|time|webhook id|CRC-32 of the body`, with RSA and SHA-256. The CRC is
no cryptographic sum: who has overheard one notification can write another body for it. What is
about to be credited must therefore be what the order says when it is asked for.

PayPal sends an event again for three days under the transmission's first id and time, so that only
older ones are stale. A replay within that time has an event's number that is known already.
"""

import base64
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from eka.gateways.payments.paypal.certificates import Allowance, Certificates
from eka.gateways.payments.paypal.webhooks import Webhooks
from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable, NotAuthentic
from eka.rules.instants import parse_instant

AGE_MAX = timedelta(days=4)  # three days of retries, and a day for queues and clocks
AHEAD_MAX = timedelta(minutes=5)
ALGORITHM = "SHA256withRSA"


class Transmission(Struct, frozen=True):
    """What PayPal says of one notification, in its headers."""

    id: str
    time: str
    cert_url: str
    signature: bytes

    def signed(self, webhook_id: str, body: bytes) -> bytes:
        """The text that PayPal signed, if it was for this webhook."""
        return f"{self.id}|{self.time}|{webhook_id}|{zlib.crc32(body)}".encode()


class Authenticity:
    """The judge of one account's notifications."""

    def __init__(
        self, certificates: Certificates, webhooks: Webhooks, allowance: Allowance
    ) -> None:
        self._certificates, self._webhooks = certificates, webhooks
        self._allowance = allowance

    def insist(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raises NotAuthentic, or GatewayUnavailable while it cannot be judged."""
        said = transmission(headers, now)
        key = self._certificates.key(said.cert_url, now)
        if self._is_ours(said, key, body):
            return
        if not self._learned(now) or not self._is_ours(said, key, body):
            raise NotAuthentic("the signature is not PayPal's, or not for us")

    def _is_ours(self, said: Transmission, key: RSAPublicKey, body: bytes) -> bool:
        return any(
            _signed(key, said.signature, said.signed(webhook_id, body))
            for webhook_id in self._webhooks.ids
        )

    def _learned(self, now: datetime) -> bool:
        """Another process may have registered a webhook that this one does not know yet."""
        if self._webhooks.configured or not self._allowance.take(now):
            return False
        try:
            self._webhooks.learn()
        except GatewayRefused as error:
            raise GatewayUnavailable("PayPal does not tell its webhooks") from error
        return True


def transmission(headers: Mapping[str, str], now: datetime) -> Transmission:
    """What the headers say, if it is all there and fresh at `now`. Raises NotAuthentic."""
    try:
        if headers["paypal-auth-algo"] != ALGORITHM:
            raise NotAuthentic("the algorithm is not PayPal's")
        said = Transmission(
            headers["paypal-transmission-id"],
            headers["paypal-transmission-time"],
            headers["paypal-cert-url"],
            base64.b64decode(headers["paypal-transmission-sig"], validate=True),
        )
        age = now - parse_instant(said.time)
    except (KeyError, ValueError) as error:
        raise NotAuthentic("PayPal's headers are missing or not understood") from error
    if not -AHEAD_MAX <= age <= AGE_MAX:
        raise NotAuthentic("the notification is too old, or from the future")
    return said


def _signed(key: RSAPublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
