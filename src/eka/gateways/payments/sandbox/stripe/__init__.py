"""A Stripe of Eka's own: hosted Checkout, saved cards, refunds, disputes, balance, webhooks.

Where Stripe has its endpoints from the dashboard, this one sends an object's events to the
`notify_url` in the object's metadata, signed with the secret in `settings()`; endpoints registered
by `POST /v1/webhook_endpoints` get every event, signed with the secret of their own.

A page's acts: `fail` is a declined card, after which the payer may try another one. `approve` is a
method that takes days: the page is complete and nothing is paid until `pay` or `fail`. Kept cards
are declined when their year has passed (`POST /v1/payment_methods/ID`, `card[exp_year]`), and
Stripe's test methods such as `pm_card_chargeDeclined` always.
"""

from eka.gateways.payments.sandbox.stripe.server import StripeSandbox

__all__ = ["StripeSandbox"]
