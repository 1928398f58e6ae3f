"""Gift cards: redeemed once, by whoever has the code. Olga makes them; Mallory has none."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from eka.ledger import models
from eka.rules.buckets import left
from eka.rules.catalogue_text import read_catalogue
from eka.rules.gift_codes import Gift, GiftData, GiftMoney, GiftRenewal, spell
from eka.rules.lines import Unable
from eka.rules.requests import Change
from eka.rules.units import Duration, Money
from eka.usecases import gift_cards, wallets
from eka.usecases.balances import look
from eka.usecases.cases import close_case
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.gift_cards import UnableToMake, UnableToRedeem, cards, make_batch, redeem
from eka.usecases.lines import NewLine, add_line

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GB = 10**9
SHOP = "plans: {four: {data: 4GB, period: 30d, price: 20.00 USD, rollover: {carries: [plan]}}}"
TWENTY = GiftMoney(Money(2000, "USD"))
REFILL = GiftData(5 * GB, Duration(seconds=30 * 86400))


def subscriber(name: str) -> int:
    return int(models.Subscriber.objects.create(name=name).pk)


@pytest.fixture
def alice(db: None) -> int:
    return subscriber("Alice")


@pytest.fixture
def bob(db: None) -> int:
    return subscriber("Bob")


@pytest.fixture
def line(alice: int) -> int:
    """Alice's line: four gigabytes."""
    import_catalogue(read_catalogue(SHOP), NOW)
    return add_line(NewLine(plan="four", subscriber=alice), NOW, activate=True)


def code_for(gift: Gift, batch: str = "spring") -> str:
    (code,) = make_batch(batch, gift, 1, NOW, NOW + 365 * DAY)
    return code


def why_not(text: str, who: int, now: datetime = NOW, line_id: int | None = None) -> str:
    with pytest.raises(UnableToRedeem) as refusal:
        redeem(text, who, now, line_id)
    return refusal.value.code


def states() -> list[str]:
    return [card.state for card in cards(NOW)]


# ---------------------------------------------------------------------------------- redeemed once


def test_money_goes_into_the_wallet_once(alice: int, bob: int) -> None:
    code = code_for(TWENTY)
    first = redeem(code.lower().replace("-", " "), alice, NOW)
    assert (first.gift, first.line, first.repeated) == (TWENTY, None, False)
    again = redeem(code, alice, NOW + 400 * DAY)
    assert again.repeated
    assert again.at == first.at
    assert why_not(code, bob) == "used"
    assert wallets.balances(alice) == {"USD": 2000}
    assert wallets.balances(bob) == {}


def test_a_refill_tops_up_the_line(alice: int, line: int) -> None:
    code = code_for(REFILL)
    assert redeem(code, alice, NOW, line).line == line
    assert redeem(code, alice, NOW, line).repeated
    assert left(look(line, NOW).line, "topup") == 5 * GB


def test_a_bonus_is_a_bonus(alice: int, line: int) -> None:
    redeem(code_for(GiftData(GB, Duration(months=1), "bonus")), alice, NOW, line)
    assert left(look(line, NOW).line, "bonus") == GB


def test_a_card_renews_the_plan(alice: int, line: int) -> None:
    redeem(code_for(GiftRenewal("four")), alice, NOW + DAY, line)
    seen = look(line, NOW + DAY).line
    assert (left(seen, "plan"), left(seen, "rollover")) == (4 * GB, 4 * GB)


def test_a_card_that_the_line_cannot_take_is_still_good(alice: int, line: int) -> None:
    code = code_for(REFILL)
    carry_out(line, Change("cancel"), now=NOW, key="cancel")
    with pytest.raises(Unable, match="not_active"):
        redeem(code, alice, NOW, line)
    assert states() == ["open"]
    other = add_line(NewLine(plan="four", subscriber=alice), NOW, activate=True)
    assert redeem(code, alice, NOW, other).line == other


def test_data_goes_to_ones_own_line_only(alice: int, bob: int, line: int) -> None:
    code = code_for(REFILL)
    assert why_not(code, alice) == "line_missing"
    assert why_not(code, bob, line_id=line) == "not_your_line"
    assert why_not(code, alice, line_id=line + 1) == "not_your_line"
    assert states() == ["open"]


def test_cards_end(alice: int) -> None:
    one, two = make_batch("spring", TWENTY, 2, NOW, NOW + DAY)
    assert why_not(one, alice, NOW + DAY) == "expired"
    redeem(one, alice, NOW + DAY - timedelta(seconds=1))
    assert gift_cards.cancel("spring", NOW) == 1
    assert why_not(two, alice) == "cancelled"
    assert states() == ["redeemed", "cancelled"]
    assert gift_cards.cancel("spring", NOW) == 0


def test_one_card_of_a_batch_is_cancelled_by_its_last_characters(alice: int) -> None:
    one, two = make_batch("spring", TWENTY, 2, NOW)
    assert gift_cards.cancel("spring", NOW, one[-4:].lower()) == 1
    assert why_not(one, alice) == "cancelled"
    assert redeem(two, alice, NOW).gift == TWENTY


def test_a_new_secret_key_spoils_no_card(alice: int, settings: Settings) -> None:
    one, two = make_batch("spring", TWENTY, 2, NOW)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert redeem(one, alice, NOW).gift == TWENTY
    settings.SECRET_KEY_FALLBACKS = []
    assert why_not(two, alice) == "no_such_code"


# -------------------------------------------------------------------------------------- made


def test_a_batch_is_made_once_and_its_codes_are_not_kept(alice: int) -> None:
    codes = make_batch("spring", TWENTY, 50, NOW)
    assert len(set(codes)) == 50
    kept = models.GiftCard.objects.values_list("digest", "shown", "gives")
    told = " ".join(str(row) for row in kept)
    assert not any(code in told or code.replace("-", "") in told for code in codes)
    with pytest.raises(UnableToMake, match="already"):
        make_batch("spring", TWENTY, 1, NOW)
    assert len(list(cards(NOW, "spring"))) == 50
    assert list(cards(NOW, "summer")) == []


@pytest.mark.parametrize(
    ("count", "gift", "ends"),
    [(0, TWENTY, 1), (10_001, TWENTY, 1), (1, TWENTY, 0), (1, GiftRenewal("no such"), 1)],
)
def test_batches_that_cannot_be_made(db: None, count: int, gift: Gift, ends: int) -> None:
    with pytest.raises(UnableToMake):
        make_batch("spring", gift, count, NOW, NOW + ends * DAY)


# ---------------------------------------------------------------------------------- wrong codes


def test_a_slip_of_the_finger_costs_nothing(alice: int) -> None:
    code = code_for(TWENTY)
    for _ in range(gift_cards.WRONG_MAX + 1):
        assert why_not("1111-1111-1111-1111", alice) == "mistyped"
    assert redeem(code, alice, NOW).gift == TWENTY


def test_who_tries_codes_is_stopped_and_seen(alice: int, db: None) -> None:
    mallory = subscriber("Mallory")
    code = code_for(TWENTY)
    minute = timedelta(minutes=1)
    for number in range(gift_cards.WRONG_MAX):
        assert not models.Case.objects.filter(closed_at=None).exists()
        assert why_not(spell(number), mallory, NOW + number * minute) == "no_such_code"
    later = NOW + gift_cards.WRONG_MAX * minute
    assert why_not(code, mallory, later) == "too_many_tries"
    case = models.Case.objects.get(closed_at=None)
    assert (case.kind, case.facts["subscriber"]) == ("wrong_gift_codes", mallory)
    # Others are not held up, and an hour after the first try there is one try again.
    close_case(case.key, later, "a child with a keyboard")
    assert why_not(spell(99), mallory, NOW + gift_cards.WRONG_WITHIN) == "no_such_code"
    assert why_not(code, mallory, NOW + gift_cards.WRONG_WITHIN) == "too_many_tries"
    assert models.Case.objects.filter(closed_at=None).count() == 1
    assert redeem(code, alice, later).gift == TWENTY


# ---------------------------------------------------------------------------------- all at once


def at_once(code: str, people: list[int]) -> list[str]:
    """All of them redeem the code, each on a connection of their own."""

    def run(who: int) -> str:
        try:
            return "again" if redeem(code, who, NOW).repeated else "done"
        except UnableToRedeem as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return sorted(pool.map(run, people))


def test_of_many_only_one_gets_the_money(committed_ledger: None) -> None:
    people = [subscriber(f"{number}") for number in range(6)]
    assert at_once(code_for(TWENTY), people) == ["done"] + ["used"] * 5
    assert sum(wallets.balances(who).get("USD", 0) for who in people) == 2000


def test_one_person_on_many_phones_gets_it_once(committed_ledger: None) -> None:
    alice = subscriber("Alice")
    assert at_once(code_for(TWENTY), [alice] * 6) == ["again"] * 5 + ["done"]
    assert wallets.balances(alice) == {"USD": 2000}


def test_tries_that_come_together_are_all_counted(committed_ledger: None) -> None:
    mallory = subscriber("Mallory")
    answers = at_once(spell(1), [mallory] * (gift_cards.WRONG_MAX + 2))
    assert answers == ["no_such_code"] * gift_cards.WRONG_MAX + ["too_many_tries"] * 2


def test_a_batch_that_is_ordered_twice_at_once_is_made_once(committed_ledger: None) -> None:
    def run(_: int) -> int:
        try:
            return len(make_batch("spring", TWENTY, 5, NOW))
        except UnableToMake:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [0, 0, 0, 5]
    assert models.GiftCard.objects.count() == 5
