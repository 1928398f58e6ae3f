"""`eka devices`: which devices take an eSIM, by the table of Eka and the shop's own rows."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from eka.cli.imported import import_files
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json, for_terminal
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.activation_codes import UnreadableCode, read_eid
from eka.rules.device_text import devices_to_text, read_devices
from eka.rules.devices import Listing, Query, Verdict
from eka.usecases.imported import Imported
from eka.words import devices as said
from eka.words.tongue import Tongue


@click.group()
def devices() -> None:
    """Check devices for eSIM; extend and export the table of devices."""


@devices.command()
@click.argument("name")
@click.option("--region", default="", help="Where it was bought, such as CN; ZZ is elsewhere.")
@click.option("--locked/--unlocked", default=None, help="Whether a carrier has locked it.")
@click.option("--eid", help="The EID that it shows, to check it as well.")
@json_option
@database_option
def check(name: str, region: str, locked: bool | None, eid: str | None, as_json: bool) -> None:
    """Say whether a device takes an eSIM: yes, no, depends or unknown, and why.

    Exits 0 for yes and 1 for everything else.
    """
    from eka.usecases.devices import ask

    _check_eid(eid)
    shown = True if eid else None
    verdict = ask(Query(text=name, region=region.upper(), locked=locked, eid=shown))
    if as_json:
        echo_json(_plain(verdict))
    else:
        _tell(verdict)
    if verdict.answer != "yes":
        raise AnswerIsNo("")


@devices.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@database_option
def import_(files: tuple[Path, ...], as_json: bool) -> None:
    """Import CSV FILES: rows that add to the table, or hold in place of shipped ones.

    The columns are brand, model, region, esim (yes, no, some), source, checked_on and, if you like,
    kind, certainty, aliases, note_en, note_zh. One bad row, and nothing of any file is taken.
    """
    from eka.usecases.devices import import_devices

    def take(listings: tuple[Listing, ...], now: datetime) -> Imported:
        return import_devices(listings)

    import_files(files, read_devices, take, as_json=as_json)


@devices.command()
@click.option("--own", "only_own", is_flag=True, help="Only the shop's own rows.")
@database_option
def export(only_own: bool) -> None:
    """Write the table as CSV, which imports to the same."""
    from eka.rules.devices import merged
    from eka.usecases.devices import own, shipped

    rows = own() if only_own else merged(shipped(), own())
    click.echo(devices_to_text(rows), nl=False)


def _check_eid(eid: str | None) -> None:
    if eid is None:
        return
    try:
        read_eid(eid)
    except UnreadableCode as wrong:
        digits = sum(sign.isdigit() for sign in eid)
        raise CallWrong(said.eid_fault(Tongue("en"), wrong.fault, digits)) from None


def _plain(verdict: Verdict) -> Mapping[str, Any]:
    return {
        "answer": verdict.answer,
        "why": verdict.why,
        "name": verdict.name,
        "region": verdict.region,
        "locked": verdict.locked,
        "rows": verdict.listings,
        "suggestions": verdict.suggestions,
    }


def _tell(verdict: Verdict) -> None:
    tongue = Tongue("en")
    notes = dict.fromkeys(row.note.get("en", "") for row in verdict.listings)
    shown = [note for note in notes if note] if verdict.why != "region" else []
    click.echo(for_terminal(said.headline(tongue, verdict)))
    for line in (*said.reasons(tongue, verdict), *shown, *verdict.suggestions):
        click.echo(f"  {line}")
    for row in verdict.listings:
        where = row.region or "elsewhere"
        click.echo(f"  {where}: {row.esim} ({row.certainty}, {row.checked_on}) {row.source}")
