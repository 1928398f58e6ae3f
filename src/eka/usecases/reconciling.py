"""Every day is compared with each gateway's own list of transactions; a difference is a case.

Money that the gateway lists and we never heard of is first asked about: a lost notification is
found here at the latest. What the gateway keeps of a payment comes from its list into the books.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec
from django.db import transaction

from eka.gateways.payments.terms import (
    GatewayError,
    PaymentGateway,
    PaymentReport,
    Transaction,
)
from eka.ledger import models
from eka.rules import books
from eka.rules.units import Money
from eka.usecases import bookkeeping, looking
from eka.usecases.cases import open_case
from eka.usecases.gateways import gateway, gateways
from eka.usecases.taking import take

log = logging.getLogger(__name__)

# Lists are asked for by days of UTC. WeChat Pay and Alipay make theirs by days of Beijing, each the
# morning after: the second of the two that share a day of UTC is there 26 hours after its end.
READY_AFTER = timedelta(hours=27)
DAYS_BACK = 30
EDGE = timedelta(hours=1)  # two clocks may put one payment on two days


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a day on which the gateway and we do not agree.

    what: missing_here (they took money that we know nothing of), missing_there, amount.
    """

    what: str
    transaction: str
    number: str
    here: int | None = None
    there: int | None = None
    currency: str


def reconcile_due(now: datetime) -> int:
    """Reconciles one day that is due, the oldest first; how many there were."""
    for name, day in _due(now):
        try:
            reconcile(name, day, now)
        except GatewayError as error:
            log.warning("%s cannot be reconciled for %s yet: %s", name, day, error)
            continue
        return 1
    return 0


def _due(now: datetime) -> Iterator[tuple[str, date]]:
    last = (now - READY_AFTER).astimezone(UTC).date() - timedelta(days=1)
    for name in gateways():
        begun = models.Payment.objects.filter(gateway=name).order_by("pk").first()
        if begun is None:
            continue
        day = max(begun.begun_at.astimezone(UTC).date(), last - timedelta(days=DAYS_BACK))
        done = models.Reconciliation.objects.filter(gateway=name, day__gte=day)
        days_done = set(done.values_list("day", flat=True))
        while day <= last:
            if day not in days_done:
                yield name, day
            day += timedelta(days=1)


def reconcile(name: str, day: date, now: datetime) -> list[Difference]:
    """Compares a day of UTC with the gateway's list. Raises NoSuchGateway, GatewayError."""
    opened = gateway(name)
    listed = opened.transactions(day)
    _ask_about_unknown(opened, listed, now)
    near = _Neighbours(opened, day)
    return _compare(name, day, listed, near, now)


class _Neighbours:
    """The lists of the days before and after, fetched when something is missing in the day's."""

    def __init__(self, opened: PaymentGateway, day: date) -> None:
        self._opened, self._day = opened, day
        self._found: set[tuple[str, str]] | None = None

    def have_payment(self, transaction_number: str, at: datetime) -> bool:
        """Whether a payment of that instant stands in the list of a neighbouring day."""
        midnight = datetime.combine(self._day, time(), UTC)
        if midnight + EDGE <= at < midnight + timedelta(days=1) - EDGE:
            return False
        return ("payment", transaction_number) in self._listed()

    def have_refund(self, number: str) -> bool:
        """Whether the refund does: it may have been heard of long after it was made."""
        return ("refund", number) in self._listed()

    def _listed(self) -> set[tuple[str, str]]:
        if self._found is None:
            days = (self._day - timedelta(days=1), self._day + timedelta(days=1))
            lines = [line for day in days for line in self._opened.transactions(day)]
            self._found = {
                (line.kind, line.number if line.kind == "refund" else line.transaction)
                for line in lines
            }
        return self._found


def _ask_about_unknown(
    opened: PaymentGateway, listed: Sequence[Transaction], now: datetime
) -> None:
    """A second payment of one number is not what a gateway tells when asked; its list has both."""
    name = opened.name
    paid = [line for line in listed if line.kind == "payment"]
    known = set(
        models.MoneyIn.objects.filter(
            gateway=name, transaction__in=[line.transaction for line in paid]
        ).values_list("transaction", flat=True)
    )
    for line in paid:
        payment = models.Payment.objects.filter(gateway=name, number=line.number)
        if line.transaction not in known and payment.exists():
            looking.look(line.number, now)
            take(line.number, _told(line, opened.merchant), now)


def _told(line: Transaction, merchant: str) -> PaymentReport:
    """The line as a report: who may see the list is who was paid."""
    return PaymentReport(
        number=line.number,
        status="paid",
        transaction=line.transaction,
        amount=line.amount,
        merchant=merchant,
        at=line.at,
    )


@transaction.atomic
def _compare(
    name: str, day: date, listed: Sequence[Transaction], near: _Neighbours, now: datetime
) -> list[Difference]:
    payments = {line.transaction: line for line in listed if line.kind == "payment"}
    refunds = {line.number: line for line in listed if line.kind == "refund"}
    starts = datetime.combine(day, time(), UTC)
    within = (starts, starts + timedelta(days=1) - timedelta(microseconds=1))
    ours = {
        money.transaction: money
        for money in models.MoneyIn.objects.filter(gateway=name, transaction__in=list(payments))
    }
    found = [*_payments_there(name, payments, ours, now)]
    for money in models.MoneyIn.objects.filter(gateway=name, at__range=within):
        if money.transaction not in payments and not near.have_payment(money.transaction, money.at):
            found.append(_missing_there(money.transaction, "", money.amount, money.currency))
    found += _refunds(name, refunds)
    sent = models.Refund.objects.filter(money__gateway=name, state="done", done_at__range=within)
    for back in sent.exclude(number__in=list(refunds)):
        if not near.have_refund(back.number):
            found.append(_missing_there(back.reference, back.number, back.amount, back.currency))
    _keep(name, day, len(payments) + len(refunds), found, now)
    return found


def _payments_there(
    name: str, listed: dict[str, Transaction], ours: dict[str, models.MoneyIn], now: datetime
) -> Iterator[Difference]:
    for number, line in listed.items():
        money = ours.get(number)
        here = Money(money.amount, money.currency) if money else None
        if money is None or here != line.amount:
            yield Difference(
                what="missing_here" if money is None else "amount",
                transaction=number,
                number=line.number,
                here=money.amount if money else None,
                there=line.amount.minor,
                currency=line.amount.currency,
            )
        elif line.fee is not None and line.fee.minor > 0:
            models.MoneyIn.objects.filter(pk=money.pk).update(fee=line.fee.minor)
            posts = books.fee(name, line.fee)
            key = f"fee:{name}:{number}"
            bookkeeping.record("fee", key, posts, now, order_id=money.order_id)


def _refunds(name: str, listed: dict[str, Transaction]) -> Iterator[Difference]:
    known = models.Refund.objects.filter(money__gateway=name, number__in=list(listed))
    ours = {refund.number: refund for refund in known}
    for number, line in listed.items():
        refund = ours.get(number)
        if refund is None or refund.amount != line.amount.minor or refund.state == "failed":
            yield Difference(
                what="missing_here" if refund is None else "amount",
                transaction=line.transaction,
                number=number,
                here=refund.amount if refund else None,
                there=line.amount.minor,
                currency=line.amount.currency,
            )


def _missing_there(number: str, ours: str, amount: int, currency: str) -> Difference:
    return Difference(
        what="missing_there", transaction=number, number=ours, here=amount, currency=currency
    )


def _keep(name: str, day: date, listed: int, found: Sequence[Difference], now: datetime) -> None:
    plain = msgspec.to_builtins(list(found))
    wrong = sum(difference.what != "missing_there" for difference in found)
    kept = {"done_at": now, "matched": listed - wrong, "differences": plain}
    models.Reconciliation.objects.update_or_create(gateway=name, day=day, defaults=kept)
    for difference in found:
        facts = {"gateway": name, "day": day.isoformat(), **msgspec.to_builtins(difference)}
        which = difference.transaction or difference.number
        key = f"reconciliation:{name}:{difference.what}:{which}"
        open_case("reconciliation", key, now, facts)
