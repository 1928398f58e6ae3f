"""Gift cards and refill codes: made in batches, redeemed once, cancelled, listed.

A code is known only to who was given it: here its digest is kept, under the installation's secret.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from msgspec import Struct

from eka.ledger import models
from eka.ledger.connections import run
from eka.ledger.plans import OnSale
from eka.rules import books
from eka.rules.gift_codes import (
    Gift,
    GiftData,
    GiftMoney,
    GiftRenewal,
    bits,
    gift_from_text,
    gift_to_text,
    grouped,
    read_code,
    spell,
)
from eka.rules.instants import format_instant, parse_instant
from eka.rules.requests import Command, Renew, TopUp
from eka.rules.units import Money
from eka.usecases import bookkeeping, wallets
from eka.usecases.commands import carry_out

CardState = Literal["open", "redeemed", "cancelled", "expired"]
CARDS_MAX = 10_000
# Of 2^75 codes nobody finds one by trying, but who tries should be seen, and slowed down.
WRONG_MAX, WRONG_WITHIN = 10, timedelta(hours=1)


class UnableToMake(Exception):
    """A batch that cannot be made; the message says why."""


class UnableToRedeem(Exception):
    """A code that gives nothing; nothing has changed.

    `code` says why: mistyped, no_such_code, too_many_tries, used, expired, cancelled, line_missing,
    not_your_line, no_such_plan.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Redeemed(Struct, frozen=True, kw_only=True):
    """What a code gave, to which line (None: the wallet), and whether it had done so before."""

    card: int
    gift: Gift
    line: int | None
    at: datetime
    repeated: bool = False


class Card(Struct, frozen=True, kw_only=True):
    """A card as the shop sees it: never its code, only the last characters."""

    shown: str
    batch: str
    gift: Gift
    state: CardState
    made_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: int | None
    line: int | None
    cancelled_at: datetime | None


# ------------------------------------------------------------------------------ made and taken back


@transaction.atomic
def make_batch(
    batch: str,
    gift: Gift,
    count: int,
    now: datetime,
    expires_at: datetime | None = None,
    *,
    sold: bool = False,
) -> list[str]:
    """Makes so many cards and returns their codes, which nobody can ask for again.

    A batch is made once. `sold`: somebody paid for them outside the gateways; else the shop gives
    them away. Raises UnableToMake.
    """
    if not 1 <= count <= CARDS_MAX:
        raise UnableToMake(f"a batch has 1 to {CARDS_MAX} cards")
    if expires_at is not None and expires_at <= now:
        raise UnableToMake("the cards would have expired already")
    if isinstance(gift, GiftRenewal) and gift.plan not in OnSale():
        raise UnableToMake(f"there is no plan {gift.plan!r} on sale")
    # Two calls for one batch wait here for each other: there is no row yet to lock.
    run("SELECT pg_advisory_xact_lock(hashtext('gift_card ' || %s::text))", [batch])
    if models.GiftCard.objects.filter(batch=batch).exists():
        raise UnableToMake(f"there is a batch {batch!r} already")
    codes = [spell(secrets.randbits(bits())) for _ in range(count)]
    models.GiftCard.objects.bulk_create(
        models.GiftCard(
            digest=_digest(code),
            shown=code[-4:],
            batch=batch,
            gives=gift_to_text(gift),
            made_at=now,
            expires_at=expires_at,
        )
        for code in codes
    )
    if isinstance(gift, GiftMoney):
        worth = Money(gift.money.minor * count, gift.money.currency)
        posts = books.gift_cards_sold(worth) if sold else books.gift_cards_given(worth)
        bookkeeping.record("gift_cards_made", f"gift_cards_made:{batch}", posts, now)
    return [grouped(code) for code in codes]


@transaction.atomic
def cancel(batch: str, now: datetime, shown: str = "") -> int:
    """Cancels the cards of a batch that nobody has redeemed; how many.

    `shown` limits it to those whose codes end in these characters.
    """
    return _end(_open().filter(batch=batch, shown__endswith=shown.upper()), now)


@transaction.atomic
def expire_due(now: datetime, most: int = 500) -> int:
    """Ends cards that can no longer be redeemed, so that nothing is owed for them; how many."""
    over = _open().filter(expires_at__lte=now).order_by("pk")[:most]
    return _end(models.GiftCard.objects.filter(pk__in=list(over.values_list("pk", flat=True))), now)


def _open() -> QuerySet[models.GiftCard]:
    return models.GiftCard.objects.filter(redeemed_at=None, cancelled_at=None)


def _end(cards: QuerySet[models.GiftCard], now: datetime) -> int:
    ended = list(cards.select_for_update(skip_locked=True))
    for card in ended:
        gift = gift_from_text(card.gives)
        if isinstance(gift, GiftMoney):
            posts = books.gift_card_expired(gift.money)
            bookkeeping.record("gift_card_expired", f"gift_card_expired:{card.pk}", posts, now)
    return models.GiftCard.objects.filter(pk__in=[c.pk for c in ended]).update(cancelled_at=now)


def cards(now: datetime, batch: str | None = None) -> Iterator[Card]:
    """The state of all cards, or of a batch's, in the order in which they were made."""
    rows = models.GiftCard.objects.order_by("pk")
    for row in (rows if batch is None else rows.filter(batch=batch)).iterator():
        yield Card(
            shown=row.shown,
            batch=row.batch,
            gift=gift_from_text(row.gives),
            state=_state(row, now),
            made_at=row.made_at,
            expires_at=row.expires_at,
            redeemed_at=row.redeemed_at,
            redeemed_by=row.redeemed_by_id,
            line=row.line_id,
            cancelled_at=row.cancelled_at,
        )


def _state(row: models.GiftCard, now: datetime) -> CardState:
    if row.redeemed_at is not None:
        return "redeemed"
    if row.cancelled_at is not None:
        return "cancelled"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "open"


def _digest(code: str, secret: str | bytes | None = None) -> str:
    return salted_hmac("eka.gift_card", code, secret, algorithm="sha256").hexdigest()


def _digests(code: str) -> list[str]:
    """Under the present secret and those it has replaced: a new secret spoils no card."""
    return [_digest(code, old) for old in (None, *settings.SECRET_KEY_FALLBACKS)]


# -------------------------------------------------------------------------------------- redeemed


def redeem(text: str, subscriber_id: int, now: datetime, line_id: int | None = None) -> Redeemed:
    """Redeems the code that a subscriber typed, for their wallet or their line.

    The code is the command's key: the same person gets the first answer again. Raises
    UnableToRedeem, and Unable where the line's rules refuse what the card gives; the card can then
    still be redeemed.
    """
    code = read_code(text)
    if code is None:
        # It fails its own check: a slip of the finger, from which nobody learns anything.
        raise UnableToRedeem("mistyped")
    redeemed = _redeem(code, subscriber_id, now, line_id)
    if redeemed is None:
        raise UnableToRedeem("no_such_code")
    return redeemed


@transaction.atomic
def _redeem(code: str, subscriber_id: int, now: datetime, line_id: int | None) -> Redeemed | None:
    """None where there is no such card: that try is counted, so it may not be rolled back."""
    # One code of a person at a time: else tries that come together would count as one.
    models.Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
    tries = _recent_tries(subscriber_id, now)
    if len(tries) >= WRONG_MAX:
        raise UnableToRedeem("too_many_tries")
    found = models.GiftCard.objects.select_for_update().filter(digest__in=_digests(code))
    card = found.first()
    if card is None:
        _count_try(subscriber_id, [*tries, now], now)
        return None
    if card.redeemed_at is not None and card.redeemed_by_id == subscriber_id:
        return _answer(card, repeated=True)
    if (state := _state(card, now)) != "open":
        raise UnableToRedeem("used" if state == "redeemed" else state)
    gift = gift_from_text(card.gives)
    key = f"gift_card:{card.pk}"
    if isinstance(gift, GiftMoney):
        wallets.credit(subscriber_id, gift.money, kind="gift_card", key=key, now=now)
        posts = books.gift_card_redeemed(gift.money)
        bookkeeping.record("gift_card_redeemed", f"gift_card_redeemed:{card.pk}", posts, now)
    else:
        card.line_id = _own_line(line_id, subscriber_id)
        carry_out(card.line_id, _command(gift), now=now, key=key)
    card.redeemed_at, card.redeemed_by_id = now, subscriber_id
    card.save(update_fields=["line", "redeemed_at", "redeemed_by"])
    return _answer(card)


def _own_line(line_id: int | None, subscriber_id: int) -> int:
    if line_id is None:
        raise UnableToRedeem("line_missing")
    if not models.Line.objects.filter(pk=line_id, subscriber=subscriber_id).exists():
        raise UnableToRedeem("not_your_line")
    return line_id


def _command(gift: GiftData | GiftRenewal) -> Command:
    if isinstance(gift, GiftData):
        return TopUp(gift.data, gift.validity, gift.kind)
    plan = OnSale().get(gift.plan)
    if plan is None:
        raise UnableToRedeem("no_such_plan")
    return Renew(plan)


def _answer(card: models.GiftCard, *, repeated: bool = False) -> Redeemed:
    assert card.redeemed_at is not None
    return Redeemed(
        card=card.pk,
        gift=gift_from_text(card.gives),
        line=card.line_id,
        at=card.redeemed_at,
        repeated=repeated,
    )


# ---------------------------------------------------------------------------------- wrong codes


def _recent_tries(subscriber_id: int, now: datetime) -> list[datetime]:
    case = models.Case.objects.filter(key=_case_key(subscriber_id)).first()
    tries = [parse_instant(text) for text in case.facts["tries"]] if case else []
    return [at for at in tries if at > now - WRONG_WITHIN]


def _count_try(subscriber_id: int, tries: list[datetime], now: datetime) -> None:
    """Notes a wrong code; at the last that is allowed, somebody of the shop is to look at it."""
    facts = {"subscriber": subscriber_id, "tries": [format_instant(at) for at in tries]}
    closed_at = None if len(tries) >= WRONG_MAX else now
    models.Case.objects.update_or_create(
        key=_case_key(subscriber_id),
        defaults={"facts": facts, "opened_at": now, "closed_at": closed_at},
        create_defaults={
            "kind": "wrong_gift_codes",
            "facts": facts,
            "opened_at": now,
            "closed_at": closed_at,
        },
    )


def _case_key(subscriber_id: int) -> str:
    return f"wrong_gift_codes:{subscriber_id}"
