"""All sandboxes of suppliers together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records
from eka.gateways.suppliers.sandbox.airalo import AiraloSandbox
from eka.gateways.suppliers.sandbox.counter import SupplierSandbox
from eka.gateways.suppliers.sandbox.esimaccess import EsimAccessSandbox
from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox

KINDS: tuple[tuple[str, type[SupplierSandbox]], ...] = (
    ("es2plus", SmdpSandbox),
    ("airalo", AiraloSandbox),
    ("esimaccess", EsimAccessSandbox),
)


def open_suppliers_market(
    folder: Path | None, now: Callable[[], datetime], seed: int | None = None
) -> dict[str, SupplierSandbox]:
    """A sandbox of each supplier, with what it knew before; without a folder all in memory."""
    opened = {}
    for name, kind in KINDS:
        records = Records(folder / f"{name}.sqlite" if folder else None)
        opened[name] = kind(records, Courier(records, now, seed))
    return opened
