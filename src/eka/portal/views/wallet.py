"""The wallet: what it holds and what moved, charging it, its PIN, gift cards."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from eka import clock
from eka.ledger import people
from eka.portal.amounts import read_amount
from eka.portal.currencies import currency_of
from eka.portal.gifts import gift_told
from eka.portal.onward import see
from eka.portal.refusals import told
from eka.portal.speech import words
from eka.portal.wishes import Wanted, order_for
from eka.rules.baskets import WalletItem
from eka.rules.lines import Unable
from eka.rules.units import Money
from eka.usecases import gift_cards, pins, wallets
from eka.usecases.buyers import of_user
from eka.usecases.gift_cards import UnableToRedeem
from eka.usecases.pins import PinTooWeak
from eka.usecases.quoting import UnableToQuote
from eka.usecases.shop import the_shop
from eka.words import notes

PER_PAGE = 20
sign_in = login_required(login_url="portal:sign-in")


@sign_in
@never_cache
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Balances, the movements of one currency, and what can be done."""
    return _show(request)


def _show(request: HttpRequest, *, status: int = 200, **typed: Any) -> HttpResponse:
    shop, own = the_shop(), _own(request)
    held = wallets.balances(own)
    asked = request.GET.get("currency", "")
    usual = currency_of(request, shop)
    currency = asked if asked in {*held, *shop.currencies} else usual
    before = request.GET.get("before", "")
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    moved = wallets.movements(own, currency, PER_PAGE + 1, last)
    page = {
        "section": "wallet",
        "balances": [Money(minor, one) for one, minor in held.items()] or [Money(0, usual)],
        "currency": currency,
        "currencies": list(dict.fromkeys([*held, *shop.currencies])),
        "charged_in": shop.currencies,
        "movements": [_movement(one, currency) for one in moved[:PER_PAGE]],
        "older": moved[PER_PAGE - 1].id if len(moved) > PER_PAGE else None,
        "newer": last is not None,
        "zone": shop.timezone,
        "has_pin": pins.is_set(own),
        "lines": people.lines_of(request.user),
        "typed": typed,
    }
    return render(request, "portal/wallet.html", page, status=status)


def _own(request: HttpRequest) -> int:
    user = request.user
    return of_user(user.pk or 0, getattr(user, "email", ""), words().language)


def _movement(one: wallets.Movement, currency: str) -> dict[str, Any]:
    return {
        "at": one.at,
        "text": notes.movement(words().tongue, one.kind, one.amount),
        "amount": Money(abs(one.amount), currency),
        "out": one.amount < 0,
        "after": Money(one.balance_after, currency),
        "order": one.order,
        "reason": one.reason,
    }


@sign_in
@require_POST
def charge(request: HttpRequest) -> HttpResponse:
    """Makes the order that puts money into the wallet."""
    shop = the_shop()
    text, currency = request.POST.get("amount", "").strip()[:20], request.POST.get("currency", "")
    amount = read_amount(text, currency) if currency in shop.currencies else None
    if amount is None:
        problem = _("This is not an amount of money. Write it like 20 or 20.50.")
        return _show(request, status=422, amount=text, charge_problem=problem)
    wanted = Wanted(items=(WalletItem(amount=amount.minor),), currency=currency)
    try:
        return see("order", order_for(request, wanted))
    except UnableToQuote as error:
        return _show(request, status=422, amount=text, charge_problem=told(error))


@sign_in
@require_POST
def set_pin(request: HttpRequest) -> HttpResponse:
    """Sets the payment PIN for who knows the account's password."""
    pin, again = request.POST.get("pin", ""), request.POST.get("again", "")
    if not request.user.check_password(request.POST.get("password", "")):
        problem = _("This is not the password of your account. The PIN is as it was.")
    elif pin != again:
        problem = _("The two PINs differ. The PIN is as it was.")
    else:
        try:
            pins.set_pin(_own(request), pin, clock.now())
        except PinTooWeak as error:
            problem = notes.weakness(words().tongue, error.code)
        else:
            messages.success(request, _("Your payment PIN is set."))
            return see("wallet")
    return _show(request, status=422, pin_problem=problem)


@sign_in
@require_POST
def redeem(request: HttpRequest) -> HttpResponse:
    """Redeems a gift card; the code is its own key, so twice is once."""
    code, line = request.POST.get("code", "").strip()[:64], request.POST.get("line", "")
    line_id = int(line) if line.isdecimal() and len(line) < 19 else None
    try:
        given = gift_cards.redeem(code, _own(request), clock.now(), line_id)
    except UnableToRedeem as error:
        problem = notes.gift_refused(words().tongue, error.code)
    except Unable as refusal:
        problem = words().refusal(refusal)
    else:
        messages.success(request, gift_told(given))
        return see("wallet")
    return _show(request, status=422, code=code, gift_problem=problem)
