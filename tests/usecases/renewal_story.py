"""Alice's line and her wallet, for stories about automatic renewals."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Min
from msgspec.structs import replace

from eka.jobs.renewing import Renewer
from eka.ledger import models
from eka.rules.catalogue_text import read_catalogue
from eka.rules.lines import Line
from eka.rules.requests import Use
from eka.rules.units import Money
from eka.usecases import effects, looking, wallets
from eka.usecases.balances import look
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.consents import Consent, agree, standings
from eka.usecases.lines import NewLine, add_line
from eka.usecases.settling import settle_all

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = NEW_YEAR + 30 * DAY
CHARGE = END - 25 * HOUR
KB = 1000
PLANS = """
plans:
  four: {data: 4KB, period: 30d, price: 10.00 USD, rollover: {carries: [plan]}}
  vodafone:
    data: 4KB
    period: 30d
    price: 10.00 USD
    rollover: {carries: [plan], requires: {lead_max: 0h, by: [auto], plan: same}}
  patient:
    data: 4KB
    period: 30d
    price: 10.00 USD
    rollover: {carries: [plan], requires: {grace: 7d}}
"""


class Story:
    """Alice, her line and her wallet, and a clock that jumps from one due thing to the next."""

    def __init__(self, plan: str = "four") -> None:
        import_catalogue(read_catalogue(PLANS), NEW_YEAR)
        self.now = NEW_YEAR
        self.alice = models.Subscriber.objects.create(name="Alice", email="alice@example.com").pk
        self.line = add_line(NewLine(plan=plan, subscriber=self.alice), self.now, activate=True)
        self.consent = Consent(
            line=self.line,
            subscriber=self.alice,
            method="wallet",
            text="I agree that my line is renewed for 10.00 USD until I stop it.",
            price=Money(1000, "USD"),
        )
        self._renewer = Renewer()

    def agree(self, key: str = "form", **terms: Any) -> int:
        return agree(replace(self.consent, **terms), now=self.now, key=key)

    def charge(self, dollars: int) -> None:
        """Alice puts money into her wallet."""
        key = f"charge-{models.WalletMovement.objects.count()}"
        money = Money(dollars * 100, "USD")
        wallets.credit(self.alice, money, kind="charge", key=key, now=self.now)

    def balance(self) -> int:
        return wallets.balances(self.alice).get("USD", 0)

    def use(self, amount: int) -> None:
        carry_out(self.line, Use(amount), now=self.now, key=f"use-{self.now.isoformat()}")

    def at(self, then: datetime) -> "Story":
        """Lets everything due until `then` happen, each at its own instant."""
        while (due := self._next_due()) is not None and due <= then:
            self.now = max(self.now, due)
            self.turn()
        self.now = then
        self.turn()
        return self

    def turn(self) -> None:
        """What the jobs do at this instant."""
        settle_all(self.now)
        self._renewer.turn(self.now)
        while effects.work(self.now):
            pass
        looking.expire_due(self.now)

    def _next_due(self) -> datetime | None:
        dues = [
            models.AutoRenewal.objects.aggregate(due=Min("next_due"))["due"],
            models.LineState.objects.aggregate(due=Min("next_due"))["due"],
            models.Order.objects.aggregate(due=Min("next_due"))["due"],
            models.Outbox.objects.aggregate(due=Min("due"))["due"],
        ]
        return min((due for due in dues if due is not None), default=None)

    def see(self) -> Line:
        return look(self.line, self.now).line

    def period(self) -> tuple[int, datetime]:
        """The number and start of the present period."""
        period = self.see().period
        assert period is not None
        return period.number, period.starts

    def told(self) -> list[str]:
        """What Alice was told about her automatic renewal, in order."""
        events = models.Message.objects.filter(event__startswith="auto_renewal").order_by("pk")
        return [
            event.removeprefix("auto_renewal_") for event in events.values_list("event", flat=True)
        ]

    def last(self, event: str) -> dict[str, Any]:
        """The facts of the newest message of this kind."""
        message = models.Message.objects.filter(event=f"auto_renewal_{event}").latest("pk")
        facts: dict[str, Any] = message.facts
        return facts

    def why_ended(self) -> str:
        return standings(self.now)[-1].ended_why

    def orders(self) -> list[str]:
        return list(models.Order.objects.order_by("pk").values_list("state", flat=True))
