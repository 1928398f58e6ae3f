"""What the use cases refuse, in the reader's words: why, that nothing was charged, what to do."""

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.portal.speech import words
from eka.rules.units import Money
from eka.usecases.checkout import UnableToPay
from eka.usecases.gateways import NoSuchGateway
from eka.usecases.pins import PinRefused
from eka.usecases.promotions import PromotionGone
from eka.usecases.quoting import UnableToQuote
from eka.usecases.refunding import UnableToRefund
from eka.usecases.stock import OutOfStock
from eka.usecases.wallets import NotEnough
from eka.words import orders as order_words

REFUSED = (
    UnableToQuote,
    UnableToPay,
    UnableToRefund,
    PromotionGone,
    OutOfStock,
    NotEnough,
    PinRefused,
    NoSuchGateway,
    GatewayUnavailable,
    GatewayRefused,
)
CODES: dict[type[Exception], str] = {
    PromotionGone: "promotion_gone",
    OutOfStock: "out_of_stock",
    NoSuchGateway: "no_such_gateway",
    GatewayUnavailable: "unavailable",
}


def told(error: Exception, *, currency: str = "", gateway: str = "", timezone: str = "UTC") -> str:
    """The refusal as sentences. `currency` is that of the order, `gateway` who was asked."""
    tongue = words().tongue
    name = order_words.gateway(tongue, gateway)
    match error:
        case UnableToQuote():
            return order_words.refusal(tongue, error.code, error.figures)
        case PinRefused():
            until = error.checked.locked_until
            when = words().instant(until, timezone) if until else ""
            return order_words.pin_refused(tongue, error.code, error.checked.tries_left, when)
        case NotEnough():
            balance = words().money(Money(error.balance, currency))
            return order_words.refusal(tongue, "not_enough", {"balance": balance})
        case GatewayRefused():
            facts = {"gateway": name, "code": error.code}
            return order_words.refusal(tongue, "refused", facts)
        case UnableToPay() | UnableToRefund():
            return order_words.refusal(tongue, error.code, {})
    return order_words.refusal(tongue, CODES[type(error)], {"gateway": name})
