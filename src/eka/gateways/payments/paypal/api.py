"""Requests to PayPal: tokens, keys that make repeating safe, and what a refusal means."""

import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.terms import GatewayError, GatewayRefused, GatewayUnavailable
from eka.rules.units import BadValue

PATIENCE_S = 10
TOKEN_MARGIN_S = 60  # a token is not used in its last minute: the request takes time too

# Not known whether it was done: too slow, being done by an earlier request, or too many requests.
ASK_AGAIN = (408, 409, 425, 429)

Shape = TypeVar("Shape")
Meaning = TypeVar("Meaning")


class _Detail(Struct):
    issue: str = ""
    description: str = ""


class _Problem(Struct):
    """PayPal's error object, or that of OAuth (RFC 6749, 5.2)."""

    name: str = ""
    message: str = ""
    details: list[_Detail] = []
    error: str = ""
    error_description: str = ""


class _Token(Struct):
    access_token: str
    expires_in: int


@cache
def trusted_by_https() -> ssl.SSLContext:
    """Whom HTTPS trusts: the roots that come with httpx, read once."""
    return httpx.create_ssl_context(trust_env=False)


class Api:
    """The way to one PayPal account; threads may share it."""

    def __init__(self, settings: PayPalSettings) -> None:
        self._client = httpx.Client(base_url=settings.api_base, timeout=PATIENCE_S, trust_env=False)
        weakref.finalize(self, self._client.close)
        self._credentials = (settings.client_id, settings.client_secret)
        self._lock = threading.Lock()
        self._token, self._token_until = "", time.monotonic()

    def get(
        self,
        path: str,
        shape: type[Shape],
        means: Callable[[Shape], Meaning],
        query: Mapping[str, str] | None = None,
    ) -> Meaning:
        """The document at `path`. Raises GatewayUnavailable, GatewayRefused."""
        return understood(self._call("GET", path, params=query), shape, means)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        shape: type[Shape],
        means: Callable[[Shape], Meaning],
        key: str = "",
    ) -> Meaning:
        """What came of a request; the same `key` does it once. Raises as `get` does."""
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        if key:
            headers["PayPal-Request-Id"] = key
        content = msgspec.json.encode(body)
        answer = self._call("POST", path, content=content, headers=headers)
        return understood(answer, shape, means)

    def delete(self, path: str) -> None:
        """Drops the document at `path`. Raises as `get` does."""
        self._call("DELETE", path)

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
        return self._sent(self._client.build_request(method, path, headers=headers, **request))

    def _sent(self, request: httpx.Request, auth: tuple[str, str] | None = None) -> httpx.Response:
        try:
            return self._client.send(request, auth=auth)
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"PayPal: {type(error).__name__}") from error

    def _current_token(self) -> str:
        with self._lock:
            if time.monotonic() >= self._token_until:
                self._renew()
            return self._token

    def _token_after(self, refused: str) -> str:
        with self._lock:
            if self._token == refused:
                self._renew()
            return self._token

    def _renew(self) -> None:
        asked = self._client.build_request(
            "POST", "/v1/oauth2/token", data={"grant_type": "client_credentials"}
        )
        answer = self._sent(asked, auth=self._credentials)
        if not answer.is_success:
            raise refusal(answer)
        token = understood(answer.content, _Token, lambda same: same)
        self._token = token.access_token
        self._token_until = time.monotonic() + token.expires_in - TOKEN_MARGIN_S


def understood(body: bytes, shape: type[Shape], means: Callable[[Shape], Meaning]) -> Meaning:
    """What an answer means. One that is not understood says nothing: GatewayUnavailable."""
    try:
        return means(msgspec.json.decode(body, type=shape))
    except (msgspec.DecodeError, BadValue) as error:
        raise GatewayUnavailable("PayPal's answer is not understood") from error


def refusal(answer: httpx.Response) -> GatewayError:
    """What an answer that is no success means."""
    status = answer.status_code
    if not httpx.codes.is_client_error(status) or status in ASK_AGAIN:
        return GatewayUnavailable(f"PayPal answered {status}")
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    detail = problem.details[0] if problem.details else _Detail()
    return GatewayRefused(
        detail.issue or problem.name or problem.error or f"HTTP_{status}",
        detail.description or problem.message or problem.error_description,
    )
