"""What the seller's account at Alipay is known by."""

from msgspec import Struct


class AlipaySettings(Struct, frozen=True, kw_only=True):
    """Ids, keys and address. Keys are PEM texts; Alipay's console shows the bare base64 of them.

    `private_key` is the application's own, `alipay_public_key` is Alipay's, not the application's
    public key: the two are easily mistaken for each other.
    """

    app_id: str
    seller_id: str
    private_key: str
    alipay_public_key: str
    gateway_url: str = "https://openapi.alipay.com/gateway.do"

    @property
    def merchant(self) -> str:
        """Whom a report must name for the money to be ours."""
        return merchant(self.app_id, self.seller_id)

    def __repr__(self) -> str:
        """Without the key: settings end up in tracebacks."""
        return f"AlipaySettings(app_id={self.app_id!r}, seller_id={self.seller_id!r})"


def merchant(app_id: str, seller_id: str) -> str:
    """An application and the account that it collects for."""
    return f"{app_id}/{seller_id}"
