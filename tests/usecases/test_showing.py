"""An activation code is shown to its owner, who proves it; each showing is written down."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings
from tests.esim import CODE, profile
from tests.selling import PLANS

from eka.ledger import models, plans
from eka.ledger.models import User
from eka.ledger.seals import seal
from eka.rules.baskets import NewLineItem
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import showing
from eka.usecases.buyers import guest
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line
from eka.usecases.quoting import Wish, quote
from eka.usecases.showing import NotForYou, NothingToShow, NotProved

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
PASSWORD = "a long password of hers"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def held(alice: User) -> models.Profile:
    plans.forget()
    import_catalogue(read_catalogue(PLANS), NOW)
    owner = models.Subscriber.objects.create(name="Alice", user=alice)
    line = add_line(NewLine(plan="small", subscriber=owner.pk), NOW)
    return profile(line, NOW, confirmation=seal("7391"))


def test_the_owner_sees_the_codes_and_it_is_written_down(alice: User, held: models.Profile) -> None:
    codes = showing.codes(held, alice.pk, "page", NOW)
    assert (codes.activation.text(), codes.confirmation) == (CODE, "7391")
    shown = models.ProfileShowing.objects.get()
    assert (shown.profile, shown.user, shown.at, shown.how) == (held, alice, NOW, "page")
    assert "7391" not in repr(codes)
    assert codes.activation.matching_id not in repr(codes)


def test_nobody_else_sees_them_and_that_is_no_showing(held: models.Profile) -> None:
    charlie = User.objects.create_user("charlie", password=PASSWORD)
    with pytest.raises(NotForYou):
        showing.codes(held, charlie.pk, "page", NOW)
    assert not models.ProfileShowing.objects.exists()


def test_what_was_given_up_or_belongs_to_nobody_is_shown_to_nobody(
    alice: User, held: models.Profile
) -> None:
    held.current = False
    held.save()
    for gone in (held, profile(None, NOW, 2)):
        with pytest.raises(NotForYou):
            showing.codes(gone, alice.pk, "page", NOW)


def test_a_profile_without_a_code_has_nothing_to_show(alice: User, held: models.Profile) -> None:
    held.code = ""
    held.save()
    with pytest.raises(NothingToShow):
        showing.codes(held, alice.pk, "page", NOW)


def test_the_database_holds_no_code_in_clear(held: models.Profile) -> None:
    assert CODE not in held.code
    assert "7391" not in held.confirmation


def test_the_right_password_proves_it(alice: User) -> None:
    showing.prove(alice.pk, PASSWORD, NOW)
    assert not models.Case.objects.exists()


def test_five_wrong_ones_within_an_hour_are_enough_even_for_the_right_one(alice: User) -> None:
    for nth in range(4):
        with pytest.raises(NotProved) as refused:
            showing.prove(alice.pk, "wrong", NOW + timedelta(minutes=nth))
        assert (refused.value.tries_left, refused.value.locked_until) == (4 - nth, None)
    with pytest.raises(NotProved) as locked:
        showing.prove(alice.pk, "wrong", NOW + timedelta(minutes=5))
    assert (locked.value.tries_left, locked.value.locked_until) == (0, NOW + timedelta(hours=1))
    assert models.Case.objects.get(kind="wrong_passwords").closed_at is None
    with pytest.raises(NotProved, match="locked"):
        showing.prove(alice.pk, PASSWORD, NOW + timedelta(minutes=59))
    showing.prove(alice.pk, PASSWORD, NOW + timedelta(minutes=60))


def test_four_wrong_ones_trouble_nobody(alice: User) -> None:
    for _ in range(4):
        with pytest.raises(NotProved, match="wrong"):
            showing.prove(alice.pk, "wrong", NOW)
    showing.prove(alice.pk, PASSWORD, NOW)
    assert models.Case.objects.get().closed_at == NOW


def test_an_account_that_was_closed_proves_nothing(alice: User) -> None:
    alice.is_active = False
    alice.save()
    with pytest.raises(NotProved):
        showing.prove(alice.pk, PASSWORD, NOW)


# ------------------------------------------------------------------------------------ for a guest


@pytest.fixture
def order(db: None) -> models.Order:
    """Gwen, who has no account, bought an eSIM, and its line has come."""
    plans.forget()
    import_catalogue(read_catalogue(PLANS), NOW)
    gwen = guest("Gwen@Example.com", "en")
    items = (NewLineItem(plan="small"),)
    wish = Wish(subscriber=gwen, items=items, currency="USD", key="k", email="Gwen@Example.com")
    made = models.Order.objects.get(number=quote(wish, NOW))
    line = add_line(NewLine(plan="small", subscriber=gwen), NOW)
    models.OrderItem.objects.filter(order=made).update(line=line)
    return made


def test_a_guest_sees_the_codes_of_the_order(order: models.Order) -> None:
    brought = profile(order.items.get().line_id, NOW)
    codes = showing.codes_of_order(brought, order.number, NOW)
    assert codes.activation.text() == CODE
    shown = models.ProfileShowing.objects.get()
    assert (shown.profile, shown.user, shown.at, shown.how) == (brought, None, NOW, "guest")


def test_no_other_order_and_no_account_gives_a_guest_codes(
    order: models.Order, held: models.Profile
) -> None:
    line = order.items.get().line_id
    assert line is not None
    brought = profile(line, NOW, 2)
    spare = profile(None, NOW, 3)
    for one, number in ((brought, "E-OTHER"), (held, order.number), (spare, order.number)):
        with pytest.raises(NotForYou):
            showing.codes_of_order(one, number, NOW)
    models.Line.objects.filter(pk=line).update(
        subscriber=models.Subscriber.objects.get(name="Alice")
    )
    with pytest.raises(NotForYou):
        showing.codes_of_order(brought, order.number, NOW)
    assert not models.ProfileShowing.objects.exists()


@pytest.mark.parametrize("email", ["Gwen@Example.com", " gwen@example.com ", "GWEN@EXAMPLE.COM"])
def test_the_address_of_the_order_proves_it(order: models.Order, email: str) -> None:
    showing.prove_order(order.number, email, NOW)
    assert not models.Case.objects.exists()


def test_five_wrong_addresses_are_enough_even_for_the_right_one(order: models.Order) -> None:
    for _ in range(5):
        with pytest.raises(NotProved):
            showing.prove_order(order.number, "charlie@example.com", NOW)
    with pytest.raises(NotProved, match="locked"):
        showing.prove_order(order.number, "gwen@example.com", NOW + timedelta(minutes=59))
    showing.prove_order(order.number, "gwen@example.com", NOW + timedelta(minutes=60))
    assert models.Case.objects.get(kind="wrong_emails").facts["order"] == order.number


def test_an_order_without_an_address_is_proved_by_none(order: models.Order) -> None:
    models.Order.objects.update(email="")
    models.Subscriber.objects.update(email="")
    with pytest.raises(NotProved):
        showing.prove_order(order.number, "", NOW)
