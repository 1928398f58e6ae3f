"""The gateways that this shop takes money through, as its payments file opens them."""

import os
from collections.abc import Mapping
from pathlib import Path

from eka.gateways.payments.opening import open_gateways
from eka.gateways.payments.terms import GatewayName, PaymentGateway
from eka.rules.units import Money

VARIABLE = "EKA_PAYMENTS"  # the file with addresses and keys, TOML, to be read by nobody else

_opened: dict[tuple[str, int], dict[GatewayName, PaymentGateway]] = {}
_given: dict[GatewayName, PaymentGateway] = {}


class NoSuchGateway(Exception):
    """The shop takes no money through this gateway."""


def gateways() -> Mapping[GatewayName, PaymentGateway]:
    """Every gateway of the shop by name. A changed file is read anew."""
    if _given:
        return _given
    path = os.environ.get(VARIABLE)
    if not path or not Path(path).is_file():
        return {}
    key = (path, Path(path).stat().st_mtime_ns)
    if key not in _opened:
        _opened.clear()
        _opened[key] = open_gateways(Path(path))
    return _opened[key]


def gateway(name: str) -> PaymentGateway:
    """The gateway. Raises NoSuchGateway."""
    for known, opened in gateways().items():
        if known == name:
            return opened
    raise NoSuchGateway(name)


def use_gateways(chosen: Mapping[GatewayName, PaymentGateway]) -> None:
    """Takes these instead of the file's, for a process that opened them itself; none: the file."""
    _given.clear()
    _given.update(chosen)


def takes(opened: PaymentGateway, amount: Money) -> bool:
    """Whether the gateway takes money of this currency."""
    return not opened.currencies or amount.currency in opened.currencies
