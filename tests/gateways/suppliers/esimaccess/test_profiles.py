"""Alice's profile: on her phone, given back, topped up, used up and expired."""

from datetime import timedelta
from typing import Any

import pytest
from tests.gateways.suppliers.esimaccess.stage import (
    GIB,
    JAPAN,
    NOON,
    Shop,
    ask,
    more_data,
)

from eka.gateways.suppliers.terms import (
    Held,
    Progress,
    Supplied,
    SupplierRefused,
    SupplierUnavailable,
    UsageReport,
)
from eka.rules.profiles import ProfileEvent
from eka.rules.units import Money

BOTH_WAYS = pytest.mark.parametrize(
    "refuses", [False, True], ids=["same request", "refused with 310402"]
)


def event_of(shop: Shop, held: Held) -> ProfileEvent | None:
    progress = shop.supplier.progress(held)
    assert progress is not None
    return progress.event


def usage_of(shop: Shop, held: Held) -> UsageReport:
    [report] = shop.supplier.usage([held])
    return report


def test_alice_puts_it_on_her_phone_and_takes_it_off(shop: Shop) -> None:
    held = shop.held()
    assert shop.supplier.progress(held) == Progress(iccid=held.iccid, event="released")
    seen = []
    for act in ("download", "install", "enable", "disable", "enable", "delete"):
        shop.act(held, act)
        seen.append(event_of(shop, held))
    assert seen == ["downloaded", "installed", "enabled", "disabled", "enabled", "deleted"]
    progress = shop.supplier.progress(held)
    assert progress is not None
    assert len(progress.eid) == 32
    assert int(progress.eid) % 97 == 1


def test_it_is_found_by_its_iccid_too(shop: Shop) -> None:
    held = shop.enabled()
    assert event_of(shop, Held(iccid=held.iccid)) == "enabled"


def test_an_untouched_profile_is_given_back_once(shop: Shop) -> None:
    held = shop.held()
    assert shop.supplier.balance() == Money(9924, "USD")
    shop.supplier.cancel(held)
    shop.supplier.cancel(held)
    assert shop.supplier.balance() == Money(10_000, "USD")
    assert event_of(shop, held) == "cancelled"
    looked = shop.supplier.look(ask(), "")
    assert (looked.status, looked.code, looked.profile) == ("refused", "CANCEL", None)


def test_the_answer_to_giving_back_gets_lost(shop: Shop) -> None:
    held = shop.held()
    shop.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        shop.supplier.cancel(held)
    shop.mischief(mute=0)
    shop.supplier.cancel(held)
    assert shop.supplier.balance() == Money(10_000, "USD")


@pytest.mark.parametrize("acts", [["download"], ["install"], ["install", "enable"]])
def test_a_profile_on_a_phone_is_not_given_back(shop: Shop, acts: list[str]) -> None:
    held = shop.held()
    for act in acts:
        shop.post(f"/sandbox/profiles/{held.iccid}/{act}")
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.cancel(held)
    assert (refused.value.why, refused.value.code) == ("other", "200002")
    assert shop.supplier.balance() == Money(9924, "USD")


def test_what_was_given_back_cannot_be_loaded(shop: Shop) -> None:
    held = shop.held()
    shop.supplier.cancel(held)
    shop.act(held, "download")
    assert event_of(shop, held) == "cancelled"


def test_data_stops_flows_again_and_ends(shop: Shop) -> None:
    held = shop.enabled()
    shop.act(held, "use", 100)
    shop.supplier.suspend(held)
    assert usage_of(shop, held).status == "suspended"
    assert event_of(shop, held) == "enabled"
    shop.supplier.resume(held)
    assert usage_of(shop, held).status == "active"
    shop.supplier.revoke(held)
    assert event_of(shop, held) == "failed"
    with pytest.raises(SupplierRefused, match="200002"):
        shop.supplier.resume(held)


def test_usage_grows_until_nothing_is_left(shop: Shop) -> None:
    held = shop.enabled()
    report = usage_of(shop, held)
    assert (report.status, report.used, report.total) == ("not_active", 0, GIB)
    assert report.expires_at == NOON + timedelta(days=180)  # to be taken into use until then

    shop.clock.forward(days=1)
    shop.act(held, "use", 100_000_000)

    assert usage_of(shop, held) == UsageReport(
        iccid=held.iccid,
        status="active",
        total=GIB,
        used=100_000_000,
        expires_at=NOON + timedelta(days=8),
    )
    shop.act(held, "use", 2 * GIB)
    report = usage_of(shop, held)
    assert (report.status, report.used) == ("finished", GIB)


def test_days_may_run_from_the_installation(shop: Shop) -> None:
    held = shop.enabled(package="CKH003")
    report = usage_of(shop, held)
    assert (report.status, report.expires_at) == ("not_active", NOON + timedelta(days=30))


def test_a_term_ends(shop: Shop) -> None:
    used, unused = shop.enabled(), shop.held("ORDER2")
    shop.act(used, "use", 100)
    shop.clock.forward(days=6, hours=23)
    assert usage_of(shop, used).status == "active"
    shop.clock.forward(hours=1)
    assert usage_of(shop, used).status == "expired"
    assert event_of(shop, used) == "enabled"  # it stays on the phone

    shop.clock.forward(days=173)
    assert usage_of(shop, unused).status == "expired"
    assert event_of(shop, unused) == "cancelled"  # nobody can load it any more


def test_several_profiles_in_their_order(shop: Shop) -> None:
    first, second = shop.held(), shop.held("ORDER2")
    reports = shop.supplier.usage([second, first])
    assert [report.iccid for report in reports] == [second.iccid, first.iccid]


def test_one_that_is_not_ours_is_refused(shop: Shop) -> None:
    stranger = Held(iccid="8943108170000775671")
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.usage([shop.held(), stranger])
    assert refused.value.why == "recycled"


def test_keys_that_are_not_ours_tell_nothing_about_usage(shop: Shop) -> None:
    with pytest.raises(SupplierRefused, match="101003"):
        shop.supplier_with(secret_key="0" * 32).usage([shop.held()])


def test_an_iccid_that_is_somebody_elses_now(shop: Shop) -> None:
    held, other = shop.held(), shop.held("ORDER2")
    shop.trouble(recycled=True)
    for deed in (shop.supplier.progress, shop.supplier.suspend, shop.supplier.cancel):
        with pytest.raises(SupplierRefused) as refused:
            deed(held)
        assert refused.value.why == "recycled"
    shop.trouble()
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.progress(Held(iccid=held.iccid, reference=other.reference))
    assert refused.value.why == "recycled"


def test_alice_buys_more_data(shop: Shop) -> None:
    held = shop.enabled()
    shop.act(held, "use", GIB)
    done = shop.supplier.top_up(more_data(held, cost_max=Money(100, "USD")))
    assert (done.status, done.cost, done.profile) == ("ready", Money(76, "USD"), None)
    report = usage_of(shop, held)
    assert (report.status, report.used, report.total) == ("active", GIB, 2 * GIB)
    assert report.expires_at == NOON + timedelta(days=14)


@BOTH_WAYS
def test_the_answer_to_a_top_up_gets_lost(shop: Shop, refuses: bool) -> None:
    shop.sandbox.refuses_repeats = refuses
    held = shop.enabled()
    assert shop.supplier.look_top_up(more_data(held), "").status == "pending"
    shop.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        shop.supplier.top_up(more_data(held))
    shop.mischief(mute=0)
    looked = shop.supplier.look_top_up(more_data(held), "")
    assert looked.status == "ready"

    again = shop.supplier.top_up(more_data(held))

    assert again == looked
    assert shop.supplier.look_top_up(more_data(held, "?"), again.reference).status == "ready"
    assert usage_of(shop, held).total == 2 * GIB
    assert shop.supplier.balance() == Money(9849, "USD")


def test_a_top_up_that_never_arrived(shop: Shop) -> None:
    held = shop.held()
    shop.supplier.top_up(more_data(held, "TOPUP2"))
    shop.clock.forward(minutes=10)
    looked = shop.supplier.look_top_up(more_data(held), "")
    assert looked == Supplied(number="TOPUP1", status="unknown")


def test_a_top_ups_number_is_for_one_profile(shop: Shop) -> None:
    first, second = shop.held(), shop.held("ORDER2")
    shop.supplier.top_up(more_data(first))
    assert shop.supplier.top_up(more_data(second)).status == "pending"
    shop.clock.forward(minutes=10)
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.top_up(more_data(second))
    assert refused.value.why == "duplicate"
    assert usage_of(shop, second).total == GIB


def test_a_top_up_after_the_end(shop: Shop) -> None:
    held = shop.enabled()
    shop.act(held, "expire")
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.top_up(more_data(held))
    assert (refused.value.why, refused.value.code) == ("not_renewable", "200002")


@pytest.mark.parametrize(
    ("more", "trouble", "why"),
    [
        ({"package": "TOPUP_CKH003"}, {}, "wrong_package"),  # of another country
        ({"package": JAPAN}, {}, "wrong_package"),
        ({"cost_max": Money(75, "USD")}, {}, "wrong_price"),
        ({"cost_max": Money(76, "USD")}, {"price_percent": 110}, "wrong_price"),
        ({}, {"credit": 10}, "no_credit"),
        ({}, {"recycled": True}, "recycled"),
    ],
)
def test_a_top_up_that_is_refused(
    shop: Shop, more: dict[str, Any], trouble: dict[str, Any], why: str
) -> None:
    held = shop.held()
    shop.trouble(**trouble)
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.top_up(more_data(held, **more))
    assert refused.value.why == why
    shop.trouble()
    assert usage_of(shop, held).total == GIB
