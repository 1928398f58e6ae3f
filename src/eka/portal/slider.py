"""The what-if slider: an amount between nothing and the plan's data, in the unit it was sold in."""

from decimal import Decimal, InvalidOperation

from msgspec import Struct

from eka.portal.speech import words
from eka.rules.plans import Plan
from eka.rules.units import BINARY, DECIMAL, is_binary

STEPS_MAX = 100
STEPS = tuple(Decimal(step) for step in ("0.01", "0.05", "0.1", "0.5", "1", "5", "10", "50"))
USUAL_USE = Decimal("0.7")


class Slider(Struct, frozen=True):
    """Where the slider stands and ends, in `unit`s of `factor` bytes."""

    plan: Plan
    unit: str
    factor: int
    most: Decimal
    step: Decimal
    value: Decimal

    @property
    def most_text(self) -> str:
        """The plan's data as a sentence shows it."""
        return words().data(int(self.most * self.factor), self.plan)

    @property
    def used(self) -> int:
        """The amount in bytes."""
        return int(self.value * self.factor)


def slider_of(plan: Plan, asked: str) -> Slider | None:
    """The slider of a plan, at what was asked or at a usual use; None for unlimited data."""
    if not plan.data:
        return None
    units = BINARY if is_binary(plan.data) else DECIMAL
    unit = [name for name, factor in units.items() if plan.data >= factor][-1]
    most = Decimal(plan.data) / units[unit]
    step = next((step for step in STEPS if most / step <= STEPS_MAX), STEPS[-1])
    usual = (most * USUAL_USE // step) * step
    return Slider(plan, unit, units[unit], most, step, _within(asked, most, usual))


def _within(asked: str, most: Decimal, otherwise: Decimal) -> Decimal:
    try:
        value = Decimal(asked)
    except InvalidOperation:
        return otherwise
    return min(max(value, Decimal(0)), most) if value.is_finite() else otherwise
