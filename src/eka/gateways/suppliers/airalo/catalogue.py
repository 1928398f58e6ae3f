"""Airalo's list of packages: countries and regions, their operators, and what these sell."""

from decimal import Decimal

from msgspec import Struct

from eka.gateways.suppliers.airalo.amounts import data_bytes
from eka.gateways.suppliers.airalo.messages import USD, our_cost
from eka.gateways.suppliers.terms import Package
from eka.rules.units import BadValue

TOP_UP = "-topup"  # how the names of packages end that are sold only on top
GENERATIONS = {"5G": 5, "LTE": 4, "4G": 4, "3G": 3, "2G": 2}


class Network(Struct):
    """A network, and what it runs, such as LTE and 5G."""

    name: str
    types: list[str] | None = None

    def title(self) -> str:
        """`Vodafone 5G`."""
        best = max(self.types or [], key=lambda kind: GENERATIONS.get(kind, 0), default="")
        return f"{self.name} {best}".strip()


class Coverage(Struct):
    """The networks of a country."""

    networks: list[Network] = []


class CoveredCountry(Struct):
    """A country in which an operator's packages work."""

    country_code: str


class Pack(Struct):
    """A package (`type` sim, topup); `amount` is in megabytes."""

    id: str
    type: str
    title: str
    day: int
    amount: Decimal
    price: Decimal | None = None
    net_price: Decimal | None = None
    is_unlimited: bool = False


class Operator(Struct):
    """Who sells packages."""

    title: str
    packages: list[Pack] = []
    countries: list[CoveredCountry] = []
    coverages: list[Coverage] | None = None


class Place(Struct):
    """A country or a region."""

    operators: list[Operator] = []


def packages_of(place: Place) -> list[Package]:
    """What is sold there. Raises ValueError."""
    return [_package(operator, pack) for operator in place.operators for pack in operator.packages]


def _package(operator: Operator, pack: Pack) -> Package:
    price = our_cost(pack.net_price, pack.price, USD)
    if price is None:
        raise BadValue(f"{pack.id} has no price")
    networks = (network for coverage in operator.coverages or [] for network in coverage.networks)
    return Package(
        code=pack.id,
        title=f"{operator.title} {pack.title}",
        data=None if pack.is_unlimited else data_bytes(pack.amount),
        days=pack.day,
        cost=price,
        countries=tuple(country.country_code for country in operator.countries),
        networks=tuple(dict.fromkeys(network.title() for network in networks)),
        top_up_of=_below(operator, pack),
    )


def _below(operator: Operator, pack: Pack) -> str:
    """What a top-up adds to: any profile of its operator, so its namesake, or else the first."""
    if pack.type != "topup":
        return ""
    sold = [other.id for other in operator.packages if other.type == "sim"]
    namesake = pack.id.removesuffix(TOP_UP)
    return namesake if namesake in sold else next(iter(sold), namesake)
