"""What the sandbox sells: two countries and a region, with top-ups, and one package without end."""

from msgspec import Struct

from eka.gateways.sandbox.records import Document
from eka.gateways.suppliers.sandbox.airalo.wire import dollars

GIGABYTE_MB = 1024
MEGABYTE = 2**20
PERCENT = 100
RETAIL_PERCENT = 125  # of what we pay: below that it must not be sold


class Offer(Struct, frozen=True):
    """A package: `gigabytes` 0 is unlimited; `cents` (USD) is what the partner pays."""

    code: str
    days: int
    gigabytes: int
    cents: int
    top_up: bool = False

    @property
    def megabytes(self) -> int:
        """As the `amount` of a package."""
        return self.gigabytes * GIGABYTE_MB

    @property
    def size(self) -> str:
        """`3 GB`."""
        return f"{self.gigabytes} GB" if self.gigabytes else "Unlimited"


class Maker(Struct, frozen=True):
    """An operator with a place of its own. `networks` by country, each with its generations."""

    id: int
    slug: str
    title: str
    place: str
    place_slug: str
    networks: dict[str, list[tuple[str, list[str]]]]
    sizes: tuple[tuple[int, int, int], ...]  # days, gigabytes, cents

    @property
    def is_local(self) -> bool:
        """Whether it sells for one country."""
        return len(self.networks) == 1

    def offers(self) -> list[Offer]:
        """What it sells; everything that has an end can be had once more on top."""
        sims = [
            Offer(self._code(days, size), days, size, cents) for days, size, cents in self.sizes
        ]
        return [*sims, *(_on_top(offer) for offer in sims if offer.gigabytes)]

    def _code(self, days: int, gigabytes: int) -> str:
        return f"{self.slug}-{days}days-{f'{gigabytes}gb' if gigabytes else 'unlimited'}"


def _on_top(offer: Offer) -> Offer:
    return Offer(f"{offer.code}-topup", offer.days, offer.gigabytes, offer.cents, top_up=True)


MAKERS = (
    Maker(
        id=101,
        slug="moshi-moshi",
        title="Moshi Moshi",
        place="Japan",
        place_slug="japan",
        networks={"JP": [("SoftBank", ["LTE", "5G"]), ("KDDI", ["LTE"])]},
        sizes=((7, 1, 360), (30, 3, 680), (30, 10, 1440)),
    ),
    Maker(
        id=102,
        slug="elan",
        title="Élan",
        place="France",
        place_slug="france",
        networks={"FR": [("Orange", ["LTE", "5G"]), ("SFR", ["LTE"])]},
        sizes=((7, 1, 360), (10, 0, 2320)),
    ),
    Maker(
        id=103,
        slug="eurolink",
        title="Eurolink",
        place="Europe",
        place_slug="europe",
        networks={
            "DE": [("Vodafone", ["LTE", "5G"])],
            "FR": [("Orange", ["LTE", "5G"])],
            "IT": [("TIM", ["LTE"])],
        },
        sizes=((7, 1, 400), (30, 5, 1600)),
    ),
)
BY_CODE = {offer.code: (maker, offer) for maker in MAKERS for offer in maker.offers()}


def places(kind: str, country: str, percent: int, *, with_top_ups: bool) -> list[Document]:
    """The catalogue as `GET packages` answers it, with all prices at `percent`."""
    return [
        _place(maker, percent, with_top_ups=with_top_ups)
        for maker in MAKERS
        if (not kind or kind == ("local" if maker.is_local else "global"))
        and (not country or country in maker.networks)
    ]


def _place(maker: Maker, percent: int, *, with_top_ups: bool) -> Document:
    return {
        "slug": maker.place_slug,
        "country_code": next(iter(maker.networks)) if maker.is_local else "",
        "title": maker.place,
        "image": {"width": 132, "height": 99, "url": "https://cdn.airalo.com/images/flag.png"},
        "operators": [_operator(maker, percent, with_top_ups=with_top_ups)],
    }


def _operator(maker: Maker, percent: int, *, with_top_ups: bool) -> Document:
    return {
        "id": maker.id,
        "style": "light",
        "type": "local" if maker.is_local else "global",
        "is_prepaid": False,
        "title": maker.title,
        "esim_type": "Prepaid",
        "apn_type": "automatic",
        "apn_value": None,
        "is_roaming": True,
        "info": ["Data-only eSIM.", "Rechargeable online."],
        "plan_type": "data",
        "activation_policy": "first-usage",
        "is_kyc_verify": False,
        "rechargeability": True,
        "other_info": None,
        "coverages": [
            {
                "name": code,
                "code": code,
                "networks": [{"name": name, "types": types} for name, types in networks],
            }
            for code, networks in maker.networks.items()
        ],
        "packages": [
            told(offer, percent) for offer in maker.offers() if with_top_ups or not offer.top_up
        ],
        "countries": [{"country_code": code, "title": code} for code in maker.networks],
    }


def told(offer: Offer, percent: int) -> Document:
    """A package, as it is listed."""
    net, asked = dollars(price(offer, percent)), dollars(retail(offer, percent))
    return {
        "id": offer.code,
        "type": "topup" if offer.top_up else "sim",
        "price": asked,
        "net_price": net,
        "prices": {"net_price": {"USD": net}, "recommended_retail_price": {"USD": asked}},
        "amount": offer.megabytes,
        "day": offer.days,
        "is_unlimited": not offer.gigabytes,
        "title": f"{offer.size} - {offer.days} Days",
        "data": offer.size,
        "short_info": None,
        "voice": None,
        "text": None,
        "is_fair_usage_policy": not offer.gigabytes,
        "fair_usage_policy": None if offer.gigabytes else "1 Mbps after 3 GB a day",
    }


def price(offer: Offer, percent: int) -> int:
    """The partner's price in cents."""
    return offer.cents * percent // PERCENT


def retail(offer: Offer, percent: int) -> int:
    """What a traveller is to pay at least, in cents."""
    return price(offer, percent) * RETAIL_PERCENT // PERCENT
