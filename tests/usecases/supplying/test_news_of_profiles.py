"""What phones and suppliers tell of a profile: late, twice, out of order, or forged."""

import random

import pytest
from tests.usecases.supplying.conftest import NAMES, SupplyingShop, source

from eka.gateways.suppliers.terms import NotAuthentic, Progress
from eka.ledger import models
from eka.usecases import moving, supplier_usage, usage_polling
from eka.usecases.profile_news import key_of, take_progress

LIFE = ("download", "install", "enable")


def bought(shop: SupplyingShop, name: str, more: str = "") -> models.Profile:
    """Alice's eSIM from this supplier."""
    shop.offer(source(name), more=more)
    order = shop.buy_abroad()
    shop.supply()
    shop.letters(name)
    return shop.profile_of(order)


def lived(shop: SupplyingShop, profile: models.Profile) -> list[tuple[dict[str, str], bytes]]:
    """The profile is downloaded, installed and switched on; the notifications of it."""
    for act in LIFE:
        shop.clock.pass_(minutes=1)
        shop.phone(profile, act)  # type: ignore[arg-type]
    return shop.letters(profile.supplier)


@pytest.mark.parametrize("name", ["es2plus", "esimaccess"])
def test_the_page_learns_of_every_step(shop: SupplyingShop, name: str) -> None:
    profile = bought(shop, name)
    shop.hear_of(name, lived(shop, profile))
    profile.refresh_from_db()
    assert profile.state == "enabled"
    assert len(profile.eid) == 32
    events = profile.events.filter(moved=True).order_by("pk").values_list("event", flat=True)
    assert list(events)[-2:] == ["installed", "enabled"]


@pytest.mark.parametrize("name", ["es2plus", "esimaccess"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_late_twice_and_out_of_order_comes_to_the_same(
    shop: SupplyingShop, name: str, seed: int
) -> None:
    profile = bought(shop, name)
    letters = lived(shop, profile) * 2
    random.Random(seed).shuffle(letters)
    shop.hear_of(name, letters)
    profile.refresh_from_db()
    assert profile.state == "enabled"
    assert models.SupplierNotice.objects.count() == len(letters) // 2
    assert profile.events.exclude(event="released").count() <= len(letters) // 2


@pytest.mark.parametrize("name", ["airalo", "esimaccess"])
def test_a_forged_notification_changes_nothing(shop: SupplyingShop, name: str) -> None:
    profile = bought(shop, name)
    shop.upset(name, forge=1000)
    shop.phone(profile, "download")
    shop.phone(profile, "install")
    shop.phone(profile, "enable")
    shop.phone(profile, "use", 10**9)
    letters = shop.letters(name)
    assert len(letters) >= 2
    with pytest.raises(NotAuthentic):
        shop.hear_of(name, letters[:1])
    assert models.SupplierNotice.objects.count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_of_a_notification_reveals_no_code(shop: SupplyingShop, name: str) -> None:
    profile = bought(shop, name)
    shop.phone(profile, "download")
    letters = shop.letters(name)
    shop.hear_of(name, letters)
    for notice in models.SupplierNotice.objects.all():
        assert profile.iccid not in notice.body


def test_the_same_word_from_a_poll_and_a_notification_is_one_move(shop: SupplyingShop) -> None:
    profile = bought(shop, "esimaccess")
    progress = Progress(iccid=profile.iccid, event="installed", at=shop.clock.now())
    said = [
        take_progress("esimaccess", progress, key_of(progress, "poll"), shop.clock.now()),
        take_progress("esimaccess", progress, "notice:1", shop.clock.now()),
        take_progress("esimaccess", progress, "notice:1", shop.clock.now()),
    ]
    assert said == ["moved", "nothing new", "repeated"]


def test_nobody_elses_supplier_speaks_of_our_profile(shop: SupplyingShop) -> None:
    profile = bought(shop, "es2plus")
    progress = Progress(iccid=profile.iccid, event="deleted")
    assert take_progress("airalo", progress, "x", shop.clock.now()) == "unknown profile"
    profile.refresh_from_db()
    assert profile.state == "released"


def test_a_line_that_starts_at_its_first_use_starts_when_it_is_switched_on(
    shop: SupplyingShop,
) -> None:
    profile = bought(shop, "es2plus", more=", starts: first_use, activate_within: 180d")
    line = models.Line.objects.get(pk=profile.line_id or 0)
    state = models.LineState.objects.get(pk=profile.line_id or 0)
    assert (state.state, shop.held(line.pk)) == ("ready", 0)
    assert line.activate_by is not None
    shop.clock.pass_(days=20)
    began = shop.clock.now()
    shop.hear_of("es2plus", lived(shop, profile))
    state.refresh_from_db()
    assert (state.state, shop.held(line.pk)) == ("active", 5 * 10**9)
    assert state.activated_at is not None
    assert state.activated_at >= began
    shop.work()


@pytest.mark.parametrize("name", ["airalo", "esimaccess"])
def test_news_that_never_came_is_asked_for(shop: SupplyingShop, name: str) -> None:
    profile = bought(shop, name)
    for act in LIFE:
        shop.phone(profile, act)  # type: ignore[arg-type]
    shop.phone(profile, "use", 10**8)
    shop.letters(name)  # all of it is lost
    shop.clock.pass_(minutes=30)
    supplier_usage.poll_soon(name, profile.iccid, shop.clock.now())
    assert usage_polling.poll_due(shop.clock.now()) == 1
    profile.refresh_from_db()
    assert profile.state == "enabled"
    stories = profile.events.count()
    shop.clock.pass_(hours=7)
    usage_polling.poll_due(shop.clock.now())
    assert profile.events.count() == stories


def test_a_deletion_that_a_move_waits_for_is_asked_for(shop: SupplyingShop) -> None:
    profile = bought(shop, "esimaccess")
    for act in LIFE:
        shop.phone(profile, act)  # type: ignore[arg-type]
    shop.hear_of("esimaccess", shop.letters("esimaccess"))
    wish = moving.Wish(line=int(profile.line_id or 0), reason="new_phone")
    move = moving.ask(wish, "form-move", shop.clock.now())
    assert models.DeviceMove.objects.get(pk=move).state == "waiting_for_deletion"
    shop.phone(profile, "delete")
    shop.letters("esimaccess")  # lost
    shop.clock.pass_(hours=7)
    usage_polling.poll_due(shop.clock.now())
    profile.refresh_from_db()
    assert profile.state == "deleted"
    assert models.DeviceMove.objects.get(pk=move).state != "waiting_for_deletion"
