"""The demo's price list and sources: what no operator's page told is ours, so that all is sold.

A real shop writes its own prices into its catalogue; these are for trying out.
"""

from msgspec.structs import replace

from eka.rules.baskets import TopUpOffer
from eka.rules.catalogue_text import Catalogue, PlanText
from eka.rules.coverage import read_coverage
from eka.rules.documents import from_plain
from eka.rules.plans import Plan
from eka.rules.supply import Source
from eka.rules.units import Duration, Money

GB = 10**9
UNLIMITED_CENTS = 3500
CENTS_A_GB, CENTS_MIN, CENTS_MAX = 150, 500, 6000
MONTH = Duration(seconds=30 * 86400)
TOP_UPS = ((GB, 400), (5 * GB, 1500), (10 * GB, 2500))

SHOP = """
name: {en: Eka Demo, zh-Hans: E卡演示店}
about: A demo shop that sells nothing
timezone: Asia/Shanghai
currencies: [USD, CNY]
rates:
  - USD CNY 7.20 up to 0.10
  - AUD USD 0.66 up to 0.10
  - GBP USD 1.30 up to 0.10
  - INR USD 0.012 up to 0.10
  - KES USD 0.0077 up to 0.10
  - NGN USD 0.00065 up to 0.10
  - ZAR USD 0.055 up to 0.10
  - AUD CNY 4.75 up to 0.10
  - GBP CNY 9.40 up to 0.10
  - INR CNY 0.086 up to 0.10
  - KES CNY 0.055 up to 0.10
  - NGN CNY 0.0047 up to 0.10
  - ZAR CNY 0.40 up to 0.10
"""


# What the demo's plans come from: the sandboxes of `eka sandbox`.
OWN = Source(supplier="es2plus", package="eka-travel")
STOCKED = replace(OWN, pool=5, low=2)
AIRALO = Source(
    supplier="airalo",
    package="moshi-moshi-7days-1gb",
    renews="moshi-moshi-7days-1gb-topup",
    top_ups=dict.fromkeys((data for data, _ in TOP_UPS), "moshi-moshi-7days-1gb-topup"),
)
ESIM_ACCESS = Source(
    supplier="esimaccess",
    package="JC016",
    renews="TOPUP_JC016",
    top_ups=dict.fromkeys((data for data, _ in TOP_UPS), "TOPUP_JC016"),
)
SUPPLIED = {
    "att-prepaid-5gb": (STOCKED,),
    "airalo-japan-1gb-7d": (AIRALO, OWN),
    "nomad-3gb-30d": (ESIM_ACCESS, OWN),
}
FIRST_USE = ("airalo-japan-1gb-7d",)  # begins when it is switched on in Japan
COVERED = {
    "airalo-japan-1gb-7d": [
        {"country": "JP", "networks": ["44020", "44050"]},
        {"country": "KR", "networks": ["45008"], "price": "3.00 USD per 1GB"},
        {"country": "CN", "price": "none"},
    ]
}
ACTIVATE_WITHIN = Duration(seconds=180 * 86400)


def supplied(catalogue: Catalogue) -> Catalogue:
    """The catalogue with a source of profiles for every plan."""
    return replace(catalogue, plans=tuple(_supplied(text) for text in catalogue.plans))


def _supplied(text: PlanText) -> PlanText:
    text = replace(text, supply=SUPPLIED.get(text.plan.name, (OWN,)))
    if covered := COVERED.get(text.plan.name):
        text = replace(text, coverage=read_coverage(from_plain(covered)))
    if text.plan.name in FIRST_USE:
        text = replace(text, starts="first_use", activate_within=ACTIVATE_WITHIN)
    return text


def priced(catalogue: Catalogue) -> Catalogue:
    """The catalogue with a price and top-ups for every plan that has none."""
    return replace(catalogue, plans=tuple(_priced(text) for text in catalogue.plans))


def _priced(text: PlanText) -> PlanText:
    if text.plan.price is None and not text.prices:
        text = replace(text, prices=(Money(_cents(text.plan), "USD"),))
    if text.plan.data is not None and not text.top_ups:
        offers = tuple(TopUpOffer(data, MONTH, (Money(cents, "USD"),)) for data, cents in TOP_UPS)
        text = replace(text, top_ups=offers)
    return text


def _cents(plan: Plan) -> int:
    """A price that grows with the data, one cent below a round one."""
    if plan.data is None:
        return UNLIMITED_CENTS * plan.term - 1
    cents = plan.data * CENTS_A_GB // GB
    return max(CENTS_MIN, min(CENTS_MAX, cents // 100 * 100)) * plan.term - 1
