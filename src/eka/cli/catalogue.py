"""`eka catalogue`: the shop's carriers and plans from and to files."""

from pathlib import Path

import click
import yaml

from eka.cli.imported import import_files
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json, for_terminal
from eka.cli.problems import CallWrong
from eka.rules.catalogue_text import catalogue_to_text, read_catalogue
from eka.words import Words

SHIPPED = Path(__file__).parent.parent / "catalogue" / "operators.yaml"


@click.group()
def catalogue() -> None:
    """Import, export and list the plans that the shop sells."""


@catalogue.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--shipped", is_flag=True, help="Import the operators' plans that come with Eka.")
@json_option
@database_option
def import_(files: tuple[Path, ...], shipped: bool, as_json: bool) -> None:
    """Import catalogue FILES; a plan that differs from the one sold becomes a new version.

    Every file is read before any is imported: a bad one changes nothing.
    """
    from eka.usecases.catalogue import import_catalogue

    paths = [*files, *([SHIPPED] if shipped else [])]
    if not paths:
        raise CallWrong("Name a catalogue file, or --shipped for the one that comes with Eka.")
    import_files(paths, read_catalogue, import_catalogue, as_json=as_json)


@catalogue.command()
@json_option
@database_option
def export(as_json: bool) -> None:
    """Write the plans on sale as a catalogue file, which imports to the same."""
    from eka.usecases.catalogue import export_catalogue

    text = catalogue_to_text(export_catalogue())
    if as_json:
        echo_json(text)
    else:
        click.echo(yaml.safe_dump(text, allow_unicode=True, sort_keys=False, width=100), nl=False)


@catalogue.command("list")
@json_option
@database_option
def list_(as_json: bool) -> None:
    """List the plans on sale, each with its rollover in a sentence."""
    from eka.ledger.offers import on_sale
    from eka.rules.plan_text import plan_to_text

    words = Words("en")
    for offer in on_sale():
        if as_json:
            echo_json({**plan_to_text(offer.plan), "version": offer.plan.version})
        else:
            amount = words.data(offer.plan.data, offer.plan)
            rule = words.rollover_sentence(offer.plan)
            click.echo(for_terminal(f"{offer.plan.name}: {amount}. {rule}"))
