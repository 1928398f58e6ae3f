"""What a subscriber is told and agrees to: messages, a wallet's movements, the consent's words."""

from collections.abc import Mapping
from typing import Any

from eka.rules.instants import parse_instant
from eka.rules.units import Money
from eka.words import orders, profiles, supplies
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

MESSAGES = {
    "order_fulfilled": N_("Your order {order} is delivered."),
    "order_delayed": N_(
        "Your order {order} takes longer than usual: the network has not delivered your eSIM yet. "
        "You get it within six hours, or all of your money back by itself."
    ),
    "order_undeliverable": N_(
        "What you bought with order {order} could not be delivered. All of the money goes back."
    ),
    "refunded": N_("{amount} of order {order} went back to you."),
    "auto_renewal_agreed": N_(
        "Automatic renewal of {plan} is on: at most {amount} each time, by {method}."
    ),
    "auto_renewal_stopped": N_("Automatic renewal of {plan} is off. Nothing more is charged."),
    "auto_renewal_reminder": N_("{plan} renews soon: {amount} will be due on {charge_at}."),
    "auto_renewal_link": N_("Time to renew {plan}: {amount} is due. The link is in your orders."),
    "auto_renewal_low": N_("Your data was nearly used up, so {plan} renews now for {amount}."),
    "auto_renewal_paid": N_("{plan} has been renewed by itself: {amount} by {method}."),
    "auto_renewal_failed": N_(
        "The renewal of {plan} could not be paid by {method}. It will be tried again, or pay it "
        "yourself."
    ),
    "auto_renewal_ended": N_("Automatic renewal of {plan} has ended: {why}."),
}

ENDED = {
    "asked": N_("you stopped it"),
    "replaced": N_("you agreed to another one"),
    "price": N_("the price rose above what you agreed to"),
    "plan": N_("the line is on another plan now"),
    "closed": N_("the line is closed"),
    "unavailable": N_("the plan is not sold any more"),
    "failed": N_("no payment succeeded"),
    "lapsed": N_("the line had ended too long ago"),
}

MOVEMENTS = {
    "charge": N_("Charged by yourself"),
    "spend": N_("Paid for an order"),
    "refund": N_("Refund"),
    "gift_card": N_("Gift card"),
    "referral": N_("Thanks for inviting somebody"),
    "credit": N_("Credit from the shop"),
    "adjustment": N_("Corrected by the shop"),
}

GIFT_REFUSALS = {
    "mistyped": N_("This is not a code of ours: a character is wrong or missing. Check it."),
    "no_such_code": N_("There is no card with this code. Check it, or ask who gave it to you."),
    "too_many_tries": N_("Too many wrong codes. Wait an hour, then try again."),
    "used": N_("This card has been redeemed already."),
    "expired": N_("This card has expired."),
    "cancelled": N_("This card was cancelled by the shop."),
    "line_missing": N_("This card gives data: choose the line that it is for."),
    "not_your_line": N_("This line is not one of yours."),
    "no_such_plan": N_("The plan that this card gives is not sold any more. Write to us."),
}

WEAKNESSES = {
    "not_six_digits": N_("A PIN has six digits."),
    "one_digit": N_("A PIN of one digit only is guessed first. Choose another."),
    "run": N_("Digits in a row are guessed first. Choose another."),
    "repeated": N_("A pattern that repeats is guessed first. Choose another."),
    "date": N_("A date is guessed first. Choose another."),
}

CONSENT = (
    N_("I agree that {shop} renews “{plan}” for the line “{line}” by itself."),
    N_("Each renewal costs at most {price}. If the price rises above that, nothing is charged."),
    N_("It is paid about a day before the period ends, so that unused data carries over in time."),
    N_("I am reminded three days and one day before, and told about each payment."),
    N_("I can stop it at any time on this page. From that moment on nothing more is charged."),
)
CONSENT_BY = {
    "stripe": N_("The money comes from my card {shown}."),
    "paypal": N_("The money comes from my PayPal account {shown}."),
    "wallet": N_("The money comes from my wallet, without asking for the PIN."),
    "link": N_("I get a link to pay each time. Nothing is charged without me."),
}
CONSENT_LOW = N_("It also renews as soon as the data is nearly used up.")


def message(
    tongue: Tongue,
    event: str,
    facts: Mapping[str, Any],
    timezone: str,
    titles: Mapping[str, str],
) -> str:
    """One thing that the subscriber was told; an event of a newer version shows itself."""
    if event in supplies.MESSAGES:
        return supplies.message(tongue, event, facts, timezone, titles)
    if event in profiles.MESSAGES:
        return profiles.message(tongue, event, facts)
    if event in supplies.MESSAGES:
        return supplies.message(tongue, event, facts, timezone, titles)
    if event not in MESSAGES:
        return event
    amount, currency = facts.get("amount", facts.get("total")), facts.get("currency", "")
    due = facts.get("charge_at")
    method = orders.gateway(tongue, facts.get("method", ""))
    return tongue.say(
        MESSAGES[event],
        order=facts.get("order", ""),
        plan=titles.get(facts.get("plan", ""), facts.get("plan", "")),
        amount=tongue.money(Money(amount, currency)) if amount is not None else "",
        charge_at=tongue.instant(parse_instant(due), timezone) if due else "",
        method=" ".join(part for part in (method, facts.get("shown", "")) if part),
        why=ended(tongue, facts.get("why", "")),
    )


def ended(tongue: Tongue, why: str) -> str:
    """Why a consent ended."""
    return tongue.say(ENDED[why]) if why in ENDED else why


def movement(tongue: Tongue, kind: str, amount: int) -> str:
    """Why money moved in a wallet."""
    if kind == "refund" and amount < 0:
        return tongue.say(N_("Given back to where it came from"))
    return tongue.say(MOVEMENTS[kind]) if kind in MOVEMENTS else kind


def gift_refused(tongue: Tongue, code: str) -> str:
    """Why a gift card gave nothing."""
    return tongue.say(GIFT_REFUSALS[code]) if code in GIFT_REFUSALS else code


def weakness(tongue: Tongue, code: str) -> str:
    """Why a PIN is not taken."""
    return tongue.say(WEAKNESSES[code])


def consent(tongue: Tongue, **figures: str) -> list[str]:
    """The words to agree to: what, at which price, when, how to stop.

    `figures` are shop, plan, line and price, as texts.
    """
    return [tongue.say(part, **figures) for part in CONSENT]


def consent_by(tongue: Tongue, method: str, shown: str) -> str:
    """Where the money comes from; `shown` is the card or account as its owner knows it."""
    return tongue.say(CONSENT_BY[method], shown=shown)


def consent_low(tongue: Tongue) -> str:
    """What is agreed to beside, where the line may also renew before its period ends."""
    return tongue.say(CONSENT_LOW)
