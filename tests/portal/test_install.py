"""Installing an eSIM: its codes only for the owner who proves it, and honest words else."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings
from tests.esim import CODE, SUPPLIERS, news, profile
from tests.portal.conftest import GB, NOW
from tests.portal.reading import Page, body, read

from eka import clock
from eka.ledger import models
from eka.ledger.models import User
from eka.ledger.seals import seal
from eka.rules.profiles import STATES
from eka.rules.requests import Use
from eka.usecases import moving
from eka.usecases.commands import carry_out
from eka.usecases.suppliers import use_suppliers

PASSWORD = "a long password of hers"
SECRET = "K2-1QZ83-77XA"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Mobile/15E148"
GALAXY = "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 Chrome/124.0 Mobile"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """What a password costs to try is not what these stories are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _suppliers() -> Iterator[None]:
    use_suppliers(SUPPLIERS)
    yield
    use_suppliers({})


@pytest.fixture
def esim(line_id: int) -> models.Profile:
    return profile(line_id, NOW - 10 * MINUTE, confirmation=seal("7391"), apn="eka.data")


def address(line_id: int) -> str:
    return f"/lines/{line_id}/install/"


def prove(client: Client, line_id: int, password: str = PASSWORD) -> str:
    """Types the password; the page that it leads back to."""
    form = {"password": password, "next": address(line_id)}
    response = client.post("/it-is-me/", form, follow=True)
    assert response.redirect_chain == [(address(line_id), 303)]
    return body(response)


def pass_(monkeypatch: pytest.MonkeyPatch, span: timedelta) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + span)


# ------------------------------------------------------------------------------- the codes


def test_the_owner_sees_the_codes_after_the_password_only(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    assert SECRET not in body(as_alice.get(address(line_id)))
    assert not models.ProfileShowing.objects.exists()
    page = Page(prove(as_alice, line_id))
    assert "smdp.example.com" in page.text
    assert CODE in page.text
    assert "7391" in page.text
    assert any(a.get("class") == "qr" for a in page.all("div"))
    assert models.ProfileShowing.objects.get().profile == esim


def test_a_wrong_password_shows_nothing_and_says_how_often_one_may_try(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    for left in (4, 3, 2, 1):
        assert f"{left} more tr" in prove(as_alice, line_id, "wrong")
    assert "wrong too often" in prove(as_alice, line_id, "wrong")
    assert SECRET not in prove(as_alice, line_id)


def test_the_proof_holds_for_five_minutes_and_the_page_hides_the_code_by_itself(
    as_alice: Client, line_id: int, esim: models.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove(as_alice, line_id)
    pass_(monkeypatch, 4 * MINUTE)
    response = as_alice.get(address(line_id))
    assert SECRET in body(response)
    assert response.headers["Refresh"] == "60"
    pass_(monkeypatch, 5 * MINUTE)
    response = as_alice.get(address(line_id))
    assert SECRET not in body(response)
    assert "Refresh" not in response.headers


def test_the_code_is_kept_by_nobody_on_the_way(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    prove(as_alice, line_id)
    response = as_alice.get(address(line_id), headers={"User-Agent": IPHONE})
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"
    page = Page(body(response))
    held = [a for _, a in page.tags if any(SECRET in (value or "") for value in a.values())]
    assert [a["href"] for a in held] == [
        f"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata={CODE}"
    ]
    assert held[0]["rel"] == "noreferrer"


def test_charlie_and_a_stranger_learn_nothing(
    as_charlie: Client, line_id: int, esim: models.Profile
) -> None:
    assert as_charlie.get(address(line_id)).status_code == 404
    form = {"password": "a long password of his", "next": address(line_id)}
    assert as_charlie.post("/it-is-me/", form, follow=True).status_code == 404
    assert Client().get(address(line_id)).status_code == 302
    assert Client().post("/it-is-me/", form).status_code == 302
    assert not models.ProfileShowing.objects.exists()


def test_who_proved_it_and_signed_out_has_to_prove_it_again(
    as_alice: Client, alice: User, line_id: int, esim: models.Profile
) -> None:
    prove(as_alice, line_id)
    as_alice.post("/sign-out/")
    as_alice.force_login(alice)
    assert SECRET not in body(as_alice.get(address(line_id)))


def test_in_the_demo_a_click_is_proof_for_its_cast_and_nobody_else(
    as_alice: Client, line_id: int, esim: models.Profile, settings: Settings
) -> None:
    assert SECRET not in prove(as_alice, line_id, "")
    settings.EKA_DEMO = True
    assert SECRET in prove(as_alice, line_id, "")
    User.objects.filter(username="alice").update(username="somebody")
    later = Client()
    later.force_login(User.objects.get(username="somebody"))
    assert SECRET not in prove(later, line_id, "")


def test_a_code_that_is_of_no_use_now_is_not_shown(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    for state in set(STATES) - {"released", "downloaded", "error"}:
        models.Profile.objects.update(state=state)
        assert SECRET not in prove(as_alice, line_id), state
    assert not models.ProfileShowing.objects.exists()


# -------------------------------------------------------------------------------- the page


@pytest.mark.parametrize(
    ("agent", "family", "one_tap"),
    [(IPHONE, "iPhone", True), (GALAXY, "Samsung Galaxy", False), ("curl/8", "", False)],
)
def test_on_a_phone_its_own_section_is_first_and_open(
    as_alice: Client, line_id: int, esim: models.Profile, agent: str, family: str, one_tap: bool
) -> None:
    prove(as_alice, line_id)
    text = body(as_alice.get(address(line_id), headers={"User-Agent": agent}))
    opened = re.findall(r"<details open><summary>([^<]*)", text)
    assert opened == ([family] if family else [])
    first = re.search(r'class="families">\s*<details[^>]*><summary>([^<]*)', text)
    assert first is not None
    assert first[1] == (family or "iPhone")
    assert ("Install on this iPhone</a>" in text) is one_tap


def test_the_story_is_told_step_by_step(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    for nth, event in enumerate(("eligible", "downloaded", "installed", "enabled")):
        news(esim, event, NOW - 5 * MINUTE + nth * MINUTE)
    page = read(as_alice, address(line_id))
    assert "Installed and on" in page.text
    assert "A device downloaded the eSIM" in page.text
    assert [a.get("class") for a in page.all("li") if a.get("aria-current")] == ["step-now"]
    assert "First data next" in page.text
    carry_out(line_id, Use(GB), now=NOW, key="first")
    assert not [a for a in read(as_alice, address(line_id)).all("li") if a.get("aria-current")]


def test_a_failure_is_told_with_its_word_and_help_is_open(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    news(esim, "downloaded", NOW - MINUTE, failed="8.1.2/3.8")
    response = as_alice.get(address(line_id))
    assert "The download failed (8.1.2/3.8)" in body(response)
    assert "<details open><summary>The download does not begin" in body(response)


def test_it_reloads_when_something_happened_and_only_then(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    page = read(as_alice, address(line_id))
    asks = next(a["hx-get"] or "" for a in page.all("div") if a.get("hx-get"))
    assert as_alice.get(asks, headers={"HX-Request": "true"}).status_code == 204
    news(esim, "downloaded", NOW)
    told = as_alice.get(asks, headers={"HX-Request": "true"})
    assert told.headers["HX-Refresh"] == "true"
    assert body(told) == ""


@pytest.mark.parametrize("supplied", ["", "asked", "refused"])
def test_without_a_profile_it_says_what_is_going_on(
    as_alice: Client, line_id: int, supplied: str
) -> None:
    if supplied:
        models.Supply.objects.create(
            number="S1",
            need="order:E1:0",
            kind="profile",
            line_id=line_id,
            supplier="own",
            package="us",
            state=supplied,
            asked_at=NOW,
            first_asked_at=NOW,
        )
    told = {"": "no eSIM from us", "asked": "is being ordered", "refused": "could deliver"}
    assert told[supplied] in read(as_alice, address(line_id)).text
    line = read(as_alice, f"/lines/{line_id}/")
    links = {a.get("href") for a in line.all("a")}
    assert (address(line_id) in links) is bool(supplied)


def test_while_the_line_moves_the_page_says_so(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    moving.ask(moving.Wish(line=line_id, reason="broken"), "key", NOW)
    models.Profile.objects.update(current=False)
    page = read(as_alice, address(line_id))
    assert "another device" in page.text
    assert f"/lines/{line_id}/device/" in {a.get("href") for a in page.all("a")}


def test_the_page_is_well_formed_in_every_state(
    as_alice: Client, line_id: int, esim: models.Profile
) -> None:
    for state in STATES:
        models.Profile.objects.update(state=state)
        page = Page(prove(as_alice, line_id))
        assert (page.unbalanced, page.open) == ([], []), state
        assert len(page.all("h1")) == 1
        ids = [a["id"] for _, a in page.tags if a.get("id")]
        assert len(ids) == len(set(ids)), state
