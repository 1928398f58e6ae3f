"""Who may see and do what."""

import pytest
from django.test import Client
from pytest_django import Settings
from tests.portal.conftest import GB
from tests.portal.reading import Page, body, read


@pytest.mark.parametrize("address", ["/lines/{line}/", "/lines/{line}/history/"])
def test_it_validates_ownership(as_charlie: Client, line_id: int, address: str) -> None:
    page = read(as_charlie, address.format(line=line_id), status=404)
    assert "Alice" not in page.text
    assert read(as_charlie, address.format(line=10**15), status=404).all("h1")


def test_charlie_has_no_line_and_is_told_what_one_is(as_charlie: Client) -> None:
    assert "No line yet" in read(as_charlie, "/lines/").text


@pytest.mark.parametrize("address", ["/lines/", "/lines/1/", "/lines/1/history/"])
def test_a_stranger_signs_in_first(shop: None, client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/sign-in/?next={address}"


def test_signing_in_leads_to_my_lines(client: Client, line_id: int) -> None:
    login = {"username": "alice", "password": "a long password of hers"}
    response = client.post("/sign-in/", login)
    assert response.headers["Location"] == "/lines/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_no_form_leads_to_another_site(client: Client, line_id: int, target: str) -> None:
    login = {"username": "alice", "password": "a long password of hers", "next": target}
    assert client.post("/sign-in/", login).headers["Location"] == "/lines/"
    language = client.post("/language/", {"language": "en", "next": target})
    assert "evil" not in language.headers["Location"]
    assert "javascript" not in language.headers["Location"]


def test_a_wrong_password_keeps_what_was_typed(client: Client, line_id: int) -> None:
    response = client.post("/sign-in/", {"username": "alice", "password": "wrong"})
    page = Page(body(response))
    assert "do not belong together" in page.text
    assert any(attrs.get("value") == "alice" for attrs in page.all("input"))
    assert "wrong" not in body(response)


@pytest.mark.parametrize("address", ["/sign-out/", "/demo/clock/", "/demo/sign-in/", "/language/"])
def test_forms_need_their_token(line_id: int, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(address, {"step": "day"})
    assert response.status_code == 403
    assert "The form was open for too long" in body(response)


@pytest.mark.parametrize("address", ["/demo/clock/", "/demo/sign-in/"])
def test_a_shop_has_no_demo(as_alice: Client, address: str, settings: Settings) -> None:
    settings.EKA_DEMO = False
    assert as_alice.post(address, {"step": "day", "username": "alice"}).status_code == 404
    assert "Demo" not in read(as_alice, "/").text


def test_the_demo_signs_in_its_cast_only(as_charlie: Client, settings: Settings) -> None:
    settings.EKA_DEMO = True
    assert as_charlie.post("/demo/sign-in/", {"username": "charlie"}).status_code == 404
    response = as_charlie.post("/demo/sign-in/", {"username": "alice"})
    assert response.headers["Location"].startswith("/lines/")


def test_looking_changes_nothing(as_alice: Client, line_id: int) -> None:
    read(as_alice, f"/lines/{line_id}/")
    before = read(as_alice, f"/lines/{line_id}/history/").text
    read(as_alice, f"/lines/{line_id}/")
    assert read(as_alice, f"/lines/{line_id}/history/").text == before
    assert GB > 0


def test_no_page_can_be_framed_or_sniffed(shop: None, client: Client) -> None:
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
