"""PayPal's server: orders v2, payments v2, vault v3, webhooks v1, reporting v1, disputes v1.

`server` is what the outside sees. Behind it: `orders`, `money` (captures, refunds, the list of
them), `disputes`, `vault`, `news` (events to webhooks), `seal` (keys and signatures) and `wire`
(documents, amounts and refusals in PayPal's form).
"""

from eka.gateways.payments.sandbox.paypal.server import PayPalSandbox

__all__ = ["PayPalSandbox"]
