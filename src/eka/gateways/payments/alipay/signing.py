"""Alipay's RSA2 signatures, made and checked by python-alipay-sdk.

The library is used for nothing else. Its own HTTP puts all of a call into an address and knows two
gateways only; its timestamps are of the machine's local time and not of Beijing's; it finds the
signed part of an answer by counting braces, those inside of texts too; and `verify` changes its
argument. `alipay` is its name for itself; this package is `eka.gateways.payments.alipay`.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec
from alipay import AliPay  # type: ignore[import-untyped]

from eka.gateways.payments.alipay.settings import AlipaySettings
from eka.gateways.payments.alipay.texts import format_beijing

Content = Mapping[str, str | list[str]]  # no number gets in, so no float gets out

SIGN_TYPE = "RSA2"


class Signer:
    """The seal of one application, and the knowledge of Alipay's."""

    def __init__(self, settings: AlipaySettings) -> None:
        """Raises ValueError when a key is not one."""
        self._library = AliPay(
            appid=settings.app_id,
            app_private_key_string=settings.private_key,
            alipay_public_key_string=settings.alipay_public_key,
            sign_type=SIGN_TYPE,
        )

    def query(
        self, method: str, content: Content, now: datetime, addresses: Mapping[str, str]
    ) -> str:
        """A call as the query of an address, signed. Empty addresses are left out."""
        parameters = self._library.build_body(
            method,
            msgspec.json.encode(content).decode(),
            timestamp=format_beijing(now),
            **{name: address for name, address in addresses.items() if address},
        )
        query: str = self._library.sign_data(parameters)
        return query

    def parameters(
        self, method: str, content: Content, now: datetime, addresses: Mapping[str, str]
    ) -> dict[str, str]:
        """The same, each parameter for itself."""
        return dict(parse_qsl(self.query(method, content, now, addresses), strict_parsing=True))

    def proves(self, text: str, signature: str) -> bool:
        """Whether Alipay signed this text."""
        try:
            return bool(self._library._verify(text, signature))
        except ValueError:  # the signature is not base64
            return False

    def proves_fields(self, fields: Mapping[str, str], signature: str) -> bool:
        """Whether Alipay signed these fields of a form, `sign` and `sign_type` not among them."""
        return self.proves("&".join(f"{name}={fields[name]}" for name in sorted(fields)), signature)
