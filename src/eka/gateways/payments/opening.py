"""Opens the gateways that a payments file names.

The file is TOML with a table for each gateway, whose keys are the fields of its settings:

```toml
[stripe]
secret_key = "sk_live_..."
webhook_secret = "whsec_..."
account = "acct_..."
```
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from eka.gateways.payments.alipay.gateway import AlipayGateway
from eka.gateways.payments.alipay.settings import AlipaySettings
from eka.gateways.payments.paypal.gateway import PayPalGateway
from eka.gateways.payments.paypal.settings import PayPalSettings
from eka.gateways.payments.stripe.gateway import StripeGateway
from eka.gateways.payments.stripe.settings import StripeSettings
from eka.gateways.payments.terms import GatewayName, PaymentGateway
from eka.gateways.payments.wechat import WeChatGateway, WeChatSettings


class UnreadablePayments(Exception):
    """A payments file that cannot be used; the message names the table and field, no value."""


MAKERS: Mapping[GatewayName, Callable[[dict[str, Any]], PaymentGateway]] = {
    "stripe": lambda table: StripeGateway(msgspec.convert(table, StripeSettings)),
    "paypal": lambda table: PayPalGateway(msgspec.convert(table, PayPalSettings)),
    "wechat": lambda table: WeChatGateway(msgspec.convert(table, WeChatSettings)),
    "alipay": lambda table: AlipayGateway(msgspec.convert(table, AlipaySettings)),
}


def open_gateways(path: Path) -> dict[GatewayName, PaymentGateway]:
    """The gateways of the file. Raises UnreadablePayments."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadablePayments(f"{path} cannot be read as TOML") from error
    return open_tables(tables)


def open_tables(tables: Mapping[str, Any]) -> dict[GatewayName, PaymentGateway]:
    """The gateways of a file's tables. Raises UnreadablePayments."""
    if unknown := set(tables) - set(MAKERS):
        raise UnreadablePayments(f"there is no gateway {sorted(unknown)[0]!r}")
    opened: dict[GatewayName, PaymentGateway] = {}
    for name, make in MAKERS.items():
        if name in tables:
            try:
                opened[name] = make(tables[name])
            except (msgspec.ValidationError, ValueError, TypeError) as error:
                raise UnreadablePayments(f"[{name}]: {error}") from error
    return opened
