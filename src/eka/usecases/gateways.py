"""The gateways that this shop takes money through, as its payments file opens them."""

from collections.abc import Mapping

from eka.gateways.payments.opening import open_gateways
from eka.gateways.payments.terms import GatewayName, PaymentGateway
from eka.rules.units import Money
from eka.usecases.opened import Opened

VARIABLE = "EKA_PAYMENTS"  # the file with addresses and keys, TOML, to be read by nobody else

_opened: Opened[GatewayName, PaymentGateway] = Opened(VARIABLE, open_gateways)


class NoSuchGateway(Exception):
    """The shop takes no money through this gateway."""


def gateways() -> Mapping[GatewayName, PaymentGateway]:
    """Every gateway of the shop by name. A changed file is read anew."""
    return _opened.all()


def gateway(name: str) -> PaymentGateway:
    """The gateway. Raises NoSuchGateway."""
    for known, opened in gateways().items():
        if known == name:
            return opened
    raise NoSuchGateway(name)


def use_gateways(chosen: Mapping[GatewayName, PaymentGateway]) -> None:
    """Takes these instead of the file's, for a process that opened them itself; none: the file."""
    _opened.use(chosen)


def takes(opened: PaymentGateway, amount: Money) -> bool:
    """Whether the gateway takes money of this currency."""
    return not opened.currencies or amount.currency in opened.currencies
