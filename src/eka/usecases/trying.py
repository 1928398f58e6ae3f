"""What a purchase will do to a line: tried on a copy, by the commands that will really be done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from eka.ledger.plans import OnSale
from eka.rules.commands import perform
from eka.rules.fates import Fate, fates_of, held, losses_of
from eka.rules.instants import format_instant
from eka.rules.lines import Entry, Line, Unable
from eka.rules.requests import Command
from eka.usecases.goods import UnableToQuote


def effect_on(
    line: Line, commands: Sequence[Command], now: datetime, position: int = 0
) -> dict[str, Any]:
    """The line's balance before and after the commands, in bytes; None is unlimited.

    `lost` and `fates` tell what becomes of every byte that it has now. What is queued shows as
    `waits`. Raises UnableToQuote where the rules refuse a command.
    """
    after, entries, offers = line, list[Entry](), OnSale()
    for command in commands:
        try:
            outcome = perform(after, command, now, offers)
        except Unable as refusal:
            raise UnableToQuote(refusal.code, position, **refusal.figures) from refusal
        after, entries = outcome.line, [*entries, *outcome.entries]
    fates = fates_of(line, entries, after)
    return {
        "line": {"before": held(line), "after": held(after)},
        "granted": sum(e.bytes for e in entries if e.code == "granted" and e.reason != "round_up"),
        "carried": sum(fate.carried for fate in fates),
        "kept": sum(fate.kept for fate in fates),
        "lost": sum(fate.lost for fate in fates),
        "losses": msgspec.to_builtins(losses_of(entries)),
        "fates": [_fate(fate) for fate in fates],
        "ends_before": line.period and format_instant(line.period.ends),
        "ends_after": after.period and format_instant(after.period.ends),
        "waits": len(after.queue) - len(line.queue),
        "at": format_instant(now),
    }


def _fate(fate: Fate) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(fate)
    return plain
