"""The demo: a shop with a cast, on a clock that a person can move forward."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction
from msgspec import Struct

from eka import clock
from eka.ledger import models, reading, writing
from eka.ledger.connections import rows
from eka.ledger.plans import OnSale
from eka.rules.lifecycle import Leftover
from eka.rules.requests import Activate, AddOn, Command, Renew, Use
from eka.usecases import provisioning
from eka.usecases.demo_cast import CAST, MB, BuyPlan, Role
from eka.usecases.lines import NewLine, add_line
from eka.usecases.settling import settle_all

NEXT_END = """
SELECT min(p.ends) FROM line l
JOIN line_state k ON k.line_id = l.id
JOIN period p ON p.line_id = l.id AND p.number = k.period_number
LEFT JOIN subscriber s ON s.id = l.subscriber_id
WHERE p.ends > %(now)s AND (%(user)s::bigint IS NULL OR s.user_id = %(user)s)
"""


class Member(Struct, frozen=True):
    """Somebody to sign in as; the story says what their line shows."""

    username: str
    name: str
    story: dict[str, str]


def is_demo() -> bool:
    """Whether this installation is the demo."""
    return bool(settings.EKA_DEMO)


def follow_clock() -> None:
    """Lets this process's clock follow the demo's; nothing happens outside the demo."""
    if is_demo():
        clock.set_offset_source(ahead)


def ahead() -> timedelta:
    """How far the demo's clock was moved."""
    found = rows('SELECT "offset" FROM demo_clock', [])
    return found[0][0] if found else timedelta(0)


def cast() -> list[Member]:
    """Who can be signed in as, in the order of their stories."""
    return [Member(role.username, role.name, role.story) for role in CAST]


def move_clock(step: str, user_id: int | None = None) -> datetime:
    """Moves the demo's clock ahead and settles what has become due; returns the new time.

    `step` is day, week, month_end (of UTC) or period_end: the next end of a period of the user's
    lines, or of any line.
    """
    target = _target(step, clock.now(), user_id)
    models.DemoClock.objects.update_or_create(
        pk=1, defaults={"offset": target - clock.now() + ahead()}
    )
    settle_all(target)
    return target


def _target(step: str, now: datetime, user_id: int | None) -> datetime:
    if step == "month_end":
        first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + timedelta(days=32)).replace(day=1)
    if step == "period_end":
        end = rows(NEXT_END, {"now": now, "user": user_id})[0][0]
        return end or now + timedelta(days=1)
    return now + timedelta(days=7 if step == "week" else 1)


@transaction.atomic
def load(now: datetime, password: str) -> bool:
    """Creates the cast with their histories up to `now`; whether there was anything to do.

    All or nothing: a load that is killed leaves no half of a cast behind.
    """
    if models.Subscriber.objects.exclude(story={}).exists():
        return False
    secret = make_password(password)
    for number, role in enumerate(CAST):
        _load(role, number, now, secret)
    charlie = get_user_model().objects.create(username="charlie", password=secret)
    models.Subscriber.objects.create(user=charlie, name="Charlie")
    settle_all(now)
    return True


def equip(now: datetime) -> None:
    """Gets an eSIM for every line of the cast that has none and waits for none."""
    lines = models.Line.objects.filter(subscriber__user__isnull=False, profiles=None)
    for line_id in lines.order_by("pk").values_list("pk", flat=True):
        provisioning.equip(line_id, now)


def _load(role: Role, number: int, now: datetime, secret: str) -> None:
    user = get_user_model().objects.create(
        username=role.username, first_name=role.name, password=secret
    )
    subscriber = models.Subscriber.objects.create(user=user, name=role.name, story=role.story)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=role.days)
    new = NewLine(
        plan=role.plan,
        imsi=f"00101{number:010d}",
        label=role.label,
        subscriber=subscriber.pk,
        timezone=role.timezone,
        auto_renew=role.auto_renew,
    )
    # One page for the whole history: hundreds of commands, one write.
    page, offers = reading.read([add_line(new, start)])[0], OnSale()
    for at, command in _history(role, start, now):
        page.perform(command, at, offers)
    writing.write([page])


def _history(role: Role, start: datetime, now: datetime) -> list[tuple[datetime, Command]]:
    """The role's commands in order: activation, what they did, and a use at noon and at night."""
    on_sale = OnSale()
    told: list[tuple[datetime, Command]] = [
        (start, Activate(on_sale[role.plan], tuple(_born(left, start) for left in role.brings)))
    ]
    for day, act in role.acts:
        if isinstance(act, BuyPlan):
            plan = on_sale[act.plan] if act.plan else None
            bought: Command = AddOn(plan, "on_empty") if act.addon and plan else Renew(plan)
            told.append((start + timedelta(days=day, hours=9), bought))
        else:
            told.append((start + timedelta(days=day, hours=9), act))
    for day in range(role.days + 1):
        amount = role.pattern[day % len(role.pattern)] * MB
        told.append((start + timedelta(days=day, hours=4), Use(amount // 3)))
        told.append((start + timedelta(days=day, hours=12), Use(amount - amount // 3)))
    return sorted((item for item in told if item[0] <= now), key=lambda item: item[0])


def _born(leftover: Leftover, start: datetime) -> Leftover:
    """A rest that was carried a while before the line came to Eka."""
    return Leftover(
        kind=leftover.kind,
        data=leftover.data,
        born=start - timedelta(days=200),
        generation=leftover.generation,
    )
