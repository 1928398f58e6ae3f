"""The suppliers that this shop gets profiles from, as its suppliers file opens them."""

from collections.abc import Mapping

from eka.gateways.suppliers.opening import open_suppliers
from eka.gateways.suppliers.terms import Supplier
from eka.usecases.opened import Opened

VARIABLE = "EKA_SUPPLIERS"  # the file with addresses and keys, TOML, to be read by nobody else

_opened: Opened[str, Supplier] = Opened(VARIABLE, open_suppliers)


class NoSuchSupplier(Exception):
    """The shop gets nothing from this supplier."""


def suppliers() -> Mapping[str, Supplier]:
    """Every supplier of the shop by name. A changed file is read anew."""
    return _opened.all()


def supplier(name: str) -> Supplier:
    """The supplier. Raises NoSuchSupplier."""
    if (opened := suppliers().get(name)) is None:
        raise NoSuchSupplier(name)
    return opened


def use_suppliers(chosen: Mapping[str, Supplier]) -> None:
    """Takes these instead of the file's, for a process that opened them itself; none: the file."""
    _opened.use(chosen)
