"""The --at option: when a command happens."""

from datetime import datetime

import click

from eka.rules.instants import parse_instant
from eka.rules.units import BadValue


class Instant(click.ParamType[datetime]):
    """An instant with its offset, such as 2026-01-31T00:00:00Z."""

    name = "instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The aware instant in UTC; a naive or malformed text is refused."""
        try:
            return value if isinstance(value, datetime) else parse_instant(str(value))
        except BadValue as error:
            self.fail(str(error), param, ctx)


at_option = click.option("--at", type=Instant(), help="When; now by default.")
