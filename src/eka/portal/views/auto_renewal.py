"""Automatic renewal of a line: agreed to, looked at, stopped at once; and the methods that pay."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from eka import clock
from eka.ledger import offers
from eka.portal.consent import consent_of, terms_for, text_of
from eka.portal.currencies import currency_of
from eka.portal.onward import see
from eka.portal.speech import titles_of, words
from eka.portal.stand import Stand, stand_of
from eka.portal.views.lines import own_card
from eka.portal.wishes import form_key
from eka.usecases import balances, consents, saved_methods, wallets
from eka.usecases.buyers import owner_of
from eka.usecases.commands import KeyReused
from eka.usecases.consents import UnableToAgree
from eka.usecases.saved_methods import NoSuchMethod
from eka.usecases.shop import the_shop
from eka.words import notes
from eka.words import orders as order_words

sign_in = login_required(login_url="portal:sign-in")


@sign_in
@never_cache
@require_safe
def auto_renewal(request: HttpRequest, line_id: int) -> HttpResponse:
    """How it stands, or what can be agreed to."""
    return _show(request, line_id)


def _show(
    request: HttpRequest, line_id: int, problem: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    now, shop = clock.now(), the_shop()
    stand, titles = _stand(request, line_id)
    owner = owner_of(line_id)
    saved = saved_methods.kept(owner)
    standing = consents.standing(line_id, now)
    terms = terms_for(stand, saved, shop, currency_of(request, shop), titles)
    page = {
        "section": "lines",
        "stand": stand,
        "line": stand.line,
        "standing": standing,
        "method": order_words.gateway(words().tongue, standing.method) if standing else "",
        "title": titles.get(standing.plan, standing.plan) if standing else "",
        "balance": _balance(standing, owner),
        "terms": terms,
        "text": text_of(terms, stand, shop) if terms else [],
        "low": notes.consent_low(words().tongue),
        "saved": saved,
        "currency": currency_of(request, shop),
        "currencies": shop.currencies,
        "problem": problem,
        "typed": typed or {},
    }
    return render(request, "portal/auto_renewal.html", page, status=422 if problem else 200)


def _stand(request: HttpRequest, line_id: int) -> tuple[Stand, dict[str, str]]:
    card, now = own_card(request, line_id), clock.now()
    titles = titles_of(offers.on_sale())
    return stand_of(card, balances.look(line_id, now).line, now, titles), titles


def _balance(standing: consents.Standing | None, owner: int) -> int | None:
    """What the wallet holds that is to pay, in minor units."""
    if standing is None or standing.method != "wallet":
        return None
    return wallets.balances(owner).get(standing.price.currency, 0)


@sign_in
@require_POST
def agree(request: HttpRequest, line_id: int) -> HttpResponse:
    """Records the consent, with the very words that the form showed."""
    shop = the_shop()
    stand, titles = _stand(request, line_id)
    owner = owner_of(line_id)
    chosen, when_low = request.POST.get("means", ""), "when_low" in request.POST
    typed = {"means": chosen, "when_low": when_low}
    saved = saved_methods.kept(owner)
    terms = terms_for(stand, saved, shop, request.POST.get("currency", ""), titles)
    means = next((one for one in terms.means if one.value == chosen), None) if terms else None
    if terms is None or means is None:
        return _show(request, line_id, _("Choose how renewals are to be paid."), typed)
    if "agreed" not in request.POST:
        return _show(request, line_id, _("Read the text and tick it if you agree."), typed)
    if request.POST.get("price") != str(terms.price.minor):
        changed = order_words.refusal(words().tongue, "price_changed", {})
        return _show(request, line_id, changed, typed)
    consent = consent_of(terms, means, stand, shop, owner, when_low=when_low)
    try:
        consents.agree(consent, now=clock.now(), key=f"{form_key(request)}:{line_id}")
    except UnableToAgree as error:
        told = order_words.refusal(words().tongue, error.code, {})
        return _show(request, line_id, told, typed)
    except KeyReused:
        pass  # the same form, changed after going back: what was agreed to first stands
    return see("auto-renewal", line_id)


@sign_in
@require_POST
def stop(request: HttpRequest, line_id: int) -> HttpResponse:
    """Stops it at once."""
    own_card(request, line_id)
    if consents.stop(line_id, owner_of(line_id), clock.now()):
        messages.success(request, _("Automatic renewal is off. Nothing more is charged."))
    return see("auto-renewal", line_id)


@sign_in
@require_POST
def forget(request: HttpRequest, line_id: int) -> HttpResponse:
    """Gives up a saved card or account."""
    own_card(request, line_id)
    asked = request.POST.get("method", "")
    try:
        method_id = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
        saved_methods.remove(method_id, owner_of(line_id), clock.now())
    except NoSuchMethod as error:
        raise Http404 from error
    messages.success(request, _("It is removed. Nothing will be charged to it any more."))
    return see("auto-renewal", line_id)
