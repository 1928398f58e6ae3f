"""A line goes to another device: asked for once, told how it stands, and never on two at a time.

The old profile is given up (`current` no more) in the moment a replacement is ordered; balance,
number and history are the line's and stay. Lock order: the profile, its move, the line.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import Struct

from eka.ledger import direct, models
from eka.rules.instants import format_instant
from eka.rules.moves import (
    DECLARES_LOST,
    ENDED,
    LEADS,
    MoveEvent,
    MoveReason,
    Way,
    after,
    begins,
    may_cancel,
    way_out,
)
from eka.rules.profiles import ON_PHONE, UNTOUCHED
from eka.usecases import outbox
from eka.usecases.cases import close_case, open_case
from eka.usecases.move_facts import facts_of

WAYS: dict[MoveEvent, Way] = {event: way for way, event in LEADS.items()}
# What the owner is told of, by the names of the messages in `words.profiles`.
TOLD: dict[MoveEvent, str] = {
    "same_code": "move_ready",
    "arrived": "move_ready",
    "handed_over": "move_stuck",
    "not_delivered": "move_stuck",
    "installed": "move_done",
}
WORDS_MAX = 500


class NothingToMove(Exception):
    """The line has no profile of ours."""


class NotNow(Exception):
    """What was asked for does not fit the state that the move is in; nothing has changed."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a line's owner asks for; `device` and `why` are in their own words."""

    line: int
    reason: MoveReason
    device: str = ""
    why: str = ""


@transaction.atomic
def ask(wish: Wish, key: str, now: datetime) -> int:
    """Begins a move; its id. The same key, or a line that is moving already, is the same move.

    Raises NothingToMove.
    """
    held = models.Profile.objects.select_for_update().filter(line=wish.line, current=True)
    profile = held.first()
    same = models.DeviceMove.objects.filter(Q(key=key) | Q(line=wish.line, ended_at=None))
    if (known := same.order_by("-pk").first()) is not None:
        return int(known.pk)
    if profile is None:
        raise NothingToMove(wish.line)
    move = models.DeviceMove.objects.create(
        key=key,
        line_id=wish.line,
        old=profile,
        reason=wish.reason,
        state="asked",
        device=wish.device[:WORDS_MAX],
        asked_at=now,
        facts={"why": wish.why[:WORDS_MAX], "story": []},
    )
    event = begins(wish.reason, facts_of(move, profile, now))
    if wish.reason in DECLARES_LOST and event != "same_code":
        _give_up(profile, now)
    _go(move, profile, event, now)
    return int(move.pk)


def preview(wish: Wish, profile: models.Profile, now: datetime) -> MoveEvent:
    """The event with which a move of the line's current profile would begin."""
    move = models.DeviceMove(line_id=wish.line, reason=wish.reason)
    return begins(wish.reason, facts_of(move, profile, now))


@transaction.atomic
def declare_lost(line_id: int, why: str, now: datetime) -> None:
    """The owner cannot delete the old profile after all, and says why. Raises NotNow."""
    move, profile = _open(line_id)
    if move.state != "waiting_for_deletion":
        raise NotNow(move.state)
    move.facts["why"] = why[:WORDS_MAX]
    _give_up(profile, now)
    facts = facts_of(move, profile, now, tried=True)  # whatever is out there is not trusted again
    _go(move, profile, LEADS[way_out(facts)], now)


@transaction.atomic
def did_not_work(line_id: int, now: datetime) -> None:
    """The phone refused what should have been installed again. Raises NotNow."""
    move, profile = _open(line_id)
    if move.state != "ready" or move.way != "install_again":
        raise NotNow(move.state)
    _go(move, profile, LEADS[way_out(facts_of(move, profile, now, tried=True))], now)


@transaction.atomic
def confirm(line_id: int, now: datetime) -> None:
    """The owner says that it is installed; not every supplier tells us. Raises NotNow."""
    move, profile = _open(line_id)
    if move.state != "ready":
        raise NotNow(move.state)
    _go(move, profile, "installed", now)


@transaction.atomic
def cancel(line_id: int, now: datetime) -> None:
    """The owner stays with the old profile. Raises NotNow when that was given up already."""
    move, profile = _open(line_id)
    if not may_cancel(move.state, kept=profile.current):
        raise NotNow(move.state)
    _go(move, profile, "cancelled", now)


@transaction.atomic
def replace(move_id: int, now: datetime) -> None:
    """Staff have decided that a stuck move gets another profile. Raises UnableToMove."""
    move, profile = _locked(move_id)
    _go(move, profile, "replacement_ordered", now)


@transaction.atomic
def arrived(move_id: int, profile_id: int, now: datetime) -> None:
    """The replacement is there and becomes the line's profile; said twice, it is once.

    Raises UnableToMove for a move that waits for none.
    """
    move, old = _locked(move_id)
    if move.new_id == profile_id:
        return
    after(move.state, "arrived")
    if old.current:
        _give_up(old, now)
    new = models.Profile.objects.select_for_update().get(pk=profile_id)
    new.line_id, new.current, new.spare = move.line_id, True, False
    new.given_at, new.next_poll = now, now
    new.usage_base = new.usage_used or 0
    new.save()
    move.new = new
    _name_line(move.line_id, new)
    _go(move, old, "arrived", now)
    if new.state in ON_PHONE:
        _go(move, old, "installed", now)


@transaction.atomic
def not_delivered(move_id: int, why: str, now: datetime) -> None:
    """No supplier delivers a replacement: staff have to. Nothing where that was said before."""
    move, old = _locked(move_id)
    if move.state == "reordering":
        move.facts["refused"] = why
        _go(move, old, "not_delivered", now)


@transaction.atomic
def noticed(profile_id: int, state: str, now: datetime) -> None:
    """A profile's state has moved: a move goes on; one that was given up and turns up is a case."""
    profile = models.Profile.objects.select_for_update().get(pk=profile_id)
    concerned = Q(old=profile_id) | Q(new=profile_id)
    open_ = models.DeviceMove.objects.select_for_update().filter(concerned, ended_at=None)
    move = open_.first()
    if move is not None:
        _follow(move, profile, state, now)
    if _turned_up(profile, state):
        open_case(
            "lost_profile_back",
            f"lost_profile_back:{profile_id}",
            now,
            {"profile": profile_id, "iccid": profile.iccid, "line": profile.line_id}
            | {"state": state, "eid": profile.eid},
        )


def open_move(line_id: int) -> models.DeviceMove | None:
    """The line's move that has not ended, to be looked at."""
    return _moves(line_id).filter(ended_at=None).first()


def last_move(line_id: int) -> models.DeviceMove | None:
    """The line's last move, whether it has ended or not."""
    return _moves(line_id).order_by("-pk").first()


def _moves(line_id: int) -> QuerySet[models.DeviceMove]:
    return models.DeviceMove.objects.filter(line=line_id).select_related("old", "new")


def _follow(move: models.DeviceMove, profile: models.Profile, state: str, now: datetime) -> None:
    arriving = move.new_id or (move.old_id if move.way == "install_again" else None)
    if move.state == "ready" and profile.pk == arriving and state in ON_PHONE:
        _go(move, profile, "installed", now)
    elif profile.pk == move.old_id and profile.current and state in ("deleted", "released"):
        way = way_out(facts_of(move, profile, now))
        if move.state == "waiting_for_deletion" or (
            move.state == "stuck" and way == "install_again"
        ):
            _go(move, profile, LEADS[way], now)


def _turned_up(profile: models.Profile, state: str) -> bool:
    """Whether a profile that was given up is on a phone; what was so before is no news."""
    if profile.line_id is None or profile.current or state not in ("downloaded", *ON_PHONE):
        return False
    lost, at = profile.lost_at, profile.state_at
    return lost is None or at is None or at > lost


def _go(move: models.DeviceMove, profile: models.Profile, event: MoveEvent, now: datetime) -> None:
    """Takes the move on and does what belongs to it; `profile` is the old one, locked."""
    was = move.state
    move.state = after(was, event)
    move.way = WAYS.get(event, move.way)
    move.ended_at = now if move.state in ENDED else None
    move.facts["story"] = [*move.facts["story"], [format_instant(now), event]]
    if was == "stuck":
        close_case(move.facts.pop("case", ""), now, event)
    if move.state == "stuck":
        _open_case(move, profile, now)
    if event == "replacement_ordered":
        _order(move, profile, now)
    move.save()
    if event in TOLD:
        _tell(move, TOLD[event], now)


def _order(move: models.DeviceMove, profile: models.Profile, now: datetime) -> None:
    if profile.current:
        _give_up(profile, now)
    nth = sum(event == "replacement_ordered" for _, event in move.facts["story"])
    key = f"replace_profile:{move.pk}" + (f":{nth}" if nth > 1 else "")
    outbox.put("replace_profile", key, now, {"move": move.pk})


def _give_up(profile: models.Profile, now: datetime) -> None:
    """The profile is the line's no more; unless it was reported deleted, it counts as lost.

    Where nobody has downloaded it, nobody shall.
    """
    if profile.state != "deleted":
        profile.lost_at = profile.lost_at or now
    if profile.state in UNTOUCHED:
        outbox.put("cancel_profile", f"cancel:{profile.iccid}", now, {"iccid": profile.iccid})
    profile.current = False
    profile.save(update_fields=["current", "lost_at"])


def _name_line(line_id: int, new: models.Profile) -> None:
    """The line is found by its new profile; the number stays, unless it had none."""
    line = models.Line.objects.select_for_update().get(pk=line_id)
    line.iccid = new.iccid
    line.imsi = new.imsi or line.imsi
    line.msisdn = line.msisdn or new.msisdn or None
    line.save(update_fields=["iccid", "imsi", "msisdn"])


def _open_case(move: models.DeviceMove, profile: models.Profile, now: datetime) -> None:
    """Everything that a person needs to decide, so that nobody has to ask for it."""
    key = f"move:{move.pk}:{len(move.facts['story'])}"
    move.facts["case"] = key
    facts = {"move": move.pk, "line": move.line_id, "reason": move.reason}
    facts |= {"device": move.device, "why": move.facts["why"]}
    facts |= {"refused": move.facts.get("refused", ""), "supplier": profile.supplier}
    facts |= {"iccid": profile.iccid, "state": profile.state, "eid": profile.eid}
    facts |= {"usage_used": profile.usage_used, "usage_total": profile.usage_total}
    open_case("move_stuck", key, now, facts)


def _tell(move: models.DeviceMove, event: str, now: datetime) -> None:
    line = models.Line.objects.get(pk=move.line_id)
    if line.subscriber_id is None:
        return
    told = models.Message(
        key=f"{event}:{move.pk}:{len(move.facts['story'])}",
        subscriber_id=line.subscriber_id,
        line_id=line.pk,
        event=event,
        facts={"line": line.label or f"eSIM {line.pk}", "move": move.pk},
        at=now,
    )
    direct.insert_once(told)


def _open(line_id: int) -> tuple[models.DeviceMove, models.Profile]:
    """The line's open move and its old profile, locked. Raises NotNow."""
    found = models.DeviceMove.objects.filter(line=line_id, ended_at=None).values_list("pk")
    if (row := found.first()) is None:
        raise NotNow(line_id)
    move, profile = _locked(row[0])
    if move.ended_at is not None:
        raise NotNow(move.state)
    return move, profile


def _locked(move_id: int) -> tuple[models.DeviceMove, models.Profile]:
    """The move and its old profile, for whoever changes them: the profile is locked first."""
    old = models.DeviceMove.objects.values_list("old_id", flat=True).get(pk=move_id)
    profile = models.Profile.objects.select_for_update().get(pk=old)
    return models.DeviceMove.objects.select_for_update().get(pk=move_id), profile
