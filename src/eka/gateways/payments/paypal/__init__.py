"""PayPal (Orders v2), spoken over plain HTTPS.

`gateway` does what `terms.PaymentGateway` says. Below it: `api` (tokens, requests, refusals),
`shapes` and `amounts` (what is on the wire), `reports` (what that means), `notices`, `authenticity`
and `certificates` (who sent a notification), `webhooks` (where they are sent), `listing` (the
transactions of a day).
"""

from eka.gateways.payments.paypal.gateway import PayPalGateway
from eka.gateways.payments.paypal.settings import PayPalSettings

__all__ = ["PayPalGateway", "PayPalSettings"]
