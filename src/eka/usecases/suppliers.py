"""The suppliers that this shop gets profiles from, as its suppliers file opens them."""

import os
from collections.abc import Mapping
from pathlib import Path

from eka.gateways.suppliers.opening import open_suppliers
from eka.gateways.suppliers.terms import Supplier

VARIABLE = "EKA_SUPPLIERS"  # the file with addresses and keys, TOML, to be read by nobody else

_opened: dict[tuple[str, int], dict[str, Supplier]] = {}
_given: dict[str, Supplier] = {}


class NoSuchSupplier(Exception):
    """The shop gets nothing from this supplier."""


def suppliers() -> Mapping[str, Supplier]:
    """Every supplier of the shop by name. A changed file is read anew."""
    if _given:
        return _given
    path = os.environ.get(VARIABLE)
    if not path or not Path(path).is_file():
        return {}
    key = (path, Path(path).stat().st_mtime_ns)
    if key not in _opened:
        _opened.clear()
        _opened[key] = open_suppliers(Path(path))
    return _opened[key]


def supplier(name: str) -> Supplier:
    """The supplier. Raises NoSuchSupplier."""
    if (opened := suppliers().get(name)) is None:
        raise NoSuchSupplier(name)
    return opened


def use_suppliers(chosen: Mapping[str, Supplier]) -> None:
    """Takes these instead of the file's, for a process that opened them itself; none: the file."""
    _given.clear()
    _given.update(chosen)
