"""`eka demo`: the demo's data and clock."""

import os
import secrets

import click

from eka import clock
from eka.cli.catalogue import SHIPPED
from eka.cli.options import database_option
from eka.cli.promotion import SHIPPED as OFFERS
from eka.cli.texts import read_text
from eka.rules.catalogue_text import read_catalogue
from eka.rules.promotion_text import read_promotions
from eka.web.state import read_or_make

STEPS = ("day", "week", "period_end", "month_end")


@click.group()
def demo() -> None:
    """Load the demo's cast; move its clock."""


@demo.command()
@database_option
def load() -> None:
    """Load the operators' plans and the cast, unless they are there; print the logins."""
    from eka.usecases import demo as story
    from eka.usecases.catalogue import import_catalogue
    from eka.usecases.demo_prices import SHOP, priced, supplied
    from eka.usecases.promotions import import_promotions
    from eka.usecases.shop import is_set, set_shop
    from eka.usecases.suppliers import VARIABLE

    story.follow_clock()
    catalogue = priced(read_catalogue(read_text(SHIPPED)))
    has_suppliers = bool(os.environ.get(VARIABLE))
    import_catalogue(supplied(catalogue) if has_suppliers else catalogue, clock.now())
    if not is_set():
        set_shop(SHOP, clock.now())
        import_promotions(read_promotions(read_text(OFFERS)), clock.now())
    password = read_or_make("demo-password", lambda: secrets.token_urlsafe(9))
    if story.load(clock.now(), password):
        click.echo("The demo's cast has been loaded.")
    if has_suppliers:
        story.equip(clock.now())
    click.echo(f"Sign in with the password {password} as one of:")
    for member in story.cast():
        click.echo(f"  {member.username:<8} {member.story['en']}")
    click.echo("  charlie  Has no line, and may see nobody's.")


@demo.command()
@click.argument("step", type=click.Choice(STEPS))
@database_option
def move(step: str) -> None:
    """Move the demo's clock ahead, and settle what has become due."""
    from eka.rules.instants import format_instant
    from eka.usecases import demo as story

    story.follow_clock()
    click.echo(format_instant(story.move_clock(step)))
