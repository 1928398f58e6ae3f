"""Asking for money back: how much it would be and what is taken back, then the request itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from eka import clock
from eka.ledger.orders import OrderRow
from eka.portal.access import own_order
from eka.portal.bought import entries_of, lines_of, promotion_titles
from eka.portal.onward import see
from eka.portal.refusals import told
from eka.portal.speech import words
from eka.portal.wishes import form_key
from eka.rules.units import Money
from eka.usecases import refunding
from eka.usecases.refunding import UnableToRefund, Wanted
from eka.usecases.shop import the_shop
from eka.words import orders as order_words


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, number: str) -> HttpResponse:
    """What would go back by the shop's terms; posted, it goes back."""
    order = own_order(request, number)
    if request.method == "POST":
        return _ask(request, order)
    offer = refunding.offer(number, clock.now())
    shop, lines = the_shop(), lines_of(order)
    zone = next(iter(lines.zones.values()), shop.timezone)
    page = {
        "section": "orders",
        "order": order,
        "amount": Money(offer.amount, order.total.currency),
        "why": order_words.refusal(words().tongue, offer.why, {}) if not offer.amount else "",
        "part": offer.amount < order.total.minor,
        "entries": entries_of(order, lines, zone, promotion_titles(order)[0]),
        "days": shop.refunds.days,
    }
    return render(request, "portal/refund.html", page)


def _ask(request: HttpRequest, order: OrderRow) -> HttpResponse:
    amount = request.POST.get("amount", "")
    wanted = Wanted(
        key=f"{form_key(request)}:{order.number}",
        why="customer",
        by=f"user {request.user.pk}" if request.user.pk else "guest",
        amount=int(amount) if amount.isdecimal() and len(amount) < 16 else 0,
    )
    try:
        refunding.refund(order.number, wanted, clock.now())
    except UnableToRefund as error:
        if error.code not in ("refunding", "refunded"):  # a second click is no refusal
            messages.error(request, told(error))
            return see("refund", order.number)
    return see("order", order.number)
