"""The ledger as a stage for scenarios: real use cases and tables, in a schema of its own."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.core.management import call_command
from django.db import connection

from eka.clock import now as wall_clock
from eka.ledger import history, plans, reading
from eka.rules.lines import Answer, Entry, Line
from eka.rules.plans import Plan
from eka.rules.requests import Activate, AddOn, Command, Renew
from eka.usecases import catalogue
from eka.usecases.commands import carry_out
from eka.usecases.lines import NewLine, add_line
from eka.usecases.settling import settle_all


@contextmanager
def throwaway_schema() -> Iterator[None]:
    """A schema with Eka's tables that is gone afterwards; the database's own stay untouched."""
    name = f"eka_simulate_{os.getpid()}_{int(wall_clock().timestamp() * 1000)}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{name}"')
        cursor.execute(f'SET search_path TO "{name}"')
    plans.forget()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        plans.forget()
        with connection.cursor() as cursor:
            # Inside a transaction, checks that wait for its end would keep the tables.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
            cursor.execute("RESET search_path")


class LedgerStage:
    """A stage of real tables: commands go through use cases, time through the settling job."""

    def __init__(self, timezone: str) -> None:
        self._timezone = timezone
        self._id = 0
        self._count = 0

    def offer(self, plan: Plan) -> None:
        """Sells the plan under these terms from now on."""
        catalogue.sell(plan, wall_clock())
        if self._id == 0:
            new = NewLine(plan=plan.name, timezone=self._timezone)
            self._id = add_line(new, wall_clock())

    def perform(self, command: Command, at: datetime) -> Answer | None:
        """Applies a command. Raises Unable."""
        self._count += 1
        if not isinstance(command, Renew):
            self.pass_time(at)
        sold = _as_sold(command)
        return carry_out(self._id, sold, now=at, key=f"{self._count}").answer

    def pass_time(self, at: datetime) -> None:
        """Lets everything due up to and including `at` happen."""
        settle_all(at)

    def line(self) -> Line:
        """The line as it is now."""
        return reading.read([self._id])[0].line

    def entries(self) -> Sequence[Entry]:
        """Everything that happened to the line so far, in order."""
        return history.entries(self._id)


def _as_sold(command: Command) -> Command:
    """The command with its plan in the version that the ledger sells."""
    on_sale = plans.OnSale()
    match command:
        case Activate(plan=plan, left=left):
            return Activate(on_sale[plan.name], left)
        case Renew(plan=plan, by=by, rollover=rollover) if plan is not None:
            return Renew(on_sale[plan.name], by, rollover)
        case AddOn(plan=plan, starts=starts):
            return AddOn(on_sale[plan.name], starts)
    return command
