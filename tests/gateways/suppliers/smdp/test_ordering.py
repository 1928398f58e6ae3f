"""Alice's profile comes from an SM-DP+: reserved, written down, confirmed, released."""

import pytest
from tests.gateways.suppliers.smdp.scene import EID, OTHER_EID, Smdp, ask

from eka.gateways.sandbox.courier import Mischief
from eka.gateways.suppliers.terms import Held, SupplierRefused, SupplierUnavailable
from eka.rules.activation_codes import read_activation_code, read_iccid
from eka.rules.supply import Refusal
from eka.rules.units import Money
from eka.wire.es2plus import codes
from eka.wire.es2plus.codes import Code

CENTS = Money(40, "USD")


def test_an_order_brings_an_iccid_first_and_a_code_then(smdp: Smdp) -> None:
    first = smdp.supplier.order(ask())
    assert (first.status, first.number, first.cost) == ("pending", "EKA0001", CENTS)
    assert read_iccid(first.reference) == first.reference
    assert smdp.state(first.reference) == "Allocated"
    ready = smdp.supplier.look(ask(), first.reference)
    assert ready.status == "ready"
    assert ready.profile is not None
    assert ready.profile.iccid == first.reference
    code = read_activation_code(ready.profile.activation_code)
    assert (code.smdp, len(code.matching_id)) == ("smdp.example.com", 20)
    assert smdp.state(first.reference) == "Released"


def test_two_orders_are_two_profiles_with_two_codes(smdp: Smdp) -> None:
    first, second = smdp.sold("EKA0001").profile, smdp.sold("EKA0002").profile
    assert first is not None
    assert second is not None
    assert first.iccid != second.iccid
    assert first.activation_code != second.activation_code


def test_a_lost_answer_costs_nothing_since_the_call_is_known_again(smdp: Smdp) -> None:
    smdp.sandbox.courier.mischief = Mischief(mute=1000, held=True)
    with pytest.raises(SupplierUnavailable, match="HTTP 500"):
        smdp.supplier.order(ask())
    [reserved] = smdp.sandbox.profiles()
    smdp.sandbox.courier.mischief = Mischief(held=True)
    assert smdp.supplier.order(ask()).reference == reserved.iccid
    smdp.sandbox.courier.mischief = Mischief(mute=1000, held=True)
    with pytest.raises(SupplierUnavailable):
        smdp.supplier.look(ask(), reserved.iccid)
    [released] = smdp.sandbox.profiles()
    smdp.sandbox.courier.mischief = Mischief(held=True)
    profile = smdp.supplier.look(ask(), reserved.iccid).profile
    assert profile is not None
    assert profile.activation_code == released.code
    assert len(smdp.sandbox.profiles()) == 1


def test_who_did_not_write_the_iccid_down_asks_for_the_same_again(smdp: Smdp) -> None:
    reference = smdp.supplier.order(ask()).reference
    ready = smdp.supplier.look(ask(), "")
    assert ready.reference == reference
    assert len(smdp.sandbox.profiles()) == 1


def test_a_profile_for_this_phone_only(smdp: Smdp) -> None:
    reference = smdp.supplier.order(ask(eid=EID)).reference
    assert smdp.state(reference) == "Linked"
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.look(ask(eid=OTHER_EID), reference)
    assert (no.value.why, no.value.code) == ("not_eligible", "8.1.1/3.10")
    ready = smdp.supplier.look(ask(eid=EID), reference)
    assert ready.profile is not None
    assert ready.profile.eid == EID


def test_the_last_one_and_none_left(smdp: Smdp) -> None:
    smdp.post("/sandbox/trouble", stock=1)
    smdp.supplier.order(ask("EKA0001"))
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.order(ask("EKA0002"))
    assert (no.value.why, no.value.code) == ("no_stock", "8.2.5/3.7")
    assert str(no.value) == "8.2.5/3.7: Profile Type: Unavailable"
    smdp.post("/sandbox/trouble", stock=1)
    assert smdp.supplier.order(ask("EKA0002")).status == "pending"


@pytest.mark.parametrize(("package", "code"), [("nothing", "8.2.5/3.9"), ("others", "8.2.5/1.2")])
def test_a_profile_type_that_is_not_ours(smdp: Smdp, package: str, code: str) -> None:
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.order(ask(package=package))
    assert (no.value.why, no.value.code) == ("wrong_package", code)


@pytest.mark.parametrize("most", [Money(39, "USD"), Money(4000, "JPY")])
def test_what_would_cost_more_is_not_ordered(smdp: Smdp, most: Money) -> None:
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.order(ask(cost_max=most))
    assert no.value.why == "wrong_price"
    assert smdp.sandbox.profiles() == []
    assert smdp.supplier.order(ask(cost_max=CENTS)).status == "pending"


def test_maintenance_passes(smdp: Smdp) -> None:
    smdp.post("/sandbox/trouble", maintenance=True)
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.order(ask())
    assert (no.value.why, no.value.code) == ("busy", "1.2/4.4")
    smdp.post("/sandbox/trouble")
    assert smdp.supplier.order(ask()).status == "pending"


def test_an_iccid_that_is_not_ours_any_more(smdp: Smdp) -> None:
    reference = smdp.supplier.order(ask()).reference
    smdp.post("/sandbox/trouble", recycled=True)
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.look(ask(), reference)
    assert (no.value.why, no.value.code) == ("recycled", "8.2.1/1.2")


def test_a_matching_id_that_the_sm_dp_chose_badly_is_chosen_again(smdp: Smdp) -> None:
    reference = smdp.supplier.order(ask()).reference
    smdp.sandbox.functions.decline.append(codes.MATCHING_ID_IN_USE)
    assert smdp.supplier.look(ask(), reference).status == "ready"


def test_twice_badly_is_taken(smdp: Smdp) -> None:
    reference = smdp.supplier.order(ask()).reference
    smdp.sandbox.functions.decline += [codes.MATCHING_ID_IN_USE] * 2
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.look(ask(), reference)
    assert no.value.why == "taken"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (codes.NO_MORE_PROFILES, "no_stock"),
        (codes.TYPE_UNKNOWN, "wrong_package"),
        (codes.TYPE_NOT_ALLOWED, "wrong_package"),
        (codes.TYPE_OF_OTHER_ICCID, "wrong_package"),
        (codes.ICCID_UNKNOWN, "recycled"),
        (codes.ICCID_NOT_ALLOWED, "recycled"),
        (codes.ICCID_IN_USE, "other"),
        (codes.EID_MISSING, "not_eligible"),
        (codes.OTHER_EID, "not_eligible"),
        (codes.SMDS_INACCESSIBLE, "busy"),
        (codes.SMDS_FAILED, "other"),
        (codes.PROVIDER_FAILED, "busy"),
        (codes.UNKNOWN_REQUESTER, "other"),
        (Code("8.99", "7.7"), "other"),
    ],
)
def test_what_each_reason_means_for_an_order(smdp: Smdp, code: Code, why: Refusal) -> None:
    smdp.sandbox.functions.decline.append(code)
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.order(ask())
    assert (no.value.why, no.value.code) == (why, str(code))
    assert smdp.sandbox.profiles() == []


def test_confirmed_and_released_in_two_steps(smdp: Smdp) -> None:
    apart = smdp.supplier_with(release_apart=True)
    reference = apart.order(ask()).reference
    assert apart.look(ask(), reference).status == "ready"
    assert smdp.state(reference) == "Released"
    apart.release("EKA0001", reference)
    smdp.act(reference, "install")
    with pytest.raises(SupplierRefused, match=r"8\.2\.1/3\.5"):
        apart.release("EKA0001-again", reference)


def test_a_profile_that_nobody_downloaded_goes_back(smdp: Smdp) -> None:
    profile = smdp.sold(eid=EID).profile
    assert profile is not None
    held = Held(iccid=profile.iccid, eid=EID, activation_code=profile.activation_code)
    smdp.supplier.cancel(held)
    assert smdp.state(profile.iccid) == "Unavailable"
    smdp.supplier.cancel(held)
    smdp.act(profile.iccid, "download")
    assert smdp.state(profile.iccid) == "Unavailable"


def test_what_was_given_back_by_somebody_else_is_given_back(smdp: Smdp) -> None:
    smdp.supplier.cancel(Held(iccid="8988299000000999993"))


def test_who_does_not_know_the_code_cannot_give_it_back(smdp: Smdp) -> None:
    profile = smdp.sold().profile
    assert profile is not None
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.cancel(Held(iccid=profile.iccid))
    assert (no.value.why, no.value.code) == ("other", "8.2.6/3.10")
    assert smdp.state(profile.iccid) == "Released"


def test_a_profile_on_a_phone_cannot_be_given_back(smdp: Smdp) -> None:
    profile = smdp.sold().profile
    assert profile is not None
    smdp.act(profile.iccid, "download")
    held = Held(iccid=profile.iccid, activation_code=profile.activation_code)
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier.cancel(held)
    assert no.value.code == "8.2.1/3.3"


def test_what_an_sm_dp_cannot_say(smdp: Smdp) -> None:
    supplier = smdp.supplier
    assert (supplier.kind, supplier.name) == ("es2plus", "our-smdp")
    assert supplier.progress(Held(iccid="1")) is None
    assert supplier.balance() is None
    assert [(one.code, one.cost) for one in supplier.packages()] == [
        ("eka-test", CENTS),
        ("eka-travel", CENTS),
    ]
