"""The audit sees a buyer without an eSIM, and an eSIM without anybody."""

import pytest
from tests.bookshop import activate, first, on, open_shop, sell
from tests.esim import profile

from eka.ledger import audit, audit_profiles, models
from eka.ledger.connections import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_shop_with_a_past(db: None) -> None:
    """Alice bought a line with an eSIM; one is spare, one on its way to Bob, one was given back."""
    open_shop()
    alices = activate("ten")
    bought = sell(1000, alices, first(1000))
    bought.items.update(kind="new_line")
    supplied(bought, profile(alices, on(0), 1))
    profile(None, on(0), 2, spare=True)
    waiting = sell(1000, activate("plain"), first(1000))
    waiting.items.update(kind="new_line")
    models.Order.objects.filter(pk=waiting.pk).update(state="fulfilling")
    supplied(waiting, profile(None, on(0), 3))
    profile(None, on(0), 4, state="deleted", final=True)


def supplied(order: models.Order, came: models.Profile) -> None:
    """The profile came for the order, from the second supplier that was asked."""
    asked = {"asked_at": on(0), "first_asked_at": on(0), "supplier": "own", "package": "us"}
    need = {"need": f"order:{order.number}:0", "order": order, "position": 0, "kind": "profile"}
    models.Supply.objects.create(number=f"{order.number}A", nth=0, state="refused", **asked, **need)
    models.Supply.objects.create(
        number=f"{order.number}B", nth=1, state="ready", profile=came, **asked, **need
    )


def found() -> set[str]:
    """The checks about profiles that fail."""
    ours = {check.name for check in audit_profiles.CHECKS}
    failures = [failure for failure in audit.audit_money() if failure.check in ours]
    assert all(failure.wrong for failure in failures)
    return {failure.check for failure in failures}


def test_a_shop_whose_profiles_are_all_somewhere_has_no_failures() -> None:
    assert found() == set()


CORRUPTIONS = [
    ("UPDATE supply SET state = 'dropped'", "item_profile"),
    ("UPDATE supply SET profile_id = NULL", "item_profile"),
    (
        "UPDATE supply SET state = 'ready', profile_id = (SELECT min(id) FROM profile)",
        "item_profile",
    ),
    ("UPDATE profile SET spare = false", "profile_nowhere"),
    ("UPDATE profile SET final = false", "profile_nowhere"),
    ("UPDATE sales_order SET state = 'refunded' WHERE state = 'fulfilling'", "profile_nowhere"),
    ("UPDATE profile SET line_id = NULL, current = false", "profile_nowhere"),
    (
        "INSERT INTO profile_showing (profile_id, at, how)"
        " SELECT id, now(), 'page' FROM profile WHERE spare",
        "spare_seen",
    ),
]


@pytest.mark.parametrize(("corruption", "check"), CORRUPTIONS)
def test_it_sees_what_is_wrong(corruption: str, check: str) -> None:
    run("SET LOCAL session_replication_role = replica", [])
    run(corruption, [])
    assert check in found()


def test_every_check_is_seen_to_fail() -> None:
    assert {check for _, check in CORRUPTIONS} == {check.name for check in audit_profiles.CHECKS}
