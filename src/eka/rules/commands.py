"""One entry point for every change of a line: what is due happens first, then the command.

`perform` and `pass_time` are all that use cases, charging, jobs and simulations call.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from eka.rules import lifecycle
from eka.rules.consumption import consume
from eka.rules.due import advance
from eka.rules.lines import Answer, Bucket, Draft, Entry, Line, Period
from eka.rules.plans import Plan
from eka.rules.quota import close_silent, request
from eka.rules.renewals import queue_addon, renew
from eka.rules.requests import (
    Activate,
    AddOn,
    Change,
    CloseSilent,
    Command,
    Renew,
    SessionRequest,
    TopUp,
    Use,
    Withdraw,
)
from eka.rules.topups import top_up

NOTHING_ON_OFFER: Mapping[str, Plan] = {}


class Outcome(NamedTuple):
    """The line after a call, the entries that tell what happened, a session's answer.

    For who keeps rows: the buckets that came to be, and the periods that began and ended.
    """

    line: Line
    entries: list[Entry]
    made: list[Bucket]
    begun: list[Period]
    ended: list[Period]
    answer: Answer | None = None


def _outcome(draft: Draft, answer: Answer | None = None) -> Outcome:
    return Outcome(draft.line, draft.entries, draft.made, draft.begun, draft.ended, answer)


_CHANGES: dict[str, Callable[[Draft], None]] = {
    "clear": lifecycle.clear,
    "suspend": lifecycle.suspend,
    "resume": lifecycle.resume,
    "cancel": lifecycle.cancel,
    "chargeback": lifecycle.charge_back,
}


def perform(
    line: Line, command: Command, now: datetime, offers: Mapping[str, Plan] = NOTHING_ON_OFFER
) -> Outcome:
    """The line after `command` at `now`. Raises Unable, with nothing changed.

    A command that arrives late is applied at the last instant that is already decided. `offers`
    are the terms sold today by name, for plans that renew themselves.
    """
    draft = Draft(line, now, offers)
    advance(draft, _not_before(line, now), renewing=isinstance(command, Renew))
    answer = _apply(draft, command)
    draft.change(as_of=draft.now)
    return _outcome(draft, answer)


def pass_time(line: Line, now: datetime, offers: Mapping[str, Plan] = NOTHING_ON_OFFER) -> Outcome:
    """The line after everything that is due up to and including `now`."""
    draft = Draft(line, now, offers)
    advance(draft, _not_before(line, now))
    if draft.entries or draft.line is not line:
        draft.change(as_of=draft.now)
    return _outcome(draft)


def _not_before(line: Line, now: datetime) -> datetime:
    return now if line.as_of is None or now > line.as_of else line.as_of


def _apply(draft: Draft, command: Command) -> Answer | None:
    match command:
        case SessionRequest():
            return request(draft, command)
        case Use():
            consume(draft, command.data, hotspot=command.hotspot, **command.figures)
        case Renew():
            renew(draft, command.plan, command.by, command.rollover, command.starts)
        case TopUp():
            top_up(draft, command.kind, command.data, command.validity)
        case AddOn():
            queue_addon(draft, command.plan, command.starts)
        case CloseSilent():
            close_silent(draft, command.before)
        case Activate() | Withdraw() | Change():
            _live(draft, command)
    return None


def _live(draft: Draft, command: Activate | Withdraw | Change) -> None:
    match command:
        case Activate():
            lifecycle.activate(draft, command.plan, command.left)
        case Withdraw():
            lifecycle.withdraw(draft, command.buckets, command.paid_at)
        case Change():
            _CHANGES[command.what](draft)
