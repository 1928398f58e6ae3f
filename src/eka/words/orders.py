"""Orders in words: their states, what is in them, how they are paid, what happened, what cannot be.

Codes and figures are those of `rules.orders`, of an order's story and of the use cases' refusals.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from eka.rules.baskets import AddOnItem, Item, NewLineItem, RenewalItem, TopUpItem
from eka.rules.lines import Unable
from eka.rules.units import Money
from eka.words import names
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

STATES = {
    "quoted": N_("Not ordered yet"),
    "awaiting_payment": N_("Waiting for payment"),
    "paid": N_("Paid"),
    "fulfilling": N_("Being delivered"),
    "fulfilled": N_("Delivered"),
    "expired": N_("Not paid in time"),
    "cancelled": N_("Cancelled"),
    "refunding": N_("Being refunded"),
    "refunded": N_("Refunded"),
    "disputed": N_("Payment disputed"),
}

# What each state means for the buyer: what happened, whether money or data moved, what to do now.
MEANINGS = {
    "quoted": N_("Nothing has been charged. What you see holds until {deadline}."),
    "awaiting_payment": N_("Nothing has been charged yet. Please pay by {deadline}."),
    "paid": N_("Your money has arrived. What you bought is being made ready; it takes seconds."),
    "fulfilling": N_("Your money has arrived. What you bought is being made ready."),
    "fulfilled": N_("Your money has arrived, and what you bought is there."),
    "expired": N_(
        "No money had arrived by {deadline}, so the order was closed and no data has moved. Money "
        "that comes within a day still pays for it; later it goes back to you by itself."
    ),
    "cancelled": N_(
        "You gave this order up. No data has moved. Should money still come for it, all of it "
        "goes back to you by itself."
    ),
    "refunding": N_(
        "{back} is on its way back to where it came from. What this order had brought was taken "
        "back. Banks may need a few days to show it."
    ),
    "refunded": N_("{back} went back to where it came from. What this order had brought is gone."),
    "disputed": N_(
        "The bank is asking for this payment back. Until it has decided, the line is paused and "
        "its data is kept. If it was not you who asked for that, write to us with the order number."
    ),
}

EVENTS = {
    "quoted": N_("Price and effect were worked out"),
    "placed": N_("You placed the order"),
    "payment_begun": N_("A payment by {gateway} was begun"),
    "payment_failed": N_("The payment did not succeed"),
    "payment_mismatch": N_("A payment came that is not what was asked for; we are looking at it"),
    "paid": N_("Your money arrived"),
    "taken_up": N_("Delivery began"),
    "fulfilled": N_("Everything was delivered"),
    "expired": N_("The time to pay ran out"),
    "cancelled": N_("The order was cancelled"),
    "surplus": N_("{amount} came that this order did not need; it goes back"),
    "refund_asked": N_("{amount} is to go back"),
    "part_refund_asked": N_("{amount} is to go back"),
    "refunded": N_("The money went back"),
    "part_refunded": N_("{amount} went back"),
    "refund_failed": N_("{amount} could not be sent back; we are sending it another way"),
    "disputed": N_("The bank asked for the payment back"),
    "dispute_won": N_("The bank decided that the payment stands"),
    "dispute_won_undelivered": N_("The bank decided that the payment stands"),
    "dispute_lost": N_("The bank took the payment back"),
}

GATEWAYS = {
    "stripe": N_("Bank card"),
    "paypal": N_("PayPal"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "wallet": N_("Wallet"),
    "link": N_("A link to pay"),
}

# On whose page one pays, where that is called something else.
HOSTS = {"stripe": N_("Stripe")}

WAYS = {
    "page": N_("on the page of {host}"),
    "qr": N_("by scanning a code with your phone"),
    "phone": N_("in the app on this phone"),
    "inside": N_("here in WeChat"),
}

# Why gateways say that a payment failed, as far as their words are known.
FAILURES = {
    "card_declined": N_("The bank declined the card."),
    "generic_decline": N_("The bank declined the card."),
    "insufficient_funds": N_("There was not enough money on the card."),
    "expired_card": N_("The card has expired."),
    "authentication_required": N_("The bank wants you to confirm the payment yourself."),
    "INSTRUMENT_DECLINED": N_("PayPal could not charge the card or account that you chose."),
}

PROMOTION_REASONS = {
    "no_such_code": N_("we know no such code"),
    "not_yet": N_("it has not begun yet"),
    "over": N_("it is over"),
    "out_of_season": N_("it does not hold on this day"),
    "not_first_purchase": N_("it is for a first purchase only"),
    "not_referred": N_("it is for those who were invited by somebody"),
    "not_for_these": N_("it is not for what is in this order"),
    "currency": N_("it does not hold in this currency"),
    "below_minimum": N_("the order is too small for it"),
    "used_by_you": N_("you have used it as often as one may"),
    "used_up": N_("others have used it up"),
    "budget_spent": N_("others have used it up"),
    "does_not_stack": N_("it does not go together with what you get already, which is worth more"),
    "nothing_left": N_("there is nothing left to take off"),
}

# Why something is not sold, a payment not begun, money not given back.
REFUSALS = {
    "how_many": N_("One order holds at most {most} things."),
    "currency": N_("We do not sell in {currency}."),
    "no_such_line": N_("This line is not one of yours."),
    "no_such_plan": N_("This plan is not sold any more."),
    "no_price": N_("This plan has no price in {currency}. Choose another currency."),
    "times": N_("At most {most} periods can be bought at once."),
    "no_such_top_up": N_("This top-up is not sold any more."),
    "not_deliverable": N_("This plan cannot be delivered at the moment. Choose another."),
    "not_sold_for_this_esim": N_("The network of your eSIM sells no such data. Choose another."),
    "amount": N_("This is not an amount that can be charged."),
    "not_this_way": N_("This order cannot be paid in this way. Choose another."),
    "not_free": N_("This order costs something: choose how to pay."),
    "wallet_from_wallet": N_("A wallet cannot be filled from itself. Choose another way to pay."),
    "no_such_method": N_("This saved method is not there any more. Choose another."),
    "promotion_gone": N_(
        "The promotion that this order was promised has been used up or has ended. "
        "Ask for the price again."
    ),
    "out_of_stock": N_("This plan has just sold out."),
    "not_enough": N_("Your wallet holds {balance}, which is not enough."),
    "unavailable": N_("{gateway} does not answer at the moment. Try again, or pay another way."),
    "refused": N_("{gateway} did not accept this payment ({code}). Try another way."),
    "no_such_gateway": N_("This shop does not take money this way. Choose another."),
    "moved_on": N_("Meanwhile this order has gone on: it is now “{state}”."),
    "pin_unset": N_("You have not set a payment PIN yet. Set one in your wallet."),
    "given_back": N_("All of the money has gone back already."),
    "too_late": N_("The days in which money goes back are over."),
    "used": N_("All that this order brought has been used."),
    "too_much": N_("Meanwhile more was used, and less can go back. Look at the new amount."),
    "spent": N_("The money has been spent from the wallet already."),
    "closed": N_("This line is closed."),
    "incomplete": N_("Something is missing from the consent."),
    "price_changed": N_("The price has changed meanwhile. Read the new text, then agree to it."),
}


def state(tongue: Tongue, of: str) -> str:
    """How an order stands, in two words."""
    return tongue.say(STATES[of])


def meaning(tongue: Tongue, of: str, *, deadline: str, back: str = "") -> str:
    """What a state means for the buyer. `deadline` and `back` (money) are texts."""
    return tongue.say(MEANINGS[of], deadline=deadline, back=back)


def event(tongue: Tongue, of: str, facts: Mapping[str, Any], currency: str) -> str:
    """What happened to an order; "" for what only machines care about."""
    if of not in EVENTS:
        return ""
    amount = facts.get("amount")
    return tongue.say(
        EVENTS[of],
        gateway=gateway(tongue, facts.get("gateway", "")),
        amount=tongue.money(Money(amount, currency)) if isinstance(amount, int) else "",
    )


def gateway(tongue: Tongue, name: str) -> str:
    """How people call a way to pay."""
    return tongue.say(GATEWAYS[name]) if name in GATEWAYS else name


def way(tongue: Tongue, name: str, by: str) -> str:
    """Where one pays, as what follows a gateway's name."""
    return tongue.say(WAYS[by], host=host(tongue, name)) if by in WAYS else ""


def host(tongue: Tongue, name: str) -> str:
    """On whose page, or in whose app, one pays."""
    return tongue.say(HOSTS[name]) if name in HOSTS else gateway(tongue, name)


def failure(tongue: Tongue, reason: str) -> str:
    """Why a payment failed, and that it cost nothing."""
    if reason in FAILURES:
        return tongue.say(FAILURES[reason])
    return tongue.say(N_("The payment did not succeed."))


def promotion_refused(tongue: Tongue, title: str, reason: str) -> str:
    """Why a promotion does not apply; `title` is its own, or the code that was typed."""
    why = tongue.say(PROMOTION_REASONS[reason]) if reason in PROMOTION_REASONS else reason
    return tongue.say(N_("“{title}” does not apply: {reason}."), title=title, reason=why)


def refusal(tongue: Tongue, code: str, figures: Mapping[str, Any]) -> str:
    """Why something was refused, and what to do; a code of an order's state says that it moved on.

    What the rules refuse for a line is told in the words of `names.refusal`.
    """
    if code in STATES:
        code, figures = "moved_on", {"state": state(tongue, code)}
    if code in REFUSALS:
        return tongue.say(REFUSALS[code], **figures)
    return names.refusal(tongue, Unable(code, **figures))


def pin_refused(tongue: Tongue, code: str, tries_left: int, locked_until: str) -> str:
    """Why a payment PIN did not open the wallet."""
    if code == "unset":
        return refusal(tongue, "pin_unset", {})
    if code == "locked":
        return tongue.say(
            N_("The PIN is locked until {when}, because it was wrong too often."), when=locked_until
        )
    return tongue.count(
        "This is not your PIN. {n} more try, then it is locked for a while.",
        "This is not your PIN. {n} more tries, then it is locked for a while.",
        tries_left,
    )


def item(tongue: Tongue, of: Item, title: str) -> str:
    """What somebody buys; `title` is its plan's."""
    match of:
        case NewLineItem():
            return tongue.say(N_("New eSIM: {plan}"), plan=title)
        case RenewalItem():
            return tongue.say(N_("Renewal: {plan}"), plan=title) + _periods(tongue, of.times)
        case TopUpItem():
            sentence = N_("{data} more data, valid for {span}")
            if not of.validity:
                sentence = N_("{data} more data")
            span = tongue.duration(of.validity) if of.validity else ""
            return tongue.say(sentence, data=tongue.data(of.data), span=span)
        case AddOnItem():
            sentence = N_("Next plan: {plan}, from the end of this period")
            if of.starts == "on_empty":
                sentence = N_("Next plan: {plan}, as soon as the data is used up")
            return tongue.say(sentence, plan=title)
    return tongue.say(N_("Money for your wallet"))


def _periods(tongue: Tongue, times: int) -> str:
    return tongue.count(", {n} period", ", {n} periods", times) if times > 1 else ""


def gifts(
    tongue: Tongue, gives: Sequence[Mapping[str, Any]], titles: Mapping[str, str]
) -> list[str]:
    """What promotions add to an item, from their plain values; `titles` are the promotions'."""
    return [
        tongue.say(
            N_("{gift} ({promotion})"),
            gift=tongue.every(_given(tongue, gift)),
            promotion=titles.get(gift["promotion"], gift["promotion"]),
        )
        for gift in gives
    ]


def _given(tongue: Tongue, gift: Mapping[str, Any]) -> list[str]:
    told = []
    if gift.get("bonus"):
        told.append(tongue.say(N_("{data} of bonus data"), data=tongue.data(gift["bonus"])))
    if gift.get("periods"):
        told.append(tongue.count("{n} period free", "{n} periods free", gift["periods"]))
    if gift.get("rollover"):
        told.append(tongue.say(N_("better rollover at this renewal")))
    return told


def remaining(tongue: Tongue, deadline: datetime, now: datetime) -> str:
    """How long there still is to pay, in whole minutes."""
    minutes = max(0, int((deadline - now).total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    if minutes < 1:
        return tongue.say(N_("less than a minute"))
    if not hours:
        return tongue.count("{n} minute", "{n} minutes", minutes)
    if not rest:
        return tongue.count("{n} hour", "{n} hours", hours)
    return tongue.every(
        [
            tongue.count("{n} hour", "{n} hours", hours),
            tongue.count("{n} minute", "{n} minutes", rest),
        ]
    )
