"""`eka promotion`: the shop's promotions from and to files, and who would get what."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from eka import clock
from eka.cli.imported import import_files
from eka.cli.instants import at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.instants import format_instant
from eka.rules.promotion_terms import closed
from eka.rules.promotion_text import promotion_to_text, promotions_to_text, read_promotions
from eka.rules.units import Money, format_data, format_money

if TYPE_CHECKING:
    from eka.rules.baskets import Gives
    from eka.usecases.promotion_previews import Preview, Sample
    from eka.usecases.promotions import Kept

SHIPPED = Path(__file__).parent.parent / "catalogue" / "promotions.yaml"


@click.group()
def promotion() -> None:
    """Import, export, list, preview and stop promotions."""


@promotion.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--shipped", is_flag=True, help="Import the examples that come with Eka.")
@json_option
@database_option
def import_(files: tuple[Path, ...], shipped: bool, as_json: bool) -> None:
    """Import promotion FILES; one that differs from what is kept becomes a new version.

    Every file is read before any is imported: a bad one changes nothing.
    """
    from eka.usecases.promotions import import_promotions

    paths = [*files, *([SHIPPED] if shipped else [])]
    if not paths:
        raise CallWrong("Name a promotion file, or --shipped for the one that comes with Eka.")
    import_files(paths, read_promotions, import_promotions, as_json=as_json)


@promotion.command()
@json_option
@database_option
def export(as_json: bool) -> None:
    """Write the promotions on offer as a file, which imports to the same."""
    from eka.usecases.promotions import export_promotions

    text = promotions_to_text(export_promotions())
    if as_json:
        echo_json(text)
    else:
        click.echo(yaml.safe_dump(text, allow_unicode=True, sort_keys=False, width=100), nl=False)


@promotion.command("list")
@at_option
@json_option
@database_option
def list_(at: datetime | None, as_json: bool) -> None:
    """List all promotions: whether each holds, and how often it was used."""
    from eka.usecases.promotions import kept_promotions

    now = at or clock.now()
    for kept in kept_promotions():
        told = _told(kept, now)
        if as_json:
            echo_json(told | {"terms": promotion_to_text(kept.promotion)})
        else:
            code = f"code {told['code']}" if told["code"] else "campaign"
            state = "on offer" if told["now"] == "" else told["now"].replace("_", " ")
            click.echo(f"{told['name']}: {code}, {state}, used {told['uses']} times")


def _told(kept: "Kept", now: datetime) -> dict[str, Any]:
    return {
        "name": kept.promotion.name,
        "version": kept.version,
        "code": kept.promotion.code,
        "now": "stopped" if kept.stopped_at else closed(kept.promotion, now) or "",
        "stopped_at": format_instant(kept.stopped_at) if kept.stopped_at else None,
        "uses": kept.uses,
    }


@promotion.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Put it on offer again.")
@at_option
@database_option
def stop(name: str, undo: bool, at: datetime | None) -> None:
    """End a promotion now; orders that hold it keep it."""
    from eka.usecases import promotions

    try:
        if undo:
            promotions.start(name)
        else:
            promotions.stop(name, at or clock.now())
    except promotions.NoSuchPromotion as error:
        raise AnswerIsNo(f"There is no promotion {name!r}.") from error
    click.echo(f"{name} is on offer again." if undo else f"{name} is stopped.")


@promotion.command()
@click.argument("name")
@at_option
@json_option
@database_option
def preview(name: str, at: datetime | None, as_json: bool) -> None:
    """Show who would get what from a promotion, and what it would cost at most."""
    from eka.usecases.promotion_previews import preview as look_ahead
    from eka.usecases.promotions import NoSuchPromotion

    try:
        seen = look_ahead(name, at or clock.now())
    except NoSuchPromotion as error:
        raise AnswerIsNo(f"There is no promotion {name!r}.") from error
    if as_json:
        echo_json(_plain(seen))
        return
    state = "holds now" if seen.now == "" else f"does not hold now ({seen.now.replace('_', ' ')})"
    click.echo(f"{name} {state}. It is for {seen.people} people.")
    for sample in seen.samples:
        click.echo(f"  {_sentence(sample)}")
    click.echo(f"At most: {_at_most(seen)}")
    for one in seen.examples:
        click.echo(f"  line {one.line} ({one.plan}), {one.name or one.subscriber}")


def _plain(seen: "Preview") -> dict[str, Any]:
    """The preview with amounts as texts, as a promotion file has them."""
    return {
        "name": seen.promotion.name,
        "now": seen.now,
        "people": seen.people,
        "samples": [
            {
                "kind": sample.kind,
                "plan": sample.plan,
                "times": sample.times,
                "price": format_money(sample.price),
                "off": format_money(_off(sample)),
                "gives": None if sample.gives is None else _gift(sample.gives),
                "refused": sample.refused,
                "buyers": sample.buyers,
            }
            for sample in seen.samples
        ],
        "cost": [format_money(money) for money in seen.most.cost],
        "bonus": format_data(seen.most.bonus),
        "examples": seen.examples,
    }


def _sentence(sample: "Sample") -> str:
    what = f"{sample.kind} of {sample.plan}" + (f" x {sample.times}" if sample.times > 1 else "")
    if sample.refused:
        return f"{what}: nothing ({sample.refused.replace('_', ' ')})"
    parts = [f"{format_money(_off(sample))} off {format_money(sample.price)}"]
    if sample.gives is not None:
        parts.append(", ".join(f"{name} {value}" for name, value in _gift(sample.gives).items()))
    return f"{what}: {', '.join(parts)}; {sample.buyers} could"


def _off(sample: "Sample") -> Money:
    return Money(sample.off, sample.price.currency)


def _gift(gives: "Gives") -> dict[str, Any]:
    gift = {
        "bonus": format_data(gives.bonus) if gives.bonus else "",
        "rollover": gives.rollover,
        "periods": gives.periods,
    }
    return {name: value for name, value in gift.items() if value}


def _at_most(seen: "Preview") -> str:
    parts = [f"{format_money(money)} off" for money in seen.most.cost]
    parts += [f"{format_data(seen.most.bonus)} given"] if seen.most.bonus else []
    return ", ".join(parts) or "nothing"
