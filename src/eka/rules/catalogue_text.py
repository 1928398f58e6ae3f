"""Catalogue files: carriers and plans for a shop (policy, section 10)."""

import re
from typing import Any, Literal

from msgspec import Struct

from eka.rules.baskets import TopUpOffer
from eka.rules.coverage import Coverage, coverage_to_text, read_coverage
from eka.rules.documents import Fields, Node, read_list, read_yaml
from eka.rules.plan_text import plan_to_text, read_terms
from eka.rules.plans import Plan
from eka.rules.supply import Source
from eka.rules.supply_text import read_supply, source_to_text
from eka.rules.units import (
    Duration,
    Money,
    format_data,
    format_duration,
    format_money,
    parse_data,
    parse_duration,
    parse_money,
)

Starts = Literal["purchase", "first_use"]

_NETWORK = re.compile(r"[0-9]{5,6}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class CarrierText(Struct, frozen=True):
    """A network brand; `networks` are MCC+MNC codes, `country` is ISO 3166-1 alpha-2."""

    key: str
    name: str
    country: str = ""
    networks: tuple[str, ...] = ()


class PlanText(Struct, frozen=True):
    """A plan's terms, and what a shop shows of it and sells with it.

    `prices` are in further currencies than the plan's own `price`. With `starts` first_use the
    first period begins when the line first uses data; `activate_within` is how long that may take.
    """

    plan: Plan
    carrier: str | None = None
    title: dict[str, str] = {}
    countries: tuple[str, ...] = ()
    source: str = ""
    prices: tuple[Money, ...] = ()
    top_ups: tuple[TopUpOffer, ...] = ()
    supply: tuple[Source, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    starts: Starts = "purchase"
    activate_within: Duration | None = None


class Catalogue(Struct, frozen=True):
    """A catalogue file's carriers and plans, in the file's order."""

    carriers: tuple[CarrierText, ...]
    plans: tuple[PlanText, ...]


def read_catalogue(text: str) -> Catalogue:
    """The catalogue of a file's text. Raises BadInput with the line.

    A file that has only `plans:`, as a scenario has them, is a catalogue too.
    """
    with read_yaml(text).fields() as fields:
        carriers = fields.take("carriers", _carriers, ())
        plans = fields.need("plans", _plans)
    return Catalogue(carriers, plans)


def _carriers(node: Node) -> tuple[CarrierText, ...]:
    return tuple(_carrier(key, value) for key, value in node.items())


def _carrier(key: str, node: Node) -> CarrierText:
    with node.fields() as fields:
        return CarrierText(
            key=key,
            name=fields.need("name", Node.text),
            country=fields.take("country", _country, ""),
            networks=fields.take("networks", read_list(_network), ()),
        )


def _country(node: Node) -> str:
    if not _COUNTRY.fullmatch(node.text()):
        raise node.fail(f"{node.sort()} is not a country code; write it like US")
    return node.text()


def _network(node: Node) -> str:
    if not _NETWORK.fullmatch(node.text()):
        raise node.fail(f'{node.sort()} is not a network (MCC and MNC); write it like "310410"')
    return node.text()


def _plans(node: Node) -> tuple[PlanText, ...]:
    return tuple(_plan(name, value) for name, value in node.items())


def _plan(name: str, node: Node) -> PlanText:
    with node.fields() as fields:
        return PlanText(
            plan=_terms(fields, name),
            carrier=fields.take("carrier", Node.text, None),
            title=fields.take("title", _title, {}),
            countries=fields.take("countries", read_list(_country), ()),
            source=fields.take("source", Node.text, ""),
            prices=fields.take("prices", read_list(_money), ()),
            top_ups=fields.take("top_ups", read_list(read_top_up), ()),
            supply=fields.take("supply", read_supply, ()),
            coverage=fields.take("coverage", read_coverage, ()),
            starts=fields.take("starts", _starts, "purchase"),
            activate_within=fields.take(
                "activate_within", lambda span: span.read(parse_duration), None
            ),
        )


def _starts(node: Node) -> Starts:
    if node.value == "first_use":
        return "first_use"
    if node.value == "purchase":
        return "purchase"
    raise node.fail(f"{node.sort()} is neither `purchase` nor `first_use`")


def _money(node: Node) -> Money:
    return node.read(parse_money)


def read_top_up(node: Node) -> TopUpOffer:
    """What can be bought in addition: `{data: 1GB, validity: 30d, prices: [5.00 USD]}`."""
    with node.fields() as fields:
        return TopUpOffer(
            data=fields.need("data", lambda data: data.read(parse_data)),
            validity=fields.take("validity", lambda span: span.read(parse_duration), None),
            prices=fields.need("prices", read_list(_money)),
        )


def top_up_to_text(offer: TopUpOffer) -> dict[str, Any]:
    """The offer as plain values."""
    text: dict[str, Any] = {"data": format_data(offer.data)}
    if offer.validity is not None:
        text["validity"] = format_duration(offer.validity)
    return text | {"prices": [format_money(price) for price in offer.prices]}


def _terms(fields: Fields, name: str) -> Plan:
    given = fields.take("name", Node.text, name)
    if given != name:
        raise fields.node.fail(f"the key {name!r} is the plan's name; `name` says {given!r}")
    return read_terms(fields, name)


def _title(node: Node) -> dict[str, str]:
    if isinstance(node.value, str):
        return {"en": node.value}
    return {language: title.text() for language, title in node.items()}


def catalogue_to_text(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as plain values, ready to be written as YAML."""
    text: dict[str, Any] = {}
    if catalogue.carriers:
        text["carriers"] = {carrier.key: _carrier_text(carrier) for carrier in catalogue.carriers}
    text["plans"] = {plan.plan.name: _plan_text(plan) for plan in catalogue.plans}
    return text


def _carrier_text(carrier: CarrierText) -> dict[str, Any]:
    fields = {
        "name": carrier.name,
        "country": carrier.country,
        "networks": list(carrier.networks),
    }
    return {key: value for key, value in fields.items() if value}


def _plan_text(plan: PlanText) -> dict[str, Any]:
    shown = {
        "carrier": plan.carrier,
        "title": dict(plan.title),
        "countries": list(plan.countries),
        "source": plan.source,
        "prices": [format_money(price) for price in plan.prices],
        "top_ups": [top_up_to_text(offer) for offer in plan.top_ups],
        "supply": [source_to_text(source) for source in plan.supply],
        "coverage": coverage_to_text(plan.coverage),
        "starts": "" if plan.starts == "purchase" else plan.starts,
        "activate_within": format_duration(plan.activate_within) if plan.activate_within else "",
    }
    terms = plan_to_text(plan.plan)
    terms.pop("name")
    return {key: value for key, value in shown.items() if value} | terms
