"""Plans from and to their text form (policy, section 3 to 6 and 8)."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from eka.rules.documents import (
    Fields,
    Node,
    from_plain,
    read_choice,
    read_count,
    read_list,
    read_scalar,
    to_plain,
)
from eka.rules.plans import (
    FORFEIT_EVENTS,
    KINDS,
    PLAN_RULES,
    RENEWED_BY,
    TIES,
    TOPUP_MOVES,
    Alerts,
    Burn,
    Caps,
    Convert,
    Daily,
    ForfeitEvent,
    Hotspot,
    Kind,
    Life,
    Limit,
    Overage,
    Plan,
    Requires,
    Rollover,
    SpeedTier,
    Throttle,
    TopUpRule,
)
from eka.rules.units import (
    BadValue,
    Duration,
    Share,
    format_data,
    format_duration,
    format_money,
    format_share,
    parse_data,
    parse_duration,
    parse_money,
    parse_share,
)

T = TypeVar("T")
data = read_scalar(parse_data)
duration = read_scalar(parse_duration)
share = read_scalar(parse_share)
money = read_scalar(parse_money)
words = read_list(Node.text)
kbps = read_count(0, 10**9)
_kind: Callable[[Node], Kind] = read_choice(*KINDS)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")


def none_or(reader: Callable[[Node], T]) -> Callable[[Node], T | None]:
    """A reader where the word `none` means no value."""
    return lambda node: None if node.value == "none" else reader(node)


def positive_data(node: Node) -> int:
    """Bytes, at least one."""
    amount = data(node)
    if amount == 0:
        raise node.fail("an amount above 0B is needed")
    return amount


def positive_duration(node: Node) -> Duration:
    """A duration that is not zero."""
    span = duration(node)
    if span == Duration():
        raise node.fail("a duration above zero is needed")
    return span


def data_or_unlimited(node: Node) -> int | None:
    """Bytes, or None for the word `unlimited`."""
    return None if node.value == "unlimited" else data(node)


def bytes_or_share(node: Node) -> int | Share:
    """`500MB` or `50%`."""
    return share(node) if node.text().endswith("%") else data(node)


def part(node: Node) -> Share:
    """A share from 0 % to 100 %."""
    value = share(node)
    if value.numerator > value.denominator:
        raise node.fail("a share of at most 100% is needed")
    return value


def _clock_time(text: str) -> int:
    match = _CLOCK.fullmatch(text)
    if not match:
        raise BadValue(f'{text!r} is not a time of day; write it like "08:00", in quotes')
    hour, minute = (match[1], match[2]) if match[1] else (match[3], match[4])
    return int(hour) * 3600 + int(minute) * 60


def _burn(node: Node) -> Burn:
    with node.fields() as fields:
        kinds = fields.take("kinds", read_list(_ranked), Burn().kinds)
        tie = fields.take("tie", read_choice(*TIES), Burn().tie)
    listed = [kind for rank in kinds for kind in rank]
    if len(listed) != len(set(listed)):
        raise node.fail("each kind may stand in `kinds` once")
    return Burn(kinds, tie)


def _ranked(node: Node) -> tuple[Kind, ...]:
    return read_list(_kind)(node)


def _exhausted(node: Node) -> Throttle | Overage | None:
    if node.value == "stop":
        return None
    if isinstance(node.value, str):
        raise node.fail(
            f"{node.sort()} is not one of: stop, {{throttle_kbps: 128}}, "
            "{overage: 10.00 USD, per: 1GB}"
        )
    with node.fields() as fields:
        if fields.has("throttle_kbps"):
            return Throttle(fields.need("throttle_kbps", kbps))
        return Overage(fields.need("overage", money), fields.need("per", positive_data))


def _speed(node: Node) -> SpeedTier:
    at = read_scalar(_clock_time)
    with node.fields() as fields:
        return SpeedTier(
            after=fields.need("after", data),
            kbps=fields.need("kbps", kbps),
            starts=fields.take("from", at, 0),
            ends=fields.take("to", at, 86400),
        )


def _daily(node: Node) -> Daily:
    with node.fields() as fields:
        return Daily(
            data=fields.need("data", positive_data),
            kbps_after=fields.take("kbps_after", kbps, None),
            clock=fields.take("clock", read_choice("natural", "rolling", "utc"), "natural"),
        )


def _hotspot(node: Node) -> Hotspot:
    with node.fields() as fields:
        return Hotspot(fields.need("data", data), fields.take("kbps_after", kbps, None))


def _alerts(node: Node) -> Alerts:
    with node.fields() as fields:
        return Alerts(
            used=fields.take("used", read_list(part), ()),
            ends_in=fields.take("ends_in", read_list(positive_duration), ()),
        )


def _limit(node: Node) -> Limit:
    return none_or(bytes_or_share)(node)


def _caps(node: Node) -> Caps:
    with node.fields() as fields:
        return Caps(*(fields.take(key, _limit, None) for key in Caps.__struct_fields__))


def _renewals(node: Node) -> int | None:
    return None if node.value == "unlimited" else read_count(0, 10**6)(node)


def _life(node: Node) -> Life:
    with node.fields() as fields:
        return Life(
            renewals=fields.take("renewals", _renewals, 1),
            duration=fields.take("duration", none_or(positive_duration), None),
        )


def _requires(node: Node) -> Requires:
    lead = none_or(duration)
    with node.fields() as fields:
        return Requires(
            grace=fields.take("grace", duration, Duration()),
            lead_min=fields.take("lead_min", lead, None),
            lead_max=fields.take("lead_max", lead, None),
            period_age_min=fields.take("period_age_min", lead, None),
            by=fields.take("by", read_list(read_choice(*RENEWED_BY)), RENEWED_BY),
            plan=fields.take("plan", read_list(read_choice(*PLAN_RULES)), ("any",)),
            used_min=fields.take("used_min", bytes_or_share, 0),
            tenure_min=fields.take("tenure_min", read_count(), 0),
            tags=fields.take("tags", words, ()),
        )


def _forfeit_events(node: Node) -> tuple[ForfeitEvent, ...]:
    return read_list(read_choice(*FORFEIT_EVENTS))(node)


def read_rollover(node: Node) -> Rollover | None:
    """A rollover policy; the word `none` means that nothing carries. Raises BadInput."""
    if node.value == "none":
        return None
    with node.fields() as fields:
        return Rollover(
            carries=fields.take("carries", read_list(_kind), ("plan",)),
            fraction=fields.take("fraction", part, Rollover().fraction),
            round_up_to=fields.take("round_up_to", positive_data, 1),
            caps=fields.take("caps", _caps, Caps()),
            trim=fields.take("trim", read_choice("newest", "earliest_expiry"), "newest"),
            life=fields.take("life", _life, Life()),
            requires=fields.take("requires", _requires, Requires()),
            forfeits_on=fields.take(
                "forfeits_on", read_list(read_choice(*FORFEIT_EVENTS)), ("lapse",)
            ),
            otherwise=fields.take("otherwise", read_choice("forfeit", "keep_to_expiry"), "forfeit"),
        )


def _topup(node: Node) -> TopUpRule:
    with node.fields() as fields:
        return TopUpRule(
            rule=fields.take("rule", read_choice(*TOPUP_MOVES), "own"),
            queue_max=fields.take("queue_max", read_count(), 30),
        )


def _convert(node: Node) -> Convert:
    with node.fields() as fields:
        return Convert(
            rate=fields.need("rate", money),
            per=fields.need("per", positive_data),
            step=fields.take("step", positive_data, 1),
        )


def read_terms(fields: Fields, name: str) -> Plan:
    """A plan from the keys of a mapping that may hold others besides. Raises BadInput."""
    return Plan(
        name=name,
        data=fields.need("data", data_or_unlimited),
        period=fields.need("period", positive_duration),
        term=fields.take("term", read_count(1, 1200), 1),
        price=fields.take("price", money, None),
        group=fields.take("group", Node.text, None),
        tags=fields.take("tags", words, ()),
        early_renewal=fields.take("early_renewal", read_choice("now", "at_end"), "now"),
        burn=fields.take("burn", _burn, Burn()),
        exhausted=fields.take("exhausted", _exhausted, None),
        speeds=fields.take("speeds", read_list(_speed), ()),
        daily=fields.take("daily", _daily, None),
        hotspot=fields.take("hotspot", _hotspot, None),
        alerts=fields.take("alerts", _alerts, Alerts()),
        rollover=fields.take("rollover", read_rollover, None),
        topup=fields.take("topup", _topup, TopUpRule()),
        convert=fields.take("convert", _convert, None),
        auto_renew_at=fields.take("auto_renew_at", part, None),
    )


def read_plan(node: Node, name: str = "") -> Plan:
    """A plan of a scenario file; `name` where the mapping's key gives it. Raises BadInput."""
    with node.fields() as fields:
        own_name = fields.take("name", Node.text, name or "plan")
        return read_terms(fields, name or own_name)


def override(rollover: Rollover | None, parameters: Node) -> Rollover | None:
    """The policy with a promotion's parameters over its own (section 4). Raises BadInput."""
    base = from_plain(rollover_to_text(rollover) if rollover else {})
    return read_rollover(_merge(base, parameters))


def _merge(base: Node, over: Node) -> Node:
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = _merge(merged[key], node) if key in merged else node
    return Node(merged, over.line, over.path)


def edit(plan: Plan, changes: Node) -> Plan:
    """The plan with the top-level keys of `changes` in place of its own. Raises BadInput."""
    merged = from_plain(plan_to_text(plan)).value
    assert isinstance(merged, dict)
    merged.pop("name")
    merged.update({key: node for key, node in changes.items() if key != "plan"})
    return read_plan(Node(merged, changes.line, changes.path), plan.name)


def _value_to_text(value: Any) -> Any:
    match value:
        case Share():
            return format_share(value)
        case Duration():
            return format_duration(value)
        case None:
            return "none"
        case int():
            return format_data(value)
    return value


def rollover_to_text(policy: Rollover) -> dict[str, Any]:
    """The parameters that differ from their defaults, as a file would write them."""
    nested = {
        "fraction": format_share(policy.fraction),
        "round_up_to": format_data(policy.round_up_to),
        "caps": _changed(policy.caps, Caps(), _value_to_text),
        "life": _life_to_text(policy.life),
        "requires": _requires_to_text(policy.requires),
    }
    text = _changed(policy, Rollover(carries=()), lambda value: value)
    return {key: nested.get(key, value) for key, value in _listed(text).items()}


def _life_to_text(life: Life) -> dict[str, Any]:
    renewals = "unlimited" if life.renewals is None else str(life.renewals)
    span = format_duration(life.duration) if life.duration else "none"
    changed = _changed(life, Life(), lambda value: value)
    return {key: renewals if key == "renewals" else span for key in changed}


def _requires_to_text(requires: Requires) -> dict[str, Any]:
    text = _changed(requires, Requires(), lambda v: v if isinstance(v, int) else _value_to_text(v))
    if isinstance(requires.used_min, int) and "used_min" in text:
        text["used_min"] = format_data(requires.used_min)
    if "tenure_min" in text:
        text["tenure_min"] = str(requires.tenure_min)
    return _listed(text)


def _changed(value: msgspec.Struct, default: Any, to_text: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        field: to_text(getattr(value, field))
        for field in value.__struct_fields__
        if getattr(value, field) != getattr(default, field)
    }


def _listed(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def _exhausted_to_text(value: Throttle | Overage) -> dict[str, str]:
    if isinstance(value, Throttle):
        return {"throttle_kbps": str(value.kbps)}
    return {"overage": format_money(value.price), "per": format_data(value.per)}


def _clock_to_text(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"


def _speed_to_text(tier: SpeedTier) -> dict[str, str]:
    text = {"after": format_data(tier.after), "kbps": str(tier.kbps)}
    if (tier.starts, tier.ends) != (0, 86400):
        text |= {"from": _clock_to_text(tier.starts), "to": _clock_to_text(tier.ends)}
    return text


def _quota_to_text(quota: Daily | Hotspot) -> dict[str, str]:
    text = {"data": format_data(quota.data)}
    if quota.kbps_after is not None:
        text["kbps_after"] = str(quota.kbps_after)
    if isinstance(quota, Daily):
        text["clock"] = quota.clock
    return text


def _alerts_to_text(alerts: Alerts) -> dict[str, list[str]]:
    used = [format_share(share_used) for share_used in alerts.used]
    ends_in = [format_duration(span) for span in alerts.ends_in]
    return {key: value for key, value in (("used", used), ("ends_in", ends_in)) if value}


def _convert_to_text(convert: Convert) -> dict[str, str]:
    return {
        "rate": format_money(convert.rate),
        "per": format_data(convert.per),
        "step": format_data(convert.step),
    }


_TO_TEXT: dict[str, Callable[[Any], Any]] = {
    "data": lambda amount: "unlimited" if amount is None else format_data(amount),
    "period": format_duration,
    "term": str,
    "price": format_money,
    "burn": lambda burn: {"kinds": [list(rank) for rank in burn.kinds], "tie": burn.tie},
    "exhausted": _exhausted_to_text,
    "speeds": lambda tiers: [_speed_to_text(tier) for tier in tiers],
    "daily": _quota_to_text,
    "hotspot": _quota_to_text,
    "alerts": _alerts_to_text,
    "rollover": rollover_to_text,
    "topup": lambda rule: {"rule": rule.rule, "queue_max": str(rule.queue_max)},
    "convert": _convert_to_text,
    "auto_renew_at": format_share,
}


def plan_to_text(plan: Plan) -> dict[str, Any]:
    """The plan as a file would write it, without what is at its default; plain JSON values."""
    blank = Plan(name="", data=-1, period=Duration())
    text: dict[str, Any] = {}
    for field in Plan.__struct_fields__:
        value = getattr(plan, field)
        if field == "version" or value == getattr(blank, field):
            continue
        text[field] = _TO_TEXT.get(field, lambda plain: plain)(value)
    return _listed(text)


def plan_from_text(text: dict[str, Any]) -> Plan:
    """The reverse of `plan_to_text`. Raises BadInput."""
    return read_plan(from_plain(text))


__all__ = [
    "data",
    "data_or_unlimited",
    "duration",
    "edit",
    "money",
    "override",
    "plan_from_text",
    "plan_to_text",
    "read_plan",
    "read_rollover",
    "read_terms",
    "to_plain",
]
