"""Scenario files: real operators' rules as executable text (policy, section 9)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from eka.rules.documents import (
    BadInput,
    Fields,
    Node,
    read_choice,
    read_count,
    read_flag,
    read_list,
    read_scalar,
    read_yaml,
    to_plain,
)
from eka.rules.expectations import EXPECTABLE
from eka.rules.instants import parse_instant, zone
from eka.rules.lifecycle import Leftover
from eka.rules.plan_text import data, duration, edit, override, positive_data, read_plan
from eka.rules.plans import KINDS, RENEWED_BY, Kind, Plan, RenewedBy
from eka.rules.requests import Change, SessionRequest, TopUp, Use

instant = read_scalar(parse_instant)


class ActivatePlan(Struct, frozen=True):
    """Activate the line on the plan of this name."""

    plan: str
    left: tuple[Leftover, ...] = ()


class RenewPlan(Struct, frozen=True):
    """Renew the line, on the same plan where none is named."""

    plan: str | None = None
    by: RenewedBy = "manual"
    rollover: dict[str, Any] | None = None


class QueuePlan(Struct, frozen=True):
    """Buy a further plan for later."""

    plan: str
    starts: str = "at_end"


class EditPlan(Struct, frozen=True):
    """From now on the plan is sold under these terms."""

    plan: Plan


class Expect(Struct, frozen=True):
    """What must hold now: fields in their canonical text."""

    fields: dict[str, str]


Action = (
    ActivatePlan | Use | RenewPlan | TopUp | QueuePlan | Change | SessionRequest | EditPlan | Expect
)


class Event(Struct, frozen=True):
    """One line of the file: what is done, or checked, at an instant."""

    at: datetime
    action: Action
    line: int


class Scenario(Struct, frozen=True):
    """A scenario file."""

    title: str
    source: str
    timezone: str
    plans: dict[str, Plan]
    events: tuple[Event, ...]


def read_scenario(text: str) -> Scenario:
    """The scenario of a file's text. Raises BadInput with the line."""
    with read_yaml(text).fields() as fields:
        title = fields.take("title", Node.text, "")
        source = fields.take("source", Node.text, "")
        timezone = fields.take("timezone", _zone_name, "UTC")
        plans = _plans(fields)
        events = fields.need("events", lambda node: _events(node, plans))
    return Scenario(title, source, timezone, plans, events)


def _zone_name(node: Node) -> str:
    return node.read(zone).key


def _plans(fields: Fields) -> dict[str, Plan]:
    if fields.has("plan") and fields.has("plans"):
        raise fields.node.fail("give `plan` or `plans`, not both")
    single = fields.node_of("plan")
    if single is not None:
        plan = read_plan(single)
        return {plan.name: plan}
    named = fields.need("plans", lambda node: node)
    return {name: read_plan(node, name) for name, node in named.items()}


def _events(node: Node, plans: dict[str, Plan]) -> tuple[Event, ...]:
    """The events in order; an edit is read against the terms that hold when it comes."""
    on_sale = dict(plans)
    events: list[Event] = []
    if not isinstance(node.value, tuple):
        raise node.fail(f"expected a list of events, found {node.sort()}")
    for element in node.value:
        event = _event(element, on_sale)
        if events and event.at < events[-1].at:
            raise BadInput("`at` goes back in time; events are listed in order", element.line)
        if isinstance(event.action, EditPlan):
            on_sale[event.action.plan.name] = event.action.plan
        events.append(event)
    return tuple(events)


def _event(node: Node, plans: dict[str, Plan]) -> Event:
    with node.fields() as fields:
        at = fields.need("at", instant)
        for name, reader in _ACTIONS.items():
            value = fields.node_of(name)
            if value is not None:
                return Event(at, reader(value, plans), node.line)
    raise node.fail(f"an event beside `at` is missing; one of: {', '.join(_ACTIONS)}")


def _plan_name(node: Node, plans: dict[str, Plan]) -> str:
    name = node.text()
    if name not in plans:
        raise node.fail(f"there is no plan {name!r}; known: {', '.join(plans)}")
    return name


def _activate(node: Node, plans: dict[str, Plan]) -> ActivatePlan:
    if isinstance(node.value, str):
        return ActivatePlan(_plan_name(node, plans))
    with node.fields() as fields:
        return ActivatePlan(
            plan=fields.need("plan", lambda name: _plan_name(name, plans)),
            left=fields.take("left", _leftovers, ()),
        )


def _leftovers(node: Node) -> tuple[Leftover, ...]:
    with node.fields() as fields:
        groups = [fields.take(kind, _leftovers_of(kind), ()) for kind in KINDS]
    return tuple(leftover for group in groups for leftover in group)


def _leftovers_of(kind: Kind) -> Callable[[Node], tuple[Leftover, ...]]:
    return read_list(lambda node: _leftover(node, kind))


def _leftover(node: Node, kind: Kind) -> Leftover:
    with node.fields() as fields:
        return Leftover(
            kind=kind,
            data=fields.need("data", data),
            born=fields.take("born", instant, None),
            expires=fields.take("expires", instant, None),
            generation=fields.take("generation", read_count(), 1),
        )


def _use(node: Node, plans: dict[str, Plan]) -> Use:
    if isinstance(node.value, str):
        return Use(data(node))
    with node.fields() as fields:
        return Use(fields.need("data", data), fields.take("hotspot", read_flag, False))


def _renew(node: Node, plans: dict[str, Plan]) -> RenewPlan:
    if node.value == "true":
        return RenewPlan()
    with node.fields() as fields:
        return RenewPlan(
            plan=fields.take("plan", lambda name: _plan_name(name, plans), None),
            by=fields.take("by", read_choice(*RENEWED_BY), "manual"),
            rollover=fields.take("rollover", _parameters, None),
        )


def _parameters(node: Node) -> dict[str, Any]:
    override(None, node)  # refuses what is not a rollover policy, at its line
    plain = to_plain(node)
    if not isinstance(plain, dict):
        raise node.fail("expected the parameters of a rollover policy")
    return plain


def _topup(node: Node, plans: dict[str, Plan]) -> TopUp:
    with node.fields() as fields:
        return TopUp(fields.need("data", positive_data), fields.take("validity", duration, None))


def _bonus(node: Node, plans: dict[str, Plan]) -> TopUp:
    given = _topup(node, plans)
    return TopUp(given.data, given.validity, "bonus")


def _addon(node: Node, plans: dict[str, Plan]) -> QueuePlan:
    if isinstance(node.value, str):
        return QueuePlan(_plan_name(node, plans))
    with node.fields() as fields:
        return QueuePlan(
            plan=fields.need("plan", lambda name: _plan_name(name, plans)),
            starts=fields.take("starts", read_choice("at_end", "on_empty"), "at_end"),
        )


def _session(node: Node, plans: dict[str, Plan]) -> SessionRequest:
    with node.fields() as fields:
        return SessionRequest(
            id=fields.need("id", Node.text),
            request=fields.need("request", read_choice("initial", "update", "end")),
            used=fields.take("used", data, 0),
            asks=fields.take("asks", data, 0),
            number=fields.take("number", read_count(), None),
        )


def _edit(node: Node, plans: dict[str, Plan]) -> EditPlan:
    name = dict(node.items()).get("plan")
    if name is None:
        raise node.fail("`plan` is missing: the name of the plan to edit")
    return EditPlan(edit(plans[_plan_name(name, plans)], node))


def _expect(node: Node, plans: dict[str, Plan]) -> Expect:
    with node.fields() as fields:
        read = {
            name: field.canonical(value)
            for name, field in EXPECTABLE.items()
            if (value := fields.node_of(name)) is not None
        }
    return Expect({name: read[name] for name, _ in node.items() if name in read})


def _change(node: Node, plans: dict[str, Plan]) -> Change:
    if node.value != "true":
        raise node.fail("write `true`")
    return Change(node.path.rsplit(".", 1)[-1])  # type: ignore[arg-type]


_ACTIONS: dict[str, Callable[[Node, dict[str, Plan]], Action]] = {
    "activate": _activate,
    "use": _use,
    "renew": _renew,
    "topup": _topup,
    "bonus": _bonus,
    "addon": _addon,
    "session": _session,
    "edit": _edit,
    "expect": _expect,
    **dict.fromkeys(("clear", "suspend", "resume", "cancel", "chargeback"), _change),
}
