"""What Eka asks of Stripe: the parameters of its requests."""

from datetime import datetime, timedelta

from stripe.params import PaymentIntentCreateParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from eka.gateways.payments.stripe.amounts import to_stripe
from eka.gateways.payments.stripe.reports import ON_A_PAGE, WITHOUT_PAYER
from eka.gateways.payments.terms import GatewayRefused, PaymentAsk, RefundAsk, SavedMethod

# A session may be open for 30 minutes to 24 hours, counted by Stripe's clock: hence the margin.
OPEN_MIN = timedelta(minutes=30)
OPEN_MAX = timedelta(hours=24)
MARGIN = timedelta(minutes=1)

TITLE_MAX = 250
METADATA_MAX = 500

LOCALES = {
    name.lower(): name
    for name in (
        *("bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr"),
        *("fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl"),
        *("pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW"),
    )
} | {"zh-hans": "zh", "zh-cn": "zh", "zh-hant": "zh-TW"}


def locale(language: str) -> str:
    """Stripe's name of a language; it follows the browser where it has none of its own."""
    wanted = language.lower().replace("_", "-")
    return LOCALES.get(wanted) or LOCALES.get(wanted.split("-")[0], "auto")


def open_until(expires_at: datetime, now: datetime) -> int:
    """The order's deadline, as near as Stripe allows.

    A deadline sooner than half an hour is held by closing the payment, not by Stripe.
    """
    earliest, latest = now + OPEN_MIN + MARGIN, now + OPEN_MAX - MARGIN
    return int(min(max(expires_at, earliest), latest).timestamp())


def for_page(ask: PaymentAsk, now: datetime) -> SessionCreateParams:
    """A page on which the payer pays. Raises GatewayRefused."""
    metadata = _metadata(ask, ON_A_PAGE)
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": ask.number,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": ask.amount.currency.lower(),
                    "unit_amount": to_stripe(ask.amount),
                    "product_data": {"name": ask.title[:TITLE_MAX]},
                },
            }
        ],
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": ask.title[:TITLE_MAX]},
        # What is paid must be the amount and the currency that were asked for.
        "adaptive_pricing": {"enabled": False},
        "expires_at": open_until(ask.expires_at, now),
        "locale": locale(ask.language),
        "success_url": ask.return_url,
        "cancel_url": ask.cancel_url,
    }
    if ask.payer_email:
        params["customer_email"] = ask.payer_email
    if ask.save:
        params["customer_creation"] = "always"
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
    return params


def for_saved(ask: PaymentAsk, method: SavedMethod) -> PaymentIntentCreateParams:
    """A charge of a kept method, without the payer. Raises GatewayRefused."""
    return {
        "amount": to_stripe(ask.amount),
        "currency": ask.amount.currency.lower(),
        "customer": method.payer,
        "payment_method": method.token,
        "automatic_payment_methods": {"enabled": True},
        "confirm": True,
        "off_session": True,
        "return_url": ask.return_url,
        "description": ask.title[:TITLE_MAX],
        "metadata": _metadata(ask, WITHOUT_PAYER),
        "expand": ["latest_charge.balance_transaction"],
    }


def for_refund(ask: RefundAsk) -> RefundCreateParams:
    """A refund. Raises GatewayRefused for more than was paid."""
    if ask.amount.currency != ask.paid.currency:
        raise GatewayRefused("currency_mismatch", f"{ask.paid.currency} was paid")
    if ask.amount.minor > ask.paid.minor:
        raise GatewayRefused("amount_too_large", "more than was paid")
    metadata = {"number": ask.number, "payment": ask.payment_number, "notify_url": ask.notify_url}
    if ask.reason:
        metadata["reason"] = ask.reason[:METADATA_MAX]
    return {
        "payment_intent": ask.transaction,
        "amount": to_stripe(ask.amount),
        "metadata": metadata,
    }


def _metadata(ask: PaymentAsk, via: str) -> dict[str, str]:
    # Stripe has its endpoints' addresses from the dashboard; only a sandbox reads notify_url.
    return {"number": ask.number, "via": via, "notify_url": ask.notify_url}
