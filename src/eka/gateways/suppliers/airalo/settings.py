"""What a seller tells Eka of the partner account at Airalo."""

from msgspec import Struct

LIVE = "https://partners-api.airalo.com/v2"

# Airalo bears 5 questions about usage a second from one partner; some room is left for people.
USAGE_PER_MINUTE = 240


class AiraloSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The API credentials of the partner platform, and how it is ordered.

    `asynchronous`: orders are taken at once, and delivered later; then Airalo wants an address for
    its notifications: `webhook_url`, or the one of `AiraloSupplier.subscribe`. `brand` is a name in
    the platform's brand settings. A price list is believed for `prices_kept_s`. Airalo's sandbox
    mode bears 50 requests a minute in all: lower `usage_per_minute` there.
    """

    client_id: str
    client_secret: str
    asynchronous: bool = False
    webhook_url: str = ""
    brand: str = ""
    prices_kept_s: int = 600
    usage_per_minute: int = USAGE_PER_MINUTE
    api_base: str = LIVE

    def __repr__(self) -> str:
        """Without the secret: settings end up in tracebacks."""
        return f"AiraloSettings({self.client_id!r} at {self.api_base!r})"
