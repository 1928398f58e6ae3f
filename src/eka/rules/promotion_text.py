"""Promotions from and to their text form (docs/operators/promotions.md)."""

import re
from datetime import date
from typing import Any, Literal, get_args

from msgspec.structs import replace

from eka.rules.baskets import ItemKind
from eka.rules.documents import (
    Fields,
    Node,
    from_plain,
    read_choice,
    read_count,
    read_flag,
    read_list,
    read_scalar,
    read_yaml,
)
from eka.rules.instants import format_instant, parse_instant, zone
from eka.rules.plan_text import (
    money,
    override,
    part,
    positive_data,
    positive_duration,
    to_plain,
    words,
)
from eka.rules.plans import Rollover
from eka.rules.promotion_terms import (
    Days,
    Does,
    Limits,
    Only,
    Promotion,
    Season,
    Stacks,
    plain_code,
)
from eka.rules.units import (
    BadValue,
    Money,
    Share,
    format_data,
    format_duration,
    format_money,
    format_share,
)

LANGUAGES = ("en", "zh-Hans")
WITH: tuple[Literal["none", "all"], ...] = ("none", "all")
KINDS: tuple[ItemKind, ...] = get_args(ItemKind)
BOUGHT = tuple(kind for kind in KINDS if kind != "wallet")
# What can be given to which kind of item; money off is for anything but money, unless it is named.
RECEIVERS: dict[str, tuple[ItemKind, ...]] = {
    "bonus": BOUGHT,
    "rollover": ("renewal",),
    "periods": ("new_line", "renewal"),
}
_DAY = "((?:[1-9][0-9]{3}-)?[0-9]{2}-[0-9]{2})"
_DAYS = re.compile(f"{_DAY}(?: to {_DAY})?")
_instant = read_scalar(parse_instant)


def read_promotions(text: str) -> tuple[Promotion, ...]:
    """The promotions of a file's text, in its order. Raises BadInput with line and field."""
    with read_yaml(text).fields() as fields:
        return fields.need("promotions", _promotions)


def promotions_to_text(promotions: tuple[Promotion, ...]) -> dict[str, Any]:
    """The file as plain values, ready to be written as YAML."""
    return {"promotions": {p.name: promotion_to_text(p) for p in promotions}}


def promotion_from_text(name: str, terms: dict[str, Any]) -> Promotion:
    """The reverse of `promotion_to_text`. Raises BadInput."""
    return read_promotion(name, from_plain(terms))


def _promotions(node: Node) -> tuple[Promotion, ...]:
    return tuple(read_promotion(name, value) for name, value in node.items())


def read_promotion(name: str, node: Node) -> Promotion:
    """One promotion. Raises BadInput."""
    with node.fields() as fields:
        does = fields.need("does", _does)
        only = _only(fields, does)
        promotion = Promotion(
            name=name,
            title=fields.need("title", _title),
            code=fields.take("code", _code, ""),
            does=does,
            only=only,
            starts=fields.take("starts", _instant, None),
            ends=fields.take("ends", _instant, None),
            limits=_limits_of(fields, only),
            stacks=fields.take("stacks", _stacks, "none"),
            order=fields.take("order", read_count(), 0),
        )
    if promotion.starts and promotion.ends and promotion.starts >= promotion.ends:
        raise node.fail("`ends` is not after `starts`")
    return promotion


def _title(node: Node) -> dict[str, str]:
    with node.fields() as fields:
        needed = {language: fields.need(language, Node.text) for language in LANGUAGES}
        further = ("zh-Hant", "es")
        return needed | {key: fields.need(key, Node.text) for key in further if fields.has(key)}


def _code(node: Node) -> str:
    code = plain_code(node.text())
    if not (2 <= len(code) <= 32 and code.isprintable()):
        raise node.fail("a code has 2 to 32 characters; spaces do not count")
    return code


# ------------------------------------------------------------------------------------ what it does


def _does(node: Node) -> Does:
    with node.fields() as fields:
        bonus, validity = fields.take("bonus", _bonus, (0, None))
        does = Does(
            percentage=fields.take("percentage", _percentage, None),
            amount=fields.take("amount", _sums, ()),
            bonus=bonus,
            bonus_validity=validity,
            rollover=fields.take("rollover", _rollover, None),
            periods=fields.take("periods", read_count(1, 24), 0),
        )
    if does == Does():
        raise node.fail("a promotion does something: percentage, amount, bonus, rollover, periods")
    if does.percentage and does.amount:
        raise node.fail("percentage or amount, not both; write two promotions that stack")
    return does


def _percentage(node: Node) -> Share:
    share = part(node)
    if not share.numerator:
        raise node.fail("a share above 0% is needed")
    return share


def _sums(node: Node) -> tuple[Money, ...]:
    sums = read_list(money)(node)
    if len({one.currency for one in sums}) < len(sums) or not all(one.minor for one in sums):
        raise node.fail("amounts above zero, one a currency")
    return sums


def _bonus(node: Node) -> tuple[int, Any]:
    with node.fields() as fields:
        return fields.need("data", positive_data), fields.need("validity", positive_duration)


def _rollover(node: Node) -> dict[str, Any]:
    override(Rollover(), Node(dict(node.items()), node.line, node.path))
    return {key: to_plain(value) for key, value in node.items()}


# ------------------------------------------------------------------------------ for what and whom


def _only(fields: Fields, does: Does) -> Only:
    node = fields.node_of("only") or Node({})
    able = _able(does)
    with node.fields() as own:
        only = Only(
            kinds=own.take("kinds", read_list(read_choice(*KINDS)), ()) or able,
            plans=own.take("plans", words, ()),
            carriers=own.take("carriers", words, ()),
            groups=own.take("groups", words, ()),
            tags=own.take("tags", words, ()),
            times=own.take("times", read_count(1, 1200), 1),
            first_purchase=own.take("first_purchase", read_flag, False),
            referred=own.take("referred", read_flag, False),
            season=own.take("season", _season, None),
        )
    if unable := set(only.kinds) - set(able if does.gives else KINDS):
        raise node.fail(f"{', '.join(sorted(unable))} cannot receive all of what it does")
    return only


def _able(does: Does) -> tuple[ItemKind, ...]:
    """The kinds of item that can receive all that a promotion gives."""
    given = [kinds for gift, kinds in RECEIVERS.items() if getattr(does, gift)]
    return tuple(kind for kind in BOUGHT if all(kind in kinds for kinds in given))


def _season(node: Node) -> Season:
    with node.fields() as fields:
        return Season(
            timezone=fields.need("timezone", _zone),
            days=fields.need("days", read_list(read_scalar(_days))),
        )


def _zone(node: Node) -> str:
    node.read(zone)
    return node.text()


def _days(text: str) -> Days:
    match = _DAYS.fullmatch(text)
    if not match:
        raise BadValue(
            f"{text!r} is not a range of days; write it like 2027-02-06 to 2027-02-20,"
            " or 11-01 to 11-11 for every year"
        )
    first, last = _day(match[1]), _day(match[2] or match[1])
    if len(first) != len(last) or (len(first) == 3 and first > last):
        raise BadValue(f"{text!r} ends before it begins, or has a year on one side only")
    return Days(first, last)


def _day(text: str) -> tuple[int, ...]:
    day = tuple(int(number) for number in text.split("-"))
    try:
        # A yearly range may well name 29 February: 2000 had one.
        date(*(day if len(day) == 3 else (2000, *day)))
    except ValueError:
        raise BadValue(f"there is no day {text}") from None
    return day


# --------------------------------------------------------------------------- how often, with which


def _limits_of(fields: Fields, only: Only) -> Limits:
    limits = fields.take("limits", _limits, Limits())
    if only.first_purchase and limits.per_person is None:
        # Nobody's orders would be the first many times over, all of them waiting for money.
        return replace(limits, per_person=1)
    return limits


def _limits(node: Node) -> Limits:
    with node.fields() as fields:
        return Limits(
            per_person=fields.take("per_person", read_count(1), None),
            in_all=fields.take("in_all", read_count(1), None),
            budget=fields.take("budget", _sums, ()),
            min_total=fields.take("min_total", _sums, ()),
        )


def _stacks(node: Node) -> Stacks:
    if isinstance(node.value, tuple):
        return words(node) or "none"
    return read_choice(*WITH)(node)


# ----------------------------------------------------------------------------------------- to text


def promotion_to_text(promotion: Promotion) -> dict[str, Any]:
    """The promotion as a file would write it, without what is at its default; plain JSON values."""
    does = promotion.does
    able = _able(does)
    text: dict[str, Any] = {"title": dict(promotion.title), "code": promotion.code}
    text["does"] = _without_blanks(
        {
            "percentage": format_share(does.percentage) if does.percentage else "",
            "amount": _sums_to_text(does.amount),
            "bonus": _bonus_to_text(does),
            "rollover": does.rollover,
            "periods": str(does.periods or ""),
        }
    )
    text["only"] = _only_to_text(promotion.only, able)
    for bound in ("starts", "ends"):
        instant = getattr(promotion, bound)
        text[bound] = format_instant(instant) if instant else ""
    text["limits"] = _limits_to_text(promotion.limits)
    stacks = promotion.stacks
    text["stacks"] = stacks if isinstance(stacks, str) else list(stacks)
    text["order"] = str(promotion.order)
    defaults = {"stacks": "none", "order": "0"}
    return {k: v for k, v in _without_blanks(text).items() if defaults.get(k) != v}


def _only_to_text(only: Only, able: tuple[ItemKind, ...]) -> dict[str, Any]:
    lists = {key: list(getattr(only, key)) for key in ("plans", "carriers", "groups", "tags")}
    flags = {key: "true" if getattr(only, key) else "" for key in ("first_purchase", "referred")}
    kinds = {"kinds": [] if only.kinds == able else list(only.kinds)}
    times = {"times": "" if only.times == 1 else str(only.times)}
    season = {"season": _season_to_text(only.season) if only.season else {}}
    return _without_blanks({**kinds, **lists, **times, **flags, **season})


def _season_to_text(season: Season) -> dict[str, Any]:
    return {"timezone": season.timezone, "days": [_days_to_text(days) for days in season.days]}


def _days_to_text(days: Days) -> str:
    first, last = ("-".join(f"{number:02d}" for number in day) for day in (days.first, days.last))
    return first if first == last else f"{first} to {last}"


def _limits_to_text(limits: Limits) -> dict[str, Any]:
    return _without_blanks(
        {
            "per_person": str(limits.per_person or ""),
            "in_all": str(limits.in_all or ""),
            "budget": _sums_to_text(limits.budget),
            "min_total": _sums_to_text(limits.min_total),
        }
    )


def _bonus_to_text(does: Does) -> dict[str, str]:
    if not does.bonus_validity:
        return {}
    return {"data": format_data(does.bonus), "validity": format_duration(does.bonus_validity)}


def _sums_to_text(sums: tuple[Money, ...]) -> list[str]:
    return [format_money(one) for one in sums]


def _without_blanks(text: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in text.items() if value}
