"""Subscribers invite others: a code to pass on, who came by it, and the inviter's reward."""

import secrets
from datetime import datetime

from django.db import transaction

from eka.ledger import models
from eka.rules import books
from eka.rules.gift_codes import INVITATION_LENGTH, bits, grouped, read_code, spell
from eka.rules.units import Money
from eka.usecases import bookkeeping, wallets


class UnableToRefer(Exception):
    """An invitation that does not count.

    `code` says why: no_such_code, own_code, each_other, already (somebody else invited them), or
    not_new (they have bought before).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def invitation(subscriber_id: int) -> str:
    """The subscriber's code, made when it is first asked for; XXXX-XXXX."""
    new = spell(secrets.randbits(bits(INVITATION_LENGTH)), INVITATION_LENGTH)
    row, _ = models.Referral.objects.get_or_create(
        subscriber_id=subscriber_id, defaults={"code": new}
    )
    return grouped(row.code)


def inviter_of(code: str) -> int | None:
    """The subscriber whose code somebody typed, small letters and look-alikes allowed."""
    meant = read_code(code, INVITATION_LENGTH)
    rows = models.Referral.objects.filter(code=meant or "")
    return rows.values_list("subscriber_id", flat=True).first()


@transaction.atomic
def accept(subscriber_id: int, code: str) -> None:
    """Notes who invited a subscriber, before their first order is paid. Raises UnableToRefer.

    The same invitation again changes nothing.
    """
    inviter = inviter_of(code)
    if inviter is None:
        raise UnableToRefer("no_such_code")
    # Both are locked, in the order of their ids, so that two cannot invite each other at once.
    both = models.Subscriber.objects.select_for_update(no_key=True, of=("self",))
    rows = {row.pk: row for row in both.filter(pk__in={subscriber_id, inviter}).order_by("pk")}
    guest = rows[subscriber_id]
    if guest.referred_by_id == inviter:
        return
    if refusal := _refusal(guest, rows[inviter]):
        raise UnableToRefer(refusal)
    guest.referred_by_id = inviter
    guest.save(update_fields=["referred_by"])


def _refusal(guest: models.Subscriber, inviter: models.Subscriber) -> str:
    if guest.pk == inviter.pk:
        return "own_code"
    if guest.referred_by_id is not None:
        return "already"
    if inviter.referred_by_id == guest.pk:
        return "each_other"
    has_bought = models.Order.objects.filter(subscriber=guest, paid_at__isnull=False).exists()
    return "not_new" if has_bought else ""


@transaction.atomic
def reward(order_id: int, money: Money, now: datetime) -> bool:
    """Credits the inviter of the order's buyer, once for each guest; says whether it did so now.

    To be called when an order is fulfilled, with what an invitation is worth to the shop on that
    day. The guest's first order that comes here counts.
    """
    guest = models.Subscriber.objects.select_for_update(no_key=True).get(order=order_id)
    key = f"referral:{guest.pk}"
    rewarded = models.WalletMovement.objects.filter(key=key).exists()
    if guest.referred_by_id is None or rewarded:
        return False
    wallets.credit(
        guest.referred_by_id, money, kind="referral", key=key, now=now, order_id=order_id
    )
    posts = books.wallet_credited(money, "referral")
    bookkeeping.record("referral", key, posts, now, order_id=order_id)
    return True
