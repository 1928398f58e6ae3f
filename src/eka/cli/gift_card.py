"""`eka gift-card`: batches of gift cards and refill codes, redeemed, cancelled and listed."""

import csv
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from eka import clock
from eka.cli.instants import Instant, at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json, for_terminal
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.documents import BadInput
from eka.rules.gift_codes import GIVEN_AS, Gift, gift_from_text, gift_to_text
from eka.rules.instants import format_instant
from eka.rules.lines import Unable
from eka.words import Words

if TYPE_CHECKING:
    from eka.usecases.gift_cards import Card

WHY_NOT = {
    "mistyped": "This is not a code: a character is wrong, missing or too many.",
    "no_such_code": "There is no such code.",
    "too_many_tries": "Too many wrong codes: try again in an hour.",
    "used": "This code was used already.",
    "expired": "This code has expired.",
    "cancelled": "This code was cancelled.",
    "line_missing": "This code gives data: say which line it is for (--line).",
    "not_your_line": "The line is not this subscriber's.",
    "no_such_plan": "The plan that this code renews is no longer sold.",
}


@click.group()
def gift_card() -> None:
    """Make, redeem, cancel and list gift cards and refill codes."""


@gift_card.command()
@click.option("--batch", required=True, help="The batch's name; each is made once.")
@click.option("--count", default=1, show_default=True, help="How many cards.")
@click.option("--money", help="Each gives money for the wallet, such as 20.00 USD.")
@click.option("--data", help="Each gives data for a line, such as 5GB.")
@click.option("--validity", help="How long that data lives, such as 30d.")
@click.option("--as", "kind", type=click.Choice(GIVEN_AS), help="The data's kind; default topup.")
@click.option("--plan", help="Each renews a line on this plan.")
@click.option("--sold", is_flag=True, help="They were paid for; else the shop gives them away.")
@click.option("--expires", type=Instant(), help="Until when they can be redeemed.")
@at_option
@json_option
@database_option
def make(
    batch: str,
    count: int,
    sold: bool,
    expires: datetime | None,
    at: datetime | None,
    as_json: bool,
    **gives: str | None,
) -> None:
    """Make a batch and print its codes; they are kept nowhere, so nobody can print them again."""
    from eka.usecases.gift_cards import UnableToMake, make_batch

    try:
        gift = gift_from_text({key: text for key, text in gives.items() if text is not None})
    except BadInput as error:
        raise CallWrong(
            f"A card gives --money, --data with --validity, or --plan: {error}."
        ) from error
    try:
        codes = make_batch(batch, gift, count, at or clock.now(), expires, sold=sold)
    except UnableToMake as error:
        raise AnswerIsNo(f"No cards were made: {error}.") from error
    if as_json:
        echo_json({"batch": batch, "gives": gift_to_text(gift), "codes": codes})
    else:
        click.echo("\n".join(codes))


@gift_card.command()
@click.argument("code", default="-")
@click.option("--subscriber", required=True, type=int, help="Who redeems it.")
@click.option("--line", "line_id", type=int, help="The line that data is for.")
@at_option
@json_option
@database_option
def redeem(
    code: str, subscriber: int, line_id: int | None, at: datetime | None, as_json: bool
) -> None:
    """Redeem CODE, or the one on standard input, for a subscriber's wallet or line.

    An argument is seen by everybody on this machine; standard input is not.
    """
    from eka.ledger import models
    from eka.usecases import gift_cards

    if not models.Subscriber.objects.filter(pk=subscriber).exists():
        raise AnswerIsNo(f"There is no subscriber {subscriber}.")
    typed = sys.stdin.readline() if code == "-" else code
    try:
        done = gift_cards.redeem(typed, subscriber, at or clock.now(), line_id)
    except gift_cards.UnableToRedeem as refusal:
        raise AnswerIsNo(WHY_NOT[refusal.code]) from refusal
    except Unable as refusal:
        raise AnswerIsNo(for_terminal(Words("en").refusal(refusal))) from refusal
    if as_json:
        given = {"gives": gift_to_text(done.gift), "line": done.line}
        echo_json(given | {"at": format_instant(done.at), "repeated": done.repeated})
    else:
        click.echo(f"{_gift(done.gift)}{' (as before)' if done.repeated else ''}")


@gift_card.command()
@click.option("--batch", required=True, help="The cards of this batch that nobody has redeemed.")
@click.option("--ending", default="", help="Only those whose codes end in these characters.")
@at_option
@json_option
@database_option
def cancel(batch: str, ending: str, at: datetime | None, as_json: bool) -> None:
    """Cancel cards."""
    from eka.usecases import gift_cards

    now = at or clock.now()
    if next(gift_cards.cards(now, batch), None) is None:
        raise AnswerIsNo(f"There is no batch {batch!r}.")
    cancelled = gift_cards.cancel(batch, now, ending)
    if as_json:
        echo_json({"cancelled": cancelled})
    else:
        click.echo(f"{cancelled} cancelled")


@gift_card.command("list")
@click.option("--batch", help="Only this batch.")
@at_option
@json_option
@database_option
def list_(batch: str | None, at: datetime | None, as_json: bool) -> None:
    """Print the state of every card: CSV, or JSON lines. Codes are not known, only their ends."""
    from eka.usecases.gift_cards import cards

    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    if not as_json:
        writer.writeheader()
    for card in cards(at or clock.now(), batch):
        row = _row(card)
        if as_json:
            echo_json(row | {"gives": gift_to_text(card.gift)})
        else:
            writer.writerow(row)


COLUMNS = (
    *("batch", "ends_in", "gives", "state", "made_at", "expires_at"),
    *("redeemed_at", "redeemed_by", "line", "cancelled_at"),
)


def _row(card: "Card") -> dict[str, Any]:
    return {
        "batch": card.batch,
        "ends_in": card.shown,
        "gives": _gift(card.gift),
        "state": card.state,
        "made_at": _instant(card.made_at),
        "expires_at": _instant(card.expires_at),
        "redeemed_at": _instant(card.redeemed_at),
        "redeemed_by": card.redeemed_by,
        "line": card.line,
        "cancelled_at": _instant(card.cancelled_at),
    }


def _instant(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant else None


def _gift(gift: Gift) -> str:
    return " ".join(gift_to_text(gift).values())
