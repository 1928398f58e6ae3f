"""The table of devices that this shop goes by: the one that Eka ships, and its own rows over it."""

from functools import lru_cache
from pathlib import Path
from typing import cast

from django.db import transaction

from eka.ledger import models
from eka.rules.device_text import read_devices
from eka.rules.devices import Esim, Listing, Query, Table, Verdict, check, merged, table_of
from eka.usecases.imported import Imported

SHIPPED = Path(__file__).parents[1] / "catalogue" / "devices.csv"


@lru_cache(maxsize=1)
def shipped() -> tuple[Listing, ...]:
    """The curated table that comes with Eka."""
    return read_devices(SHIPPED.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _shipped_table() -> Table:
    return table_of(shipped())


def own() -> tuple[Listing, ...]:
    """The rows that the shop has added or put in the place of shipped ones."""
    return tuple(_listing(row) for row in models.Device.objects.order_by("pk"))


def devices() -> Table:
    """Every device that is known here."""
    added = own()
    return table_of(merged(shipped(), added)) if added else _shipped_table()


def ask(query: Query) -> Verdict:
    """Whether a device takes an eSIM, by this shop's table."""
    return check(devices(), query)


@transaction.atomic
def import_devices(listings: tuple[Listing, ...]) -> Imported:
    """Takes rows into the shop's own; one that is there, however it is spelled, is replaced.

    Importing the same again changes nothing.
    """
    result = Imported([], [], [])
    held = {_listing(row).identity: row for row in models.Device.objects.select_for_update()}
    for listing in listings:
        fields = _fields(listing)
        row = held.get(listing.identity)
        label = f"{listing.name} ({listing.region or '*'})"
        if row is None:
            models.Device.objects.create(**fields)
            result.new.append(label)
        elif any(getattr(row, name) != value for name, value in fields.items()):
            models.Device.objects.filter(pk=row.pk).update(**fields)
            result.changed.append(label)
        else:
            result.unchanged.append(label)
    return result


def _fields(listing: Listing) -> dict[str, object]:
    # `note` holds what a row says beyond its columns.
    return {
        "brand": listing.brand,
        "model": listing.model,
        "region": listing.region,
        "esim": listing.esim,
        "source": listing.source,
        "checked_on": listing.checked_on,
        "note": {
            "text": dict(listing.note),
            "kind": listing.kind,
            "certainty": listing.certainty,
            "aliases": list(listing.aliases),
        },
    }


def _listing(row: models.Device) -> Listing:
    note = row.note
    return Listing(
        brand=row.brand,
        model=row.model,
        region=row.region,
        esim=cast(Esim, row.esim),
        source=row.source,
        checked_on=row.checked_on,
        note=note.get("text", {}),
        kind=note.get("kind", "phone"),
        certainty=note.get("certainty", "listed"),
        aliases=tuple(note.get("aliases", ())),
    )
