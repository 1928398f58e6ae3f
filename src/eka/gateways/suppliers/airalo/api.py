"""Requests to Airalo: its tokens, its envelopes, and what its refusals mean."""

import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

import httpx
import msgspec
from msgspec import Struct

from eka.gateways.suppliers.airalo.settings import AiraloSettings
from eka.gateways.suppliers.airalo.signing import HEADER, signature, written
from eka.gateways.suppliers.terms import SupplierError, SupplierRefused, SupplierUnavailable
from eka.rules.supply import Refusal

# An order is answered only when the operator has delivered.
PATIENCE = httpx.Timeout(45, connect=5)
# The documentation says a day, whatever its example says in `expires_in`.
TOKEN_S_MAX = 86_400
TOKEN_MARGIN = timedelta(minutes=1)  # not used in its last minute: the request takes time too
WAIT_S = 60  # after a 429 that does not say how long
PAGES_MAX = 200
REASON_MAX = 200

# Airalo's codes of a 422 (Error handling). 34 says "invalid or currently out of stock".
WHY: Mapping[str, Refusal] = {
    "11": "no_credit",
    "13": "maintenance",
    "23": "not_renewable",
    "33": "no_stock",
    "34": "wrong_package",
    "73": "recycled",
}
UNEXPECTED = "53"  # "Something unexpected happened": whether anything was done is not known
# Not known whether it was done: too slow, or being done by an earlier request.
ASK_AGAIN = (408, 409, 425)

Shape = TypeVar("Shape")
Meaning = TypeVar("Meaning")


class Envelope(Struct, Generic[Shape]):
    """What every answer is in."""

    data: Shape


class PageMeta(Struct):
    """Where in a list an answer stands."""

    last_page: int = 1


class Page(Struct, Generic[Shape]):
    """A part of a list."""

    data: list[Shape]
    meta: PageMeta = msgspec.field(default_factory=PageMeta)


class Problem(Struct):
    """An error: a code and a reason, or sentences by the names of the fields."""

    code: int | str | None = None
    reason: str | None = None
    data: Any = None

    @property
    def name(self) -> str:
        """The code, or else the field that was wrong."""
        if self.code is not None:
            return str(self.code)
        return next(iter(self.data), "") if isinstance(self.data, dict) else ""

    @property
    def why(self) -> Refusal:
        """The same in our word."""
        return "wrong_package" if self.name == "package_id" else WHY.get(self.name, "other")

    @property
    def sentence(self) -> str:
        """The same for people."""
        said = self.reason or (self.data if isinstance(self.data, dict) else {}).get(self.name, "")
        return str(said)[:REASON_MAX]


class _Token(Struct):
    access_token: str
    expires_in: int


@cache
def trusted_by_https() -> ssl.SSLContext:
    """Whom HTTPS trusts: the roots that come with httpx, read once."""
    return httpx.create_ssl_context(trust_env=False)


class Api:
    """The way to one partner account; threads may share it.

    Everything raises SupplierUnavailable and SupplierRefused; an answer that is not understood says
    nothing, so it is the former.
    """

    def __init__(self, settings: AiraloSettings, now: Callable[[], datetime]) -> None:
        self._client = httpx.Client(
            verify=trusted_by_https(),
            timeout=PATIENCE,
            trust_env=False,
            headers={"Accept": "application/json", "User-Agent": "eka"},
        )
        weakref.finalize(self, self._client.close)
        self._settings, self._now = settings, now
        self._lock = threading.Lock()
        self._token, self._token_until = "", now()

    def get(
        self,
        path: str,
        shape: type[Shape],
        means: Callable[[Shape], Meaning],
        query: Mapping[str, str] | None = None,
    ) -> Meaning:
        """What the document at `path` means."""
        body = self._call("GET", path, params=query)
        return understood(body, Envelope[shape], lambda said: means(said.data))  # type: ignore[valid-type]

    def pages(self, path: str, shape: type[Shape], query: Mapping[str, str]) -> Iterator[Shape]:
        """All that is in a list, page by page as it is asked for."""
        for number in range(1, PAGES_MAX + 1):
            body = self._call("GET", path, params={**query, "page": str(number)})
            page: Page[Shape] = understood(body, Page[shape], _as_it_is)  # type: ignore[valid-type]
            yield from page.data
            if number >= page.meta.last_page:
                return
        raise SupplierUnavailable("Airalo's list has no end")

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        shape: type[Shape],
        means: Callable[[Shape], Meaning],
    ) -> Meaning:
        """What came of a request, which is signed as the official SDKs do."""
        content = written(body)
        headers = {
            "Content-Type": "application/json",
            HEADER: signature(self._settings.client_secret, content),
        }
        answer = self._call("POST", path, content=content, headers=headers)
        return understood(answer, Envelope[shape], lambda said: means(said.data))  # type: ignore[valid-type]

    def _call(self, method: str, path: str, **request: Any) -> bytes:
        token = self._current_token()
        answer = self._send(method, path, token, **request)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._send(method, path, self._token_after(token), **request)
        if not answer.is_success:
            raise refusal(answer)
        return answer.content

    def _send(self, method: str, path: str, token: str, **request: Any) -> httpx.Response:
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {token}"}
        url = self._settings.api_base.rstrip("/") + path
        return self._sent(self._client.build_request(method, url, headers=headers, **request))

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request)
        except httpx.HTTPError as error:
            raise SupplierUnavailable(f"Airalo: {type(error).__name__}") from error

    def _current_token(self) -> str:
        with self._lock:
            if self._now() >= self._token_until:
                self._renew()
            return self._token

    def _token_after(self, refused: str) -> str:
        with self._lock:
            if self._token == refused:
                self._renew()
            return self._token

    def _renew(self) -> None:
        credentials = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "grant_type": "client_credentials",
        }
        url = self._settings.api_base.rstrip("/") + "/token"
        asked_at = self._now()
        answer = self._sent(self._client.build_request("POST", url, data=credentials))
        if not answer.is_success:
            raise refusal(answer)
        token: _Token = understood(answer.content, Envelope[_Token], lambda said: said.data)
        self._token = token.access_token
        lives = timedelta(seconds=min(token.expires_in, TOKEN_S_MAX))
        self._token_until = asked_at + lives - TOKEN_MARGIN


def _as_it_is(said: Meaning) -> Meaning:
    return said


def understood(body: bytes, shape: Any, means: Callable[[Any], Meaning]) -> Meaning:
    """What an answer means. One that is not understood says nothing: SupplierUnavailable."""
    try:
        return means(msgspec.json.decode(body, type=shape))
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise SupplierUnavailable("Airalo's answer is not understood") from error


def refusal(answer: httpx.Response) -> SupplierError:
    """What an answer that is no success means."""
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return SupplierUnavailable("Airalo is asked too often", _wait_s(answer))
    if not httpx.codes.is_client_error(status) or status in ASK_AGAIN:
        return SupplierUnavailable(f"Airalo answered {status}")
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except (msgspec.DecodeError, RecursionError):
        problem = Problem()
    if problem.name == UNEXPECTED:
        return SupplierUnavailable(f"Airalo answered {UNEXPECTED}: {problem.sentence}")
    return SupplierRefused(problem.why, problem.name or f"HTTP_{status}", problem.sentence)


def _wait_s(answer: httpx.Response) -> int:
    said = answer.headers.get("retry-after", "")
    return int(said[:6]) if said.isascii() and said.isdigit() else WAIT_S
