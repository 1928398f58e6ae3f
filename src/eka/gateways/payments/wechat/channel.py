"""Requests to WeChat Pay, signed by us, and its answers, checked against its public key."""

import json
import secrets
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from wechatpayv3.core import Core  # type: ignore[import-untyped]
from wechatpayv3.type import RequestType  # type: ignore[import-untyped]
from wechatpayv3.utils import aes_decrypt, rsa_verify  # type: ignore[import-untyped]

from eka.gateways.payments.terms import GatewayError, GatewayRefused, GatewayUnavailable
from eka.rules.units import BadValue

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PATIENCE = httpx.Timeout(20, connect=5)
APIV3_KEY_BYTES = 32

# Answers of 4xx after which the same request may well succeed.
BUSY = {"SYSTEM_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "STATEMENT_CREATING"}


class WeChatSettings(Struct, frozen=True, kw_only=True):
    """What the merchant platform (pay.weixin.qq.com) says of the shop; keys as PEM text.

    `private_key` and `cert_serial_no` are of the merchant's API certificate, `public_key` and
    `public_key_id` (PUB_KEY_ID_...) WeChat's. `api_base` "" is the real one.
    """

    mchid: str
    appid: str
    private_key: str
    cert_serial_no: str
    apiv3_key: str
    public_key: str
    public_key_id: str
    api_base: str = ""

    def __repr__(self) -> str:
        """Without the keys: settings end up in tracebacks."""
        return f"WeChatSettings(mchid={self.mchid!r}, appid={self.appid!r})"


class _Refusal(Struct):
    code: str
    message: str = ""


class Channel(Core):  # type: ignore[misc]  # the library has no types
    """The library's core with another transport; safe to use from several threads.

    The library would follow redirects, sign with the machine's clock, verify text that it decoded
    itself, and raise bare exceptions. `request` returns the body of an answer of success only.
    """

    def __init__(self, settings: WeChatSettings, now: Callable[[], datetime]) -> None:
        """Raises BadValue where a key cannot be read; it does not say what was in it."""
        if len(settings.apiv3_key.encode()) != APIV3_KEY_BYTES:
            raise BadValue(f"WeChat's APIv3 key has {APIV3_KEY_BYTES} bytes")
        if not (settings.private_key and settings.public_key and settings.public_key_id):
            raise BadValue(
                "WeChat needs the merchant's private key, its public key and that one's id"
            )
        try:
            super().__init__(
                mchid=settings.mchid,
                cert_serial_no=settings.cert_serial_no,
                private_key=settings.private_key,
                apiv3_key=settings.apiv3_key,
                public_key=settings.public_key,
                public_key_id=settings.public_key_id,
            )
        except Exception:
            raise BadValue("WeChat's keys cannot be read; they are PEM, PKCS #8 and SPKI") from None
        if settings.api_base:
            self._gate_way = settings.api_base.rstrip("/")
        self._now = now

    @property
    def base(self) -> str:
        """The address before every path."""
        return str(self._gate_way)

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: Mapping[str, Any] | None = None,
        skip_verify: bool = False,
    ) -> bytes:
        """What the gateway answers. Raises GatewayUnavailable, GatewayRefused."""
        answer = self._send(method.value, path, b"" if data is None else json.dumps(data).encode())
        if not answer.is_success:
            raise _problem(answer)
        if not (skip_verify or self.signed_by_wechat(answer.headers, answer.content)):
            raise GatewayUnavailable("WeChat's answer was not signed by WeChat")
        return answer.content

    def signed_by_wechat(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the key in the settings signed this; a key that is not there is never fetched."""
        scheme = headers.get("wechatpay-signature-type", SCHEME)
        if scheme != SCHEME or headers.get("wechatpay-serial") != self._public_key_id:
            return False
        signed = (headers.get(f"wechatpay-{part}", "") for part in ("timestamp", "nonce"))
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        signature = headers.get("wechatpay-signature", "")
        return bool(rsa_verify(*signed, text, signature, self._public_key))

    def decrypted(self, ciphertext: str, nonce: str, associated_data: str) -> bytes:
        """The content of a resource. Raises ValueError."""
        plain: str | None = aes_decrypt(nonce, ciphertext, associated_data, self._apiv3_key)
        if plain is None:
            raise BadValue("it was encrypted with another APIv3 key, or altered")
        return plain.encode()

    def _send(self, method: str, path: str, body: bytes) -> httpx.Response:
        # A connection of its own, as in the library: nothing is shared between threads but the
        # TLS context, and nothing is left open.
        try:
            with httpx.Client(verify=_tls(), timeout=PATIENCE) as client:
                request = client.build_request(method, self.base + path, content=body)
                request.headers.update(self._headers(request, body))
                return client.send(request)
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"WeChat did not answer: {type(error).__name__}") from error

    def _headers(self, request: httpx.Request, body: bytes) -> dict[str, str]:
        nonce, timestamp = secrets.token_hex(16).upper(), str(int(self._now().timestamp()))
        # What is signed is what is sent, down to how the address was escaped.
        path = request.url.raw_path.decode()
        signature = self.sign([request.method, path, timestamp, nonce, body.decode()])
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "eka",
            "Wechatpay-Serial": self._public_key_id,
            "Authorization": f'{SCHEME} mchid="{self._mchid}",nonce_str="{nonce}",'
            f'signature="{signature}",timestamp="{timestamp}",'
            f'serial_no="{self._cert_serial_no}"',
        }


@cache
def _tls() -> ssl.SSLContext:
    """Which authorities are trusted; reading them takes longer than a request."""
    return httpx.create_ssl_context()


def _problem(answer: httpx.Response) -> GatewayError:
    """Only a 4xx in WeChat's own words says that nothing was done; it need not be signed."""
    try:
        refusal = msgspec.json.decode(answer.content, type=_Refusal)
    except msgspec.MsgspecError:
        return GatewayUnavailable(f"WeChat answered HTTP {answer.status_code} without its reason")
    if not answer.is_client_error or answer.status_code == 429 or refusal.code in BUSY:
        return GatewayUnavailable(f"WeChat answered {refusal.code}")
    return GatewayRefused(refusal.code, refusal.message)
