"""What amounts Stripe takes: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""

from eka.gateways.payments.sandbox.stripe.forms import Form
from eka.gateways.payments.sandbox.stripe.refusals import Refused

SMALLEST = {
    **{"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "hkd": 400, "aud": 50, "cad": 50, "chf": 50},
    **{"sgd": 50, "nzd": 50, "mxn": 1000, "inr": 50, "thb": 1000, "dkk": 250, "pln": 200},
}
STEPS = {"isk": 100, "ugx": 100} | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 10)


def charged(form: Form, amount: tuple[str, ...], currency: tuple[str, ...]) -> tuple[int, str]:
    """The amount and currency of a payment that Stripe accepts."""
    code = form.must(*currency).lower()
    if len(code) != 3 or not code.isalpha():
        raise Refused(f"Invalid currency: {code}", "parameter_invalid", "currency")
    return accepted(form.number(*amount), code), code


def accepted(amount: int, currency: str) -> int:
    """The amount, if it can be paid."""
    if amount < SMALLEST.get(currency, 1):
        raise Refused("Amount must be at least the minimum", "amount_too_small", "amount")
    if amount > (999_999_999_999 if currency == "idr" else 99_999_999):
        raise Refused("Amount must be no more than the maximum", "amount_too_large", "amount")
    return stepped(amount, currency)


def stepped(amount: int, currency: str) -> int:
    """The amount, if the currency has it."""
    if amount % STEPS.get(currency, 1):
        raise Refused(f"Invalid amount for {currency}", "parameter_invalid", "amount")
    return amount
