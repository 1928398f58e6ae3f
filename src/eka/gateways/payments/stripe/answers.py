"""What an answer of Stripe's API means: done, refused, or not known."""

import contextlib
from collections.abc import Iterator

import msgspec
import stripe

from eka.gateways.payments.terms import GatewayError, GatewayRefused, GatewayUnavailable
from eka.rules.units import BadValue

# All else (a conflict of two requests with one key, too many requests, faults of Stripe's) leaves
# open what was done.
DEFINITE = (400, 401, 402, 403, 404)


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Raises GatewayUnavailable or GatewayRefused in place of the library's exceptions.

    Theirs hold the whole request and answer, so they are not chained to ours.
    """
    try:
        yield
    except stripe.StripeError as error:
        raise meaning(error) from None
    except (msgspec.ValidationError, BadValue):
        raise GatewayUnavailable("Stripe's answer is not understood") from None


def meaning(error: stripe.StripeError) -> GatewayError:
    """What to raise in place of the library's exception."""
    if isinstance(error, stripe.APIConnectionError):
        return GatewayUnavailable("Stripe does not answer")
    if isinstance(error, stripe.RateLimitError):
        return GatewayUnavailable("Stripe is asked too often")
    if error.http_status not in DEFINITE or not isinstance(error.json_body, dict):
        return GatewayUnavailable(f"Stripe answers {error.http_status}")
    said = error.json_body.get("error", {})
    code = str(said.get("code") or said.get("type") or error.http_status)
    # The message of a wrong key repeats the ends of the key.
    return GatewayRefused(code, "" if error.http_status == 401 else str(error.user_message or ""))
