"""The way to an SM-DP+: HTTPS in which both sides prove themselves (SGP.22, 6.1)."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx

from eka.gateways.suppliers.es2plus.settings import Es2PlusSettings
from eka.gateways.suppliers.terms import SupplierUnavailable
from eka.rules.units import BadValue
from eka.wire.es2plus import codec
from eka.wire.es2plus.messages import Answer, Ask

PATIENCE = httpx.Timeout(30, connect=5)
WAIT_S_MAX = 3600

A = TypeVar("A", bound=Answer)


class Door:
    """One SM-DP+. Each ask has a connection of its own; only the TLS context is shared."""

    def __init__(self, settings: Es2PlusSettings) -> None:
        """Raises BadValue where a certificate or key cannot be read."""
        if not settings.address.startswith("https://"):
            raise BadValue("ES2+ is spoken over HTTPS: the address begins with https://")
        self._base = settings.address.rstrip("/")
        self._headers = codec.headers(settings.protocol)
        self._tls = proven(settings.certificate, settings.private_key, settings.ca)

    def call(self, ask: Ask, kind: type[A]) -> A:
        """What the SM-DP+ answers. Raises SupplierUnavailable, NotExecuted."""
        answer = self._post(self._base + codec.path(ask), codec.encode(ask))
        if answer.status_code != httpx.codes.OK:
            raise SupplierUnavailable(f"HTTP {answer.status_code}", wait_s=_wait_s(answer))
        try:
            codec.check_headers(answer.headers)
            return codec.read_answer(answer.content, kind)
        except codec.Unreadable as error:
            raise SupplierUnavailable(f"the answer to {ask.function}: {error}") from error

    def _post(self, url: str, body: bytes) -> httpx.Response:
        try:
            with httpx.Client(verify=self._tls, timeout=PATIENCE, trust_env=False) as client:
                return client.post(url, content=body, headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SupplierUnavailable(f"no answer: {type(error).__name__}") from error


def proven(certificate: str, key: str, ca: str) -> ssl.SSLContext:
    """A client's TLS with its own certificate; each of the three is a file, or PEM text.

    `ca` may hold the server's own certificate instead of who issued it. Raises BadValue.
    """
    try:
        with _file(ca) as trusted, _file(certificate) as chain, _file(key) as secret:
            context = ssl.create_default_context(cafile=trusted or None)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(chain, secret)
    except OSError as error:  # an SSLError is one too
        raise BadValue(f"the certificate, key or ca cannot be read: {error.strerror}") from None
    return context


@contextmanager
def _file(given: str) -> Iterator[str]:
    """Where it lies. OpenSSL reads keys from files only, so text lies in one for a moment."""
    if "-----BEGIN" not in given:
        yield given
        return
    handle, name = tempfile.mkstemp(suffix=".pem")  # nobody else may read it
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(given)
        yield name
    finally:
        Path(name).unlink()


def _wait_s(answer: httpx.Response) -> int:
    said = answer.headers.get("retry-after", "")
    return min(int(said), WAIT_S_MAX) if said.isascii() and said.isdigit() else 0
