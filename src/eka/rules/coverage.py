"""Where a plan works: countries, networks, and what data costs there.

In catalogue files `coverage` is a list, one entry a country:

    coverage:
      - {country: JP, networks: ["44010", "44020"]}
      - {country: CH, price: 3.00 USD per 1GB, note: {en: ..., zh-Hans: ...}}
      - {country: TR, price: none}

`price` is `included` (the plan's own data, and the default), an amount of money per amount of
data, or `none`: there it does not work. Without `coverage` a plan works where its `countries` say,
on the networks of its carrier.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from eka.rules.documents import BadInput, Node, read_list
from eka.rules.units import BadValue, Money, format_data, format_money, parse_data, parse_money

INCLUDED = "included"
NOT_SOLD = "none"
NETWORK_COLUMNS = ("mcc", "mnc", "country", "name", "generation")

_COUNTRY = re.compile(r"[A-Z]{2}")
_CODE = re.compile(r"[0-9]{5,6}")


class Rate(Struct, frozen=True):
    """What data costs abroad: `money` for each `per` bytes."""

    money: Money
    per: int


class Coverage(Struct, frozen=True):
    """One country of a plan. `rate` None is included in the plan; `works` false: no data there.

    `networks` are MCC+MNC codes; empty: any that the supplier chooses.
    """

    country: str
    networks: tuple[str, ...] = ()
    rate: Rate | None = None
    works: bool = True
    note: dict[str, str] = {}


class Network(Struct, frozen=True):
    """A network as its code (MCC+MNC, ITU-T E.212) names it; `generation` is the newest it has."""

    code: str
    country: str
    name: str
    generation: str


def read_coverage(node: Node) -> tuple[Coverage, ...]:
    """The countries of a plan's `coverage`. Raises BadInput."""
    found = read_list(_country)(node)
    seen = set()
    for one, element in zip(found, node.elements(), strict=True):
        if one.country in seen:
            raise element.fail(f"{one.country} stands there twice")
        seen.add(one.country)
    return found


def coverage_to_text(coverage: Iterable[Coverage]) -> list[dict[str, Any]]:
    """The countries as plain values, which read back to the same."""
    return [_to_text(one) for one in coverage]


def plain_coverage(
    countries: Sequence[str], networks: Sequence[str], known: Mapping[str, Network]
) -> tuple[Coverage, ...]:
    """What a plan without `coverage` covers: its countries, on those networks that stand there."""
    own = [known[code] for code in networks if code in known]
    return tuple(
        Coverage(country, tuple(one.code for one in own if one.country == country))
        for country in countries
    )


def read_networks(text: str) -> dict[str, Network]:
    """The networks of a CSV text, by their codes. Raises BadInput with line and field."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != NETWORK_COLUMNS:
        raise BadInput(f"the first line names the columns: {','.join(NETWORK_COLUMNS)}", 1)
    networks: dict[str, Network] = {}
    for row in reader:
        code, line = row["mcc"] + row["mnc"], reader.line_num
        if not _CODE.fullmatch(code):
            raise BadInput(f"{code!r} is not an MCC and MNC of 5 or 6 digits", line, "mnc")
        if not _COUNTRY.fullmatch(row["country"]):
            raise BadInput(f"{row['country']!r} is not a country code", line, "country")
        if code in networks:
            raise BadInput(f"{code} stands there twice", line, "mnc")
        networks[code] = Network(code, row["country"], row["name"], row["generation"])
    return networks


def _country(node: Node) -> Coverage:
    with node.fields() as fields:
        rate, works = fields.take("price", _price, (None, True))
        return Coverage(
            country=fields.need("country", _code_of_country),
            networks=fields.take("networks", read_list(_network), ()),
            rate=rate,
            works=works,
            note=fields.take("note", _note, {}),
        )


def _code_of_country(node: Node) -> str:
    if not _COUNTRY.fullmatch(node.text()):
        raise node.fail(f"{node.sort()} is not a country code; write it like JP")
    return node.text()


def _network(node: Node) -> str:
    if not _CODE.fullmatch(node.text()):
        raise node.fail(f'{node.sort()} is not a network (MCC and MNC); write it like "44010"')
    return node.text()


def _price(node: Node) -> tuple[Rate | None, bool]:
    text = node.text()
    if text in (INCLUDED, NOT_SOLD):
        return None, text == INCLUDED
    return node.read(_rate), True


def _rate(text: str) -> Rate:
    money, per, data = text.partition(" per ")
    if not per:
        raise BadValue(f"{text!r} is not a price; write {INCLUDED}, {NOT_SOLD} or 3.00 USD per 1GB")
    rate = Rate(parse_money(money), parse_data(data))
    if not rate.per:
        raise BadValue("a price is for more than no data")
    return rate


def _note(node: Node) -> dict[str, str]:
    if isinstance(node.value, str):
        return {"en": node.value}
    return {language: text.text() for language, text in node.items()}


def _to_text(one: Coverage) -> dict[str, Any]:
    text: dict[str, Any] = {"country": one.country}
    if one.networks:
        text["networks"] = list(one.networks)
    if not one.works:
        text["price"] = NOT_SOLD
    elif one.rate:
        text["price"] = f"{format_money(one.rate.money)} per {format_data(one.rate.per)}"
    if one.note:
        text["note"] = dict(one.note)
    return text
