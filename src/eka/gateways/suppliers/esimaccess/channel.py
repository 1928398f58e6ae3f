"""Requests to eSIM Access, signed by us, and what its refusals mean."""

import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from eka.gateways.suppliers.esimaccess.settings import EsimAccessSettings
from eka.gateways.suppliers.esimaccess.signing import signed
from eka.gateways.suppliers.terms import SupplierError, SupplierRefused, SupplierUnavailable
from eka.rules.supply import Refusal

PATIENCE = httpx.Timeout(20, connect=5)
WAIT_S = 1  # the limit is 8 requests a second
WAIT_S_MAX = 3600

ALLOCATING = "200010"
NO_SUCH_ORDER = "310272"
NOT_IN_THIS_STATUS = "200002"
# The documentation says that the same transactionId is taken for the same request; eSIM Access has
# also been seen to refuse it with this code, which its list of codes does not have.
NUMBER_USED = "310402"

# No code of a failure, "Server error", "The system is busy": none says whether it was done.
SAYS_NOTHING = {"", "0", "000001", "900001"}

REFUSALS: dict[str, Refusal] = {
    "200005": "wrong_price",
    "200006": "wrong_price",
    "200007": "no_credit",
    "200011": "no_stock",
    "310201": "wrong_package",
    "310211": "wrong_package",
    "310241": "wrong_package",
    "310243": "wrong_package",
    "310251": "wrong_package",
    NUMBER_USED: "duplicate",
    "310403": "recycled",
}

Answer = TypeVar("Answer", bound=Struct)


class _Envelope(Struct):
    success: bool
    errorCode: str | int | None = None
    errorMsg: str | None = None
    obj: msgspec.Raw = msgspec.Raw(b"{}")


class Channel:
    """The account's way to eSIM Access. May be used from several threads."""

    def __init__(self, settings: EsimAccessSettings, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now

    def ask(self, path: str, body: Mapping[str, Any], kind: type[Answer]) -> Answer:
        """What eSIM Access answers. Raises SupplierUnavailable, SupplierRefused."""
        answer = self._send(path, msgspec.json.encode(body))
        try:
            envelope = msgspec.json.decode(answer.content, type=_Envelope, strict=False)
            if answer.is_success and envelope.success:
                return msgspec.json.decode(envelope.obj, type=kind, strict=False)
        except msgspec.MsgspecError as error:
            raise _unreadable(answer) from error
        raise _refusal(answer, envelope)

    def _send(self, path: str, body: bytes) -> httpx.Response:
        # A connection of its own: nothing is shared between threads, and nothing is left open.
        keys = self._settings
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "eka",
            **signed(keys.access_code, keys.secret_key, body, self._now()),
        }
        try:
            with httpx.Client(verify=_tls(), timeout=PATIENCE) as client:
                return client.post(keys.base + path, content=body, headers=headers)
        except httpx.HTTPError as error:
            what = type(error).__name__
            raise SupplierUnavailable(f"eSIM Access did not answer: {what}") from error


@cache
def _tls() -> ssl.SSLContext:
    """Which authorities are trusted; reading them takes longer than a request."""
    return httpx.create_ssl_context()


def _unreadable(answer: httpx.Response) -> SupplierUnavailable:
    """What is no answer of its own; the text is left out, as an activation code may be in it."""
    what = f"eSIM Access answered HTTP {answer.status_code} in words that are not understood"
    return SupplierUnavailable(what, _wait_s(answer))


def _refusal(answer: httpx.Response, envelope: _Envelope) -> SupplierError:
    """Only a code of its own, that says what is wrong, tells that nothing was done."""
    code = str(envelope.errorCode or "")
    if answer.status_code == 429 or answer.is_server_error or code in SAYS_NOTHING:
        what = f"eSIM Access answered HTTP {answer.status_code}, code {code or 'none'}"
        return SupplierUnavailable(what, _wait_s(answer))
    return SupplierRefused(REFUSALS.get(code, "other"), code, envelope.errorMsg or "")


def _wait_s(answer: httpx.Response) -> int:
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return min(int(said[:9]), WAIT_S_MAX)
    return WAIT_S if answer.status_code == 429 else 0
