"""Buying a plan: for whom, with which code; then its order."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from eka.ledger import offers
from eka.ledger.offers import Offer
from eka.portal.access import guest_of
from eka.portal.currencies import choose, currency_of
from eka.portal.onward import SeeOther, back_to, see
from eka.portal.refusals import told
from eka.portal.small_print import starts_of
from eka.portal.wishes import Wanted, order_for
from eka.rules.baskets import NewLineItem
from eka.rules.shop import Shop
from eka.usecases.quoting import UnableToQuote
from eka.usecases.shop import price_of, the_shop

LABEL_MAX, CODE_MAX, EMAIL_MAX = 60, 64, 254


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def buy(request: HttpRequest, name: str) -> HttpResponse:
    """The form; submitted, the order that it makes."""
    offer, shop = _on_sale(name), the_shop()
    currency = currency_of(request, shop)
    typed = {
        "email": request.POST.get("email", "").strip()[:EMAIL_MAX],
        "label": request.POST.get("label", "").strip()[:LABEL_MAX],
        "code": request.POST.get("code", "").strip()[:CODE_MAX],
    }
    problem = ""
    if request.method == "POST":
        problem = _email_problem(request, typed["email"])
        if not problem:
            item = NewLineItem(plan=name, label=typed["label"], timezone=shop.timezone)
            wanted = Wanted(
                items=(item,), currency=currency, code=typed["code"], email=typed["email"]
            )
            try:
                return see("order", order_for(request, wanted))
            except UnableToQuote as error:
                problem = told(error)
    elif request.user.pk is None:
        guest_of(request)  # before the form is submitted twice at one moment
    page = _page(offer, shop, currency) | {"typed": typed, "problem": problem}
    return render(request, "portal/buy.html", page, status=422 if problem else 200)


def _on_sale(name: str) -> Offer:
    found = offers.find(name)
    if found is None:
        raise Http404
    return found


def _email_problem(request: HttpRequest, email: str) -> str:
    """Why a guest cannot be written to; whoever is signed in can be found anyway."""
    if request.user.pk is not None and not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return _("This is not an e-mail address. It is where we write to about this order.")
    return ""


def _page(offer: Offer, shop: Shop, currency: str) -> dict[str, Any]:
    return {
        "section": "plans",
        "offer": offer,
        "plan": offer.plan,
        "currency": currency,
        "currencies": shop.currencies,
        "price": price_of(offer, currency, shop),
        "starts": starts_of(offer),
    }


@require_POST
def set_currency(request: HttpRequest) -> HttpResponse:
    """Remembers in which currency prices are shown, and shows the same page again."""
    currency = request.POST.get("currency", "")
    if currency in the_shop().currencies:
        choose(request, currency)
    return SeeOther(back_to(request))
