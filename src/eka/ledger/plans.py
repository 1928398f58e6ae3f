"""Plan versions as the rules know them, and what is on sale."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from eka.ledger.models import PlanVersion
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan

_versions: dict[int, Plan] = {}


def version(number: int) -> Plan:
    """The terms of a plan version. They never change, so each is read once a process."""
    if number not in _versions:
        load_versions([number])
    return _versions[number]


def load_versions(numbers: list[int]) -> None:
    """Reads several versions at once."""
    wanted = [number for number in numbers if number not in _versions]
    if wanted:
        for row in PlanVersion.objects.filter(pk__in=wanted):
            remember(row)


def remember(row: PlanVersion) -> Plan:
    """The terms of a version's row."""
    if row.pk in _versions:
        return _versions[row.pk]
    plan = plan_from_text(row.terms)
    return _versions.setdefault(row.pk, replace(plan, version=row.pk))


def forget() -> None:
    """Forgets every version: the process turns to another database or schema."""
    _versions.clear()


class OnSale(Mapping[str, Plan]):
    """The terms under which plans are sold now, by name; each is looked up when first asked for.

    One object serves one unit of work, so that a plan edited meanwhile is seen by the next.
    """

    def __init__(self) -> None:
        self._found: dict[str, Plan | None] = {}

    def __getitem__(self, name: str) -> Plan:
        if name not in self._found:
            row = PlanVersion.objects.filter(plan__name=name).order_by("-number").first()
            self._found[name] = None if row is None else remember(row)
        plan = self._found[name]
        if plan is None:
            raise KeyError(name)
        return plan

    def __iter__(self) -> Iterator[str]:
        return iter(PlanVersion.objects.values_list("plan__name", flat=True).distinct())

    def __len__(self) -> int:
        return PlanVersion.objects.values("plan").distinct().count()
