"""Whoever bought without an account gets the eSIM on its order's page, by proving the address."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.esim import CODE, news, profile
from tests.portal.conftest import NOW
from tests.portal.reading import Page, body, read
from tests.portal.test_every_page import ENGLISH
from tests.selling import PLANS

from eka import clock
from eka.ledger import models
from eka.ledger.seals import seal
from eka.portal.access import OWN
from eka.rules.baskets import NewLineItem
from eka.rules.catalogue_text import read_catalogue
from eka.usecases.buyers import guest
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line
from eka.usecases.quoting import Wish, quote

SECRET = CODE.rpartition("$")[2]
SECOND = "LPA:1$smdp.example.com$ZZ-SECOND"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(shop: None) -> models.Order:
    """Gwen, who has no account, has paid for two eSIMs; nothing has come yet."""
    import_catalogue(read_catalogue(PLANS), NOW)
    gwen = guest("Gwen@Example.com", "en")
    wanted = (NewLineItem(plan="small", label="Gwen"), NewLineItem(plan="small", label="Gus"))
    wish = Wish(subscriber=gwen, items=wanted, currency="USD", key="k", email="Gwen@Example.com")
    made = models.Order.objects.get(number=quote(wish, NOW))
    made.state, made.paid_at = "fulfilling", NOW
    made.save()
    for nth in range(2):
        _supply(made, nth)
    return made


def _supply(order: models.Order, nth: int) -> None:
    models.Supply.objects.create(
        number=f"S{nth}",
        need=f"order:{order.number}:{nth}",
        kind="profile",
        order=order,
        position=nth,
        supplier="own",
        package="us",
        asked_at=NOW,
        first_asked_at=NOW,
    )


def deliver(order: models.Order, nth: int, code: str = CODE) -> models.Profile:
    """The eSIM of the order's item came, and its line has it."""
    line = add_line(NewLine(plan="small", subscriber=order.subscriber_id), NOW)
    esim = profile(line, NOW, nth, code=seal(code), confirmation=seal("7391"))
    models.Supply.objects.filter(order=order, position=nth).update(state="ready", profile=esim)
    models.OrderItem.objects.filter(order=order, position=nth).update(line=line)
    return esim


@pytest.fixture
def as_gwen(client: Client, order: models.Order) -> Client:
    """The browser in which it was ordered."""
    session = client.session
    session[OWN] = [order.number]
    session.save()
    return client


def address(order: models.Order) -> str:
    return f"/orders/{order.number}/esim/"


def prove(client: Client, order: models.Order, email: str = "gwen@example.com ") -> str:
    """Names an address; the page that it leads back to."""
    response = client.post(address(order), {"email": email}, follow=True)
    assert response.redirect_chain == [(address(order), 303)]
    return body(response)


def test_all_codes_are_shown_after_the_address_of_the_order_only(
    as_gwen: Client, order: models.Order
) -> None:
    first, second = deliver(order, 0), deliver(order, 1, SECOND)
    assert SECRET not in body(as_gwen.get(address(order)))
    assert not models.ProfileShowing.objects.exists()
    page = Page(prove(as_gwen, order))
    assert CODE in page.text
    assert SECOND in page.text
    assert "7391" in page.text
    assert sum(a.get("class") == "qr" for a in page.all("div")) == 2
    shown = models.ProfileShowing.objects.order_by("profile")
    assert [(one.profile, one.user, one.how) for one in shown] == [
        (first, None, "guest"),
        (second, None, "guest"),
    ]


def test_the_orders_page_leads_there(as_gwen: Client, order: models.Order) -> None:
    assert address(order) not in body(as_gwen.get(f"/orders/{order.number}/"))
    deliver(order, 0)
    assert address(order) in body(as_gwen.get(f"/orders/{order.number}/"))


def test_a_wrong_address_shows_nothing_and_five_are_enough(
    as_gwen: Client, order: models.Order
) -> None:
    deliver(order, 0)
    for left in (4, 3, 2, 1):
        assert f"{left} more tr" in prove(as_gwen, order, "charlie@example.com")
    assert "wrong too often" in prove(as_gwen, order, "")
    assert SECRET not in prove(as_gwen, order)
    assert models.Case.objects.get(kind="wrong_emails").facts["order"] == order.number


def test_the_proof_is_for_that_order_and_for_five_minutes(
    as_gwen: Client, order: models.Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(order, 0)
    prove(as_gwen, order)
    models.Order.objects.update(number="EOTHER")
    session = as_gwen.session
    session[OWN] = ["EOTHER"]
    session.save()
    assert SECRET not in body(as_gwen.get("/orders/EOTHER/esim/"))
    models.Order.objects.update(number=order.number)
    session[OWN] = [order.number]
    session.save()
    monkeypatch.setattr(clock, "now", lambda: NOW + 4 * MINUTE)
    response = as_gwen.get(address(order))
    assert SECRET in body(response)
    assert response.headers["Refresh"] == "60"
    monkeypatch.setattr(clock, "now", lambda: NOW + 5 * MINUTE)
    response = as_gwen.get(address(order))
    assert SECRET not in body(response)
    assert "Refresh" not in response.headers


def test_the_code_is_kept_by_nobody_on_the_way(as_gwen: Client, order: models.Order) -> None:
    deliver(order, 0)
    prove(as_gwen, order)
    response = as_gwen.get(address(order))
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_another_browser_learns_nothing_even_with_the_address(order: models.Order) -> None:
    deliver(order, 0)
    assert Client().get(address(order)).status_code == 404
    assert Client().post(address(order), {"email": "gwen@example.com"}).status_code == 404
    assert not models.ProfileShowing.objects.exists()


def test_an_order_of_an_account_shows_no_code_here(
    as_alice: Client, line_id: int, order: models.Order
) -> None:
    owner = models.Subscriber.objects.get(name="Alice")
    models.Order.objects.update(subscriber=owner)
    response = as_alice.get(address(order))
    assert (response.status_code, response.headers["Location"]) == (303, f"/orders/{order.number}/")


def test_a_line_that_an_account_has_taken_over_is_not_the_guests_any_more(
    as_gwen: Client, order: models.Order, line_id: int
) -> None:
    esim = deliver(order, 0)
    owner = models.Subscriber.objects.get(name="Alice")
    assert esim.line_id is not None
    models.Line.objects.filter(pk=esim.line_id).update(subscriber=owner)
    assert SECRET not in prove(as_gwen, order)
    assert not models.ProfileShowing.objects.exists()


def test_what_is_not_there_yet_is_said_and_appears_by_itself(
    as_gwen: Client, order: models.Order
) -> None:
    page = read(as_gwen, address(order))
    assert page.text.count("The eSIM is being ordered") == 2
    asks = next(a["hx-get"] or "" for a in page.all("div") if a.get("hx-get"))
    assert as_gwen.get(asks, headers={"HX-Request": "true"}).status_code == 204
    esim = deliver(order, 0)
    told = as_gwen.get(asks, headers={"HX-Request": "true"})
    assert told.headers["HX-Refresh"] == "true"
    assert SECRET in prove(as_gwen, order)
    news(esim, "installed", NOW)
    page = read(as_gwen, address(order))
    assert SECRET not in page.text
    assert "The eSIM is on the device" in page.text


def test_who_has_no_line_page_reads_here_by_when_to_use_it(
    as_gwen: Client, order: models.Order
) -> None:
    models.Plan.objects.filter(name="small").update(starts="first_use")
    esim = deliver(order, 0)
    models.Line.objects.filter(pk=esim.line_id or 0).update(activate_by=NOW + 60 * MINUTE)
    for page in (f"/orders/{order.number}/", address(order)):
        assert "to be before 20 March 2026, 13:00" in read(as_gwen, page).text


def test_an_order_that_brings_none_says_so(as_gwen: Client, order: models.Order) -> None:
    models.Order.objects.update(state="refunded")
    assert "nothing to install" in read(as_gwen, address(order)).text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_is_well_formed_whatever_the_state(
    as_gwen: Client, order: models.Order, language: str
) -> None:
    for step in ("nothing", "asked", "shown"):
        if step != "nothing":
            deliver(order, 0 if step == "asked" else 1)
        if step == "shown":
            prove(as_gwen, order)
        page = read(as_gwen, address(order), language)
        assert (page.unbalanced, page.open) == ([], []), step
        assert len(page.all("h1")) == 1
        ids = [a["id"] for _, a in page.tags if a.get("id")]
        assert len(ids) == len(set(ids)), step
        chinese = [text for tongue, text in page.texts if tongue == "zh-hans"]
        assert not [text for text in chinese if ENGLISH.search(text)], step
