"""Where a plan works, as pages show it: countries, networks by name, prices."""

from collections.abc import Iterable

from django.http import HttpRequest
from msgspec import Struct

from eka.portal.speech import own, words
from eka.rules.coverage import Coverage, Network
from eka.usecases import coverage as kept
from eka.words import coverage as said
from eka.words.devices import title


class Carried(Struct, frozen=True):
    """A network by its name, with all codes under which a phone may list it."""

    name: str
    generation: str
    codes: str


class Place(Struct, frozen=True):
    """One country of a plan, in words."""

    code: str
    name: str
    networks: list[Carried]
    price: str
    works: bool
    note: str


class Places(Struct, frozen=True):
    """The countries of a plan: all of them, the one chosen, and those to show."""

    all: list[Place]
    chosen: str
    shown: list[Place]


def places_of(plan: str, request: HttpRequest) -> Places:
    """Where the plan works; `?country=` narrows it to one."""
    known = kept.networks()
    every = sorted(
        (_place(one, known) for one in kept.of_plan(plan)),
        key=lambda one: (not one.works, one.name),
    )
    asked = request.GET.get("country", "")
    shown = [one for one in every if one.code == asked]
    return Places(every, asked if shown else "", shown or every)


def _place(one: Coverage, known: dict[str, Network]) -> Place:
    tongue = words().tongue
    return Place(
        code=one.country,
        name=title(tongue, one.country),
        networks=_named(
            known.get(code) or Network(code, one.country, "", "") for code in one.networks
        ),
        price=said.price(tongue, one),
        works=one.works,
        note=own(one.note),
    )


def _named(networks: Iterable[Network]) -> list[Carried]:
    """One entry a name; a network without a name goes by its code."""
    by_name: dict[tuple[str, str], list[str]] = {}
    for network in networks:
        name = network.name or _written(network.code)
        by_name.setdefault((name, network.generation), []).append(_written(network.code))
    return [
        Carried(name, generation, "" if codes == [name] else ", ".join(codes))
        for (name, generation), codes in by_name.items()
    ]


def _written(code: str) -> str:
    """MCC and MNC as phones list a network that they cannot name: 440 10, never torn apart."""
    return f"{code[:3]}\u00a0{code[3:]}"
