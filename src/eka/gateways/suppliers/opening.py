"""Opens the suppliers that a suppliers file names.

The file is TOML with a table for each supplier, named as the plans' `supply` names it; `kind` says
which protocol it speaks (the table's own name, where it is left out), the other keys are the fields
of that adapter's settings:

```toml
[airalo]
client_id = "..."
client_secret = "..."

[our-smdp]
kind = "es2plus"
address = "https://smdp.example:8443"
```
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from eka.gateways.suppliers.airalo.settings import AiraloSettings
from eka.gateways.suppliers.airalo.supplier import AiraloSupplier
from eka.gateways.suppliers.es2plus.settings import Es2PlusSettings
from eka.gateways.suppliers.es2plus.supplier import Es2PlusSupplier
from eka.gateways.suppliers.esimaccess.settings import EsimAccessSettings
from eka.gateways.suppliers.esimaccess.supplier import EsimAccessSupplier
from eka.gateways.suppliers.terms import Supplier


class UnreadableSuppliers(Exception):
    """A suppliers file that cannot be used; the message names the table and field, no value."""


MAKERS: Mapping[str, Callable[[str, dict[str, Any]], Supplier]] = {
    "es2plus": lambda name, table: Es2PlusSupplier(name, msgspec.convert(table, Es2PlusSettings)),
    "airalo": lambda name, table: AiraloSupplier(name, msgspec.convert(table, AiraloSettings)),
    "esimaccess": lambda name, table: EsimAccessSupplier(
        name, msgspec.convert(table, EsimAccessSettings)
    ),
}


def open_suppliers(path: Path) -> dict[str, Supplier]:
    """The suppliers of the file. Raises UnreadableSuppliers."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableSuppliers(f"{path} cannot be read as TOML") from error
    return open_tables(tables)


def open_tables(tables: Mapping[str, Any]) -> dict[str, Supplier]:
    """The suppliers of a file's tables. Raises UnreadableSuppliers."""
    return {name: _open(name, table) for name, table in tables.items()}


def _open(name: str, table: Any) -> Supplier:
    if not isinstance(table, dict):
        raise UnreadableSuppliers(f"{name!r} is no table")
    fields = dict(table)
    kind = str(fields.pop("kind", name))
    if kind not in MAKERS:
        raise UnreadableSuppliers(f"[{name}]: there is no kind {kind!r} of supplier")
    try:
        return MAKERS[kind](name, fields)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        raise UnreadableSuppliers(f"[{name}]: {error}") from error
