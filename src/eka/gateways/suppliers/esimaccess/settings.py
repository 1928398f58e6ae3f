"""What eSIM Access's console (console.esimaccess.com, Developer) says of the shop."""

import re

from msgspec import Struct

from eka.rules.units import BadValue

REAL = "https://api.esimaccess.com"
# Under this name `read_notice` wants the last part of the address that a notification came to.
TOKEN_HEADER = "eka-notice-token"
_TOKEN = re.compile(r"[0-9A-Za-z_-]{20,100}")


class EsimAccessSettings(Struct, frozen=True, kw_only=True):
    """`access_code` and `secret_key` are the account's; `address` "" is the real one.

    `notice_token` is the secret last part of the address that the shop gave to eSIM Access for
    notifications: 20 characters at least, of A-Z, a-z, 0-9, dash and underscore. Without it only
    signed notifications are read, and eSIM Access does not promise to sign any.
    """

    access_code: str
    secret_key: str
    address: str = ""
    notice_token: str = ""

    def __post_init__(self) -> None:
        if not (self.access_code and self.secret_key):
            raise BadValue("eSIM Access needs the access_code and the secret_key of the account")
        if self.notice_token and not _TOKEN.fullmatch(self.notice_token):
            raise BadValue("notice_token has 20 to 100 characters of A-Z, a-z, 0-9, - and _")

    @property
    def base(self) -> str:
        """The address before every path."""
        return (self.address or REAL).rstrip("/") + "/api/v1/open"

    def __repr__(self) -> str:
        """Without the keys: settings end up in tracebacks."""
        return f"EsimAccessSettings(address={self.address!r})"
