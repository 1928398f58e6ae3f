"""What a seller tells Eka of the PayPal account."""

from msgspec import Struct

LIVE = "https://api-m.paypal.com"
LIVE_CERT_HOSTS = "api.paypal.com api-m.paypal.com"
LIVE_CERT_NAME = "messageverificationcerts.paypal.com"


class PayPalSettings(Struct, frozen=True, kw_only=True):
    """The app's credentials and whose signatures count.

    `webhook_id` "": the adapter registers the notification address itself and finds the id there.
    `cert_hosts`, separated by spaces: where certificates may come from; a bare host means HTTPS on
    its usual port, anything else is written as an origin (http://127.0.0.1:9102). `cert_name` is
    whom the certificate must name, `cert_roots` (PEM) who may have issued it; "": those that HTTPS
    itself trusts. For PayPal's own sandbox set api_base, cert_hosts and cert_name to its names.
    """

    client_id: str
    client_secret: str
    merchant_id: str
    webhook_id: str = ""
    api_base: str = LIVE
    cert_hosts: str = LIVE_CERT_HOSTS
    cert_name: str = LIVE_CERT_NAME
    cert_roots: str = ""

    def __repr__(self) -> str:
        return f"PayPalSettings({self.merchant_id!r} at {self.api_base!r})"
