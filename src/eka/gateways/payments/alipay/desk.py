"""One signed call to Alipay, and what its answer is worth.

An answer counts when it is signed by Alipay, as text and as it came: what is read is exactly the
part that was signed. Whatever else comes back, an unsigned refusal too, says nothing of what
happened. Only an answer's code gets into an exception, for Alipay's sentences quote what was sent.
"""

import json
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import httpx
import msgspec
from msgspec import Raw, Struct

from eka.gateways.payments.alipay.settings import AlipaySettings
from eka.gateways.payments.alipay.signing import Content, Signer
from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
ANSWER_BYTES_MAX = 1_000_000
DONE = "10000"
OUT_OF_ORDER = "20000"
FORM = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class Answer(Struct, frozen=True):
    """What Alipay says, proved. `code` is "" where it did what it was asked."""

    method: str
    code: str
    fields: dict[str, Any]

    def demand(self) -> "Answer":
        """This answer, when it is no refusal. Raises GatewayUnavailable, GatewayRefused."""
        if not self.code:
            return self
        if _may_have_been_done(self.code):
            raise GatewayUnavailable(f"{self.method}: {self.code}")
        raise GatewayRefused(self.code)

    def text(self, name: str) -> str:
        """A field's text; "" where it is not there."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


class Desk:
    """Where calls are handed in. Usable from several threads."""

    def __init__(
        self, settings: AlipaySettings, signer: Signer, now: Callable[[], datetime]
    ) -> None:
        self._url, self._signer, self._now = settings.gateway_url, signer, now
        # Calls are few and far between: a kept connection would mostly be found dead.
        self._http = httpx.Client(
            verify=_trust(),
            timeout=TIMEOUT,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def address(self, method: str, content: Content, addresses: Mapping[str, str]) -> str:
        """What the payer's browser opens to make the call itself."""
        return f"{self._url}?{self._signer.query(method, content, self._now(), addresses)}"

    def call(self, method: str, content: Content, notify_url: str = "") -> Answer:
        """Makes a call. Raises GatewayUnavailable."""
        addresses = {"notify_url": notify_url}
        parameters = self._signer.parameters(method, content, self._now(), addresses)
        # Alipay reads the charset from the address before it reads the body, where the rest is:
        # addresses end up in logs.
        charset = {"charset": parameters.pop("charset")}
        request = self._http.build_request(
            "POST", self._url, params=charset, data=parameters, headers=FORM
        )
        return _judged(method, self._sent(method, request, ANSWER_BYTES_MAX), self._signer)

    def download(self, url: str, bytes_max: int) -> bytes:
        """A file that a signed answer named. Raises GatewayUnavailable.

        Alipay writes `http://` although it serves https as well: the file travels no less safely
        than the call for it.
        """
        try:
            address = httpx.URL(url)
            if self._url.startswith("https:"):
                address = address.copy_with(scheme="https")
            request = self._http.build_request("GET", address)
        except httpx.InvalidURL as error:
            raise GatewayUnavailable("download: not an address") from error
        return self._sent("download", request, bytes_max)

    def _sent(self, what: str, request: httpx.Request, bytes_max: int) -> bytes:
        received = bytearray()
        try:
            answer = self._http.send(request, stream=True)
            try:
                if answer.status_code != httpx.codes.OK:
                    raise GatewayUnavailable(f"{what}: HTTP {answer.status_code}")
                for part in answer.iter_bytes():
                    received += part
                    if len(received) > bytes_max:
                        raise GatewayUnavailable(f"{what}: the answer is too long")
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"{what}: {type(error).__name__}") from error
        return bytes(received)


@cache
def _trust() -> ssl.SSLContext:
    """Whom TLS trusts: read once, for that takes long."""
    return httpx.create_ssl_context(trust_env=False)


def _judged(method: str, body: bytes, signer: Signer) -> Answer:
    """The answer in a body, when Alipay signed it."""
    try:
        members = msgspec.json.decode(body, type=dict[str, Raw])
        part = members.get(method.replace(".", "_") + "_response", members.get("error_response"))
        text = bytes(part or b"{}").decode()
        signature = msgspec.json.decode(members.get("sign", b'""'), type=str)
        # A number stays the text that it was signed as.
        fields: dict[str, Any] = json.loads(text, parse_float=str, parse_int=str)
        code = _code(fields)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise GatewayUnavailable(f"{method}: the answer is not readable") from error
    if not signature or not signer.proves(text, signature):
        raise GatewayUnavailable(f"{method}: not signed by Alipay ({code or 'done'})")
    return Answer(method, code, fields)


def _code(fields: dict[str, Any]) -> str:
    """The code of a refusal, fit to be shown even when it is not from Alipay; "" of a success."""
    code, detail = fields.get("code"), fields.get("sub_code")
    if code == DONE:
        return ""
    shown = code if code == OUT_OF_ORDER and not detail else detail or code
    return shown if isinstance(shown, str) and _CODE.fullmatch(shown) else "no code"


def _may_have_been_done(code: str) -> bool:
    """Whether a code says of Alipay that it is out of order, rather than of us that we are wrong.

    Being asked too often (`call-limited`) is of that kind too: the same call may do well later.
    """
    return (
        code.startswith(("isp.", "aop."))
        or code.endswith(("SYSTEM_ERROR", "call-limited"))
        or code in (OUT_OF_ORDER, "no code")
    )
