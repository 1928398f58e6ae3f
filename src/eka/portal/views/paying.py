"""What a buyer does with an order: pays it, in one way or another, changes it, gives it up."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from eka import clock
from eka.ledger.orders import OrderRow
from eka.portal.access import own_order
from eka.portal.onward import SeeOther, see
from eka.portal.order_page import OPENID
from eka.portal.refusals import REFUSED, told
from eka.portal.speech import own
from eka.portal.views.order import GO
from eka.portal.wishes import order_again
from eka.rules.orders import WAITING
from eka.usecases import checkout, looking
from eka.usecases.addresses import notify_url
from eka.usecases.gateways import gateway
from eka.usecases.shop import the_shop


@require_POST
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Begins a payment, or goes on with the one that is open in the same way."""
    order = own_order(request, number)
    name, way = request.POST.get("gateway", ""), request.POST.get("way", "")

    def begin() -> None:
        checkout.begin(number, _paying(request, order, name, way), clock.now())
        request.session[GO] = number

    return _after(request, order, begin, name)


def _paying(request: HttpRequest, order: OrderRow, name: str, way: str) -> checkout.Paying:
    here = request.build_absolute_uri(reverse("portal:order", args=[order.number]))
    own_method = order.user is not None and order.user == request.user.pk
    known = next((known for known in gateway(name).ways if known == way), None)
    if known is None:
        raise checkout.UnableToPay("not_this_way")
    return checkout.Paying(
        gateway=name,
        way=known,
        return_url=here,
        cancel_url=here,
        notify_url=notify_url(name),
        title=f"{own(the_shop().name, 'Eka')} {order.number}",
        payer_ip=request.META.get("REMOTE_ADDR", ""),
        openid=request.session.get(OPENID, ""),
        save=own_method and "save" in request.POST,
    )


@require_POST
def pay_from_wallet(request: HttpRequest, number: str) -> HttpResponse:
    """Pays from the wallet of the account that the order belongs to, with its PIN."""
    order = own_order(request, number)
    if order.user is None or order.user != request.user.pk:
        return see("order", number)
    pin = request.POST.get("pin", "")
    return _after(
        request, order, lambda: checkout.pay_from_wallet(number, clock.now(), pin=pin), "wallet"
    )


@require_POST
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Takes what costs nothing."""
    order = own_order(request, number)
    return _after(request, order, lambda: checkout.pay_nothing(number, clock.now()))


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Gives the order up."""
    order = own_order(request, number)
    return _after(request, order, lambda: looking.cancel(number, clock.now()))


@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """The same things anew: in another currency, with another code, or at today's price."""
    order = own_order(request, number)
    currency = request.POST.get("currency", order.total.currency)
    code = request.POST.get("code", order.code).strip()[:64]
    try:
        fresh = order_again(request, order, currency=currency, code=code)
    except REFUSED as error:
        return _refused(request, order, error)
    if order.state == "quoted":
        looking.cancel(number, clock.now())
    return see("order", fresh)


def _after(
    request: HttpRequest, order: OrderRow, act: Callable[[], object], name: str = ""
) -> HttpResponse:
    """Does it, and shows how the order stands then; a refusal is told on the same page."""
    try:
        act()
    except REFUSED as error:
        return _refused(request, order, error, name)
    return see("order", order.number)


def _refused(
    request: HttpRequest, order: OrderRow, error: Exception, name: str = ""
) -> HttpResponse:
    if isinstance(error, checkout.UnableToPay) and error.code not in WAITING and _went_on(error):
        return see("order", order.number)  # a second click: the page tells how it went on
    shop = the_shop()
    told_ = told(error, currency=order.total.currency, gateway=name, timezone=shop.timezone)
    messages.error(request, told_)
    page = reverse("portal:order", args=[order.number])
    return SeeOther(f"{page}?pay=again" if "again" in request.POST else page)


def _went_on(error: checkout.UnableToPay) -> bool:
    return error.code in ("paid", "fulfilling", "fulfilled")
