"""`eka shop`: the shop's own terms: currencies, rates, deadlines, refunds."""

from pathlib import Path

import click
import yaml

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import CallWrong
from eka.cli.texts import read_text
from eka.rules.documents import BadInput
from eka.rules.shop import shop_to_text


@click.group()
def shop() -> None:
    """Show and set the shop's own terms."""


@shop.command()
@json_option
@database_option
def show(as_json: bool) -> None:
    """Show the terms as a document that can be set again."""
    from eka.usecases.shop import the_shop

    terms = shop_to_text(the_shop())
    if as_json:
        echo_json(terms)
    else:
        click.echo(yaml.safe_dump(terms, allow_unicode=True, sort_keys=False), nl=False)


@shop.command("set")
@click.argument("file", type=click.Path())
@database_option
def set_(file: str) -> None:
    """Take a document (YAML) as the shop's terms."""
    from eka.usecases.shop import set_shop

    try:
        set_shop(read_text(Path(file)), clock.now())
    except BadInput as error:
        raise CallWrong(f"{file}: {error}") from error
    click.echo("The shop's terms are set.")
