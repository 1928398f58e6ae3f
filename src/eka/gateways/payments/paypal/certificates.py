"""The certificates that PayPal signs its notifications with.

A notification names the address of its certificate, so whoever sends one says what is fetched. Only
addresses that are allowed in full are, each once a process, few a minute, and without following
where they point: a stranger can make Eka read a little of PayPal and nothing else.
"""

import contextlib
import re
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from eka.gateways.payments.paypal.api import PATIENCE_S, trusted_by_https
from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.terms import GatewayUnavailable, NotAuthentic

CHAIN_BYTES_MAX = 64 * 1024
ASKED_A_MINUTE_MAX = 10
MINUTE = timedelta(minutes=1)
PATH = r"/v1/notifications/certs/[A-Za-z0-9_-]{1,128}"

Chain = list[x509.Certificate]


class Allowance:
    """How often strangers may make Eka ask PayPal something: ten times a minute together.

    Who floods Eka can keep an unknown certificate from being fetched for so long. PayPal sends its
    notifications again for three days, and what is missing is asked for anyway.
    """

    def __init__(self) -> None:
        self._asked: deque[datetime] = deque(maxlen=ASKED_A_MINUTE_MAX)
        self._lock = threading.Lock()

    def take(self, now: datetime) -> bool:
        """Whether PayPal may be asked once more at `now`."""
        with self._lock:
            lately = [asked for asked in self._asked if abs(now - asked) < MINUTE]
            if len(lately) >= ASKED_A_MINUTE_MAX:
                return False
            self._asked.append(now)
            return True


class Certificates:
    """Those that were fetched, and who may have issued them."""

    def __init__(self, settings: PayPalSettings, allowance: Allowance) -> None:
        hosts = settings.cert_hosts.split()
        origins = [host if "://" in host else f"https://{host}" for host in hosts]
        # The whole address is compared as text: what is never taken apart cannot be read in two
        # ways. Upper case, a port, a user or a query make it another address.
        self._allowed = re.compile(f"(?:{'|'.join(map(re.escape, origins))}){PATH}")
        self._name, self._roots_pem = settings.cert_name, settings.cert_roots
        self._allowance = allowance
        self._chains: dict[str, Chain] = {}
        self._lock = threading.Lock()

    def key(self, url: str, now: datetime) -> RSAPublicKey:
        """The key of the certificate at `url`, valid at `now`.

        Raises NotAuthentic, and GatewayUnavailable if it cannot be fetched now.
        """
        if not self._allowed.fullmatch(url):
            raise NotAuthentic("the certificate is not at an address of PayPal's")
        chain = self._chains.get(url)
        if chain is None:
            with self._lock:
                chain = self._chains.get(url) or self._fetched(url, now)
        return self._verified(chain, now)

    def _fetched(self, url: str, now: datetime) -> Chain:
        if not self._allowance.take(now):
            raise GatewayUnavailable("too many unknown certificates a minute")
        try:
            chain = x509.load_pem_x509_certificates(_download(url))
        except ValueError as error:
            raise NotAuthentic("what PayPal has at that address is no certificate") from error
        self._verified(chain, now)
        self._chains[url] = chain
        return chain

    def _verified(self, chain: Chain, now: datetime) -> RSAPublicKey:
        """Raises NotAuthentic unless it was issued by a root to PayPal, and is valid at `now`."""
        policy = PolicyBuilder().store(self._roots).time(now)
        verifier = policy.build_server_verifier(x509.DNSName(self._name))
        try:
            verifier.verify(chain[0], chain[1:])
        except VerificationError as error:
            raise NotAuthentic("the certificate is not PayPal's, or not valid now") from error
        key = chain[0].public_key()
        if not isinstance(key, RSAPublicKey):
            raise NotAuthentic("the certificate's key is not of RSA")
        return key

    @cached_property
    def _roots(self) -> Store:
        if self._roots_pem:
            return Store(x509.load_pem_x509_certificates(self._roots_pem.encode()))
        return Store(list(_roots_of_https()))


def _roots_of_https() -> Iterator[x509.Certificate]:
    """The roots that come with httpx, without those that do not keep to RFC 5280."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for root in trusted_by_https().get_ca_certs(binary_form=True):
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                yield x509.load_der_x509_certificate(root)


def _download(url: str) -> bytes:
    """What is at `url`, of a certificate's size. Raises GatewayUnavailable, NotAuthentic."""
    content = b""
    try:
        with (
            httpx.Client(verify=trusted_by_https(), timeout=PATIENCE_S, trust_env=False) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise GatewayUnavailable(f"PayPal's certificate: {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                if len(content) > CHAIN_BYTES_MAX:
                    raise NotAuthentic("what PayPal has at that address is no certificate")
    except httpx.HTTPError as error:
        raise GatewayUnavailable(f"PayPal's certificate: {type(error).__name__}") from error
    return content
