"""Where this shop is reached from outside: gateways send their news there, buyers come back."""

from django.conf import settings


def outside() -> str:
    """The shop's own address, such as https://shop.example, without a slash at its end."""
    return str(settings.EKA_ADDRESS).rstrip("/")


def notify_url(gateway: str) -> str:
    """Where a gateway sends its notifications."""
    return f"{outside()}/pay/notify/{gateway}"


def order_url(number: str) -> str:
    """The order's page."""
    return f"{outside()}/orders/{number}/"


def supply_notify_url(supplier: str) -> str:
    """Where a supplier sends its notifications."""
    return f"{outside()}/supply/notify/{supplier}"
