"""Alice moves her line to another device in the portal: once, when she means it, and knowingly."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings
from tests.esim import SUPPLIERS, news, profile
from tests.portal.conftest import NOW
from tests.portal.reading import body, read

from eka.ledger import models
from eka.rules.moves import REASONS
from eka.usecases import moving
from eka.usecases.suppliers import use_suppliers


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
def address(line_id: int) -> str:
    return f"/lines/{line_id}/device/"


@pytest.fixture
def esim(line_id: int) -> models.Profile:
    return profile(line_id, NOW, state="enabled")


@pytest.fixture
def proved(as_alice: Client, address: str) -> Client:
    """Alice has typed her password just now."""
    form = {"password": "a long password of hers", "next": address}
    assert as_alice.post("/it-is-me/", form).headers["Location"] == address
    return as_alice


def begin(client: Client, address: str, reason: str) -> None:
    """Fills the form in as a person does, and clicks twice."""
    page = read(client, f"{address}?reason={reason}")
    data = {a["name"]: a.get("value") or "" for a in page.all("input") if a.get("name")}
    data = {name: data[name] for name in ("act", "reason", "key")}
    for _ in range(2):
        response = client.post(address, {**data, "device": "iPhone 16"})
        assert (response.status_code, response.headers["Location"]) == (303, address)


def only() -> models.DeviceMove:
    return models.DeviceMove.objects.get()


def test_a_lost_phone_is_replaced_once_and_the_page_follows(
    proved: Client, address: str, esim: models.Profile
) -> None:
    assert "for good" in read(proved, f"{address}?reason=lost_phone").text
    begin(proved, address, "lost_phone")
    assert only().state == "reordering"
    page = read(proved, address)
    assert "The new eSIM is being ordered" in page.text
    assert "iPhone 16" in page.text
    asks = next(a["hx-get"] or "" for a in page.all("div") if a.get("hx-get"))
    assert proved.get(asks, headers={"HX-Request": "true"}).status_code == 204
    moving.arrived(only().pk, profile(None, NOW, 2).pk, NOW)
    assert proved.get(asks, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    ready = read(proved, address)
    assert address.replace("device", "install") in {a.get("href") for a in ready.all("a")}
    proved.post(address, {"act": "installed"})
    assert only().state == "done"
    assert "The last move" in read(proved, address).text


def test_a_new_phone_waits_for_the_old_one_and_can_be_called_off(
    proved: Client, address: str, esim: models.Profile
) -> None:
    begin(proved, address, "new_phone")
    assert "How to delete it" in read(proved, address).text
    proved.post(address, {"act": "cancel"})
    assert only().state == "cancelled"
    assert "What has happened?" in read(proved, address).text


def test_who_cannot_delete_it_says_why(proved: Client, address: str, esim: models.Profile) -> None:
    begin(proved, address, "new_phone")
    proved.post(address, {"act": "lost", "why": "it fell into the sea"})
    assert (only().state, only().facts["why"]) == ("reordering", "it fell into the sea")
    news(esim, "disabled", NOW + timedelta(minutes=1))  # the old one, still alive somewhere
    assert models.Case.objects.filter(kind="lost_profile_back").exists()


def test_a_code_that_still_works_is_offered_and_if_it_does_not_another_is_ordered(
    proved: Client, address: str, line_id: int
) -> None:
    profile(line_id, NOW)
    assert "on no device" in read(proved, f"{address}?reason=deleted_by_accident").text
    begin(proved, address, "deleted_by_accident")
    assert "The phone says that the code was used" in read(proved, address).text
    proved.post(address, {"act": "again"})
    assert only().state == "reordering"


def test_a_wholesaler_s_profile_is_announced_to_need_a_person(
    proved: Client, address: str, line_id: int
) -> None:
    profile(line_id, NOW, state="enabled", supplier="wholesaler")
    told = read(proved, f"{address}?reason=lost_phone").text
    assert "A person of ours decides" in told
    assert "is given up at once" in told
    begin(proved, address, "lost_phone")
    assert "With our staff" in read(proved, address).text


@pytest.mark.parametrize("act", ["begin", "lost"])
def test_a_session_alone_takes_no_line_away(
    as_alice: Client, address: str, esim: models.Profile, line_id: int, act: str
) -> None:
    if act == "lost":
        moving.ask(moving.Wish(line=line_id, reason="new_phone"), "key", NOW)
    form = {"act": act, "reason": "lost_phone", "key": "0" * 32, "why": "mine now"}
    response = as_alice.post(address, form, follow=True)
    assert "Nothing was done" in body(response)
    esim.refresh_from_db()
    assert esim.current
    page = read(as_alice, f"{address}?reason=lost_phone")
    assert any(a.get("name") == "password" for a in page.all("input"))


def test_a_form_that_is_none_of_ours_is_refused(
    proved: Client, address: str, esim: models.Profile
) -> None:
    for form in ({}, {"act": "x"}, {"act": "begin", "reason": "x"}):
        assert proved.post(address, {**form, "key": "0" * 32}).status_code == 400
    assert not models.DeviceMove.objects.exists()


def test_charlie_can_neither_look_nor_act(
    as_charlie: Client, address: str, esim: models.Profile
) -> None:
    assert as_charlie.get(address).status_code == 404
    assert as_charlie.post(address, {"act": "cancel"}).status_code == 404


def test_a_late_click_changes_nothing(proved: Client, address: str, esim: models.Profile) -> None:
    for act in ("cancel", "installed", "again", "lost"):
        assert proved.post(address, {"act": act}).status_code == 303
    assert not models.DeviceMove.objects.exists()


def test_a_line_without_a_profile_of_ours_says_so(proved: Client, address: str) -> None:
    assert "no eSIM from us" in read(proved, f"{address}?reason=new_phone").text
    form = {"act": "begin", "reason": "new_phone", "key": "0" * 32}
    assert "no eSIM from us" in body(proved.post(address, form, follow=True))


def test_the_page_is_well_formed(proved: Client, address: str, esim: models.Profile) -> None:
    for reason in ("", *REASONS, "x"):
        page = read(proved, f"{address}?reason={reason}")
        assert (page.unbalanced, page.open) == ([], []), reason
        labelled = {a.get("for") for a in page.all("label")}
        for field in page.all("input"):
            assert field.get("type") == "hidden" or field.get("id") in labelled
