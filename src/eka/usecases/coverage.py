"""Where the shop's plans work, with the networks' names."""

from functools import lru_cache
from pathlib import Path

from eka.ledger import models
from eka.rules.coverage import Coverage, Network, plain_coverage, read_coverage, read_networks
from eka.rules.documents import from_plain

SHIPPED = Path(__file__).parents[1] / "catalogue" / "networks.csv"


@lru_cache(maxsize=1)
def networks() -> dict[str, Network]:
    """The networks that Eka knows by name, by MCC+MNC."""
    return read_networks(SHIPPED.read_text(encoding="utf-8"))


def of_plan(name: str) -> tuple[Coverage, ...]:
    """The countries in which a plan works; none where there is no such plan."""
    plan = models.Plan.objects.select_related("carrier").filter(name=name).first()
    if plan is None:
        return ()
    if plan.coverage:
        return read_coverage(from_plain(plan.coverage))
    codes = plan.carrier.networks if plan.carrier else ()
    return plain_coverage(plan.countries, codes, networks())


def plan_of_line(line_id: int) -> str | None:
    """The plan that a line was sold with, for one that has not begun its first period."""
    sold = models.Line.objects.filter(pk=line_id).values_list("sold_plan__plan__name", flat=True)
    return sold.first()
