"""Stripe: cards, Link, Apple Pay and Google Pay, on Stripe's own pages (hosted Checkout).

A payment is a Checkout Session, found by its id (`cs_...`) or by our number, which it carries as
`client_reference_id` and in its metadata. The money's movement is the PaymentIntent (`pi_...`): it
is what a session, a charge, a refund, a dispute and the daily list have in common, so it is the
`transaction` of every report, and the same money reported twice can be told.

Which methods a page offers is chosen in Stripe's dashboard. A method that takes days reports
`pending` until its money is there.
"""

from eka.gateways.payments.stripe.gateway import StripeGateway
from eka.gateways.payments.stripe.settings import StripeSettings

__all__ = ["StripeGateway", "StripeSettings"]
