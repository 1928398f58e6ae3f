"""`eka records`: charging data records, for whoever rates, settles or files them elsewhere."""

import csv
import sys
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from eka.cli.instants import Instant
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.rules.instants import format_instant

# Of what a gateway told, these are columns of their own; --json has all of it.
FACTS = ("door", "peer", "apn", "rat", "network", "charging_id")
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


@click.group()
def records() -> None:
    """Export charging data records."""


@records.command()
@click.option("--since", type=Instant(), default=EARLIEST, help="Sessions that ended from here.")
@click.option("--until", type=Instant(), default=LATEST, help="Sessions that ended before here.")
@json_option
@database_option
def export(since: datetime, until: datetime, as_json: bool) -> None:
    """Print a record for each rating group of each ended session: CSV, or JSON lines."""
    from django.db import transaction

    from eka.ledger import records as ledger

    writer = None
    with transaction.atomic():
        for record in ledger.export(since, until):
            if as_json:
                echo_json(record)
                continue
            row = as_row(record)
            if writer is None:
                writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)


def as_row(record: Any) -> dict[str, Any]:
    """A record as a flat row; instants in UTC."""
    plain = msgspec.structs.asdict(record)
    facts = plain.pop("facts")
    for name in ("started_at", "ended_at"):
        plain[name] = format_instant(plain[name])
    return {**plain, **{name: facts.get(name, "") for name in FACTS}}
