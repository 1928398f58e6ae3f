"""An order tells how far its eSIM is: paid, ordered, ready, installed, first data, each in time."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.esim import news, profile
from tests.portal.conftest import GB, NOW
from tests.portal.reading import Page, read
from tests.selling import PLANS

from eka import clock
from eka.ledger import models
from eka.rules.baskets import NewLineItem
from eka.rules.catalogue_text import read_catalogue
from eka.rules.requests import Use
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.quoting import Wish, quote

MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(as_alice: Client, line_id: int) -> models.Order:
    """Alice has paid for an eSIM; what it brings stands for a line of hers."""
    import_catalogue(read_catalogue(PLANS), NOW)
    owner = models.Subscriber.objects.get(name="Alice")
    wanted = (NewLineItem(plan="small", label="Second"),)
    wish = Wish(subscriber=owner.pk, items=wanted, currency="USD", key="one")
    made = models.Order.objects.get(number=quote(wish, NOW))
    made.state, made.paid_at = "fulfilling", NOW
    made.save()
    return made


def supply(order: models.Order, nth: int = 0, **fields: object) -> models.Supply:
    given = {"number": f"S{nth}", "need": f"order:{order.number}:0", "nth": nth, "position": 0}
    given |= {"kind": "profile", "order": order, "supplier": "own", "package": "us"}
    given |= {"asked_at": NOW, "first_asked_at": NOW}
    return models.Supply.objects.create(**given | fields)


def look(client: Client, order: models.Order) -> Page:
    return read(client, f"/orders/{order.number}/")


def steps(page: Page) -> list[str]:
    found = [a.get("class") or "" for a in page.all("li")]
    return [one.removeprefix("step-") for one in found if one.startswith("step-")]


def test_an_order_that_needs_no_supplier_tells_of_none(
    as_alice: Client, order: models.Order
) -> None:
    assert steps(look(as_alice, order)) == []


def test_each_step_follows_the_one_before(
    as_alice: Client, order: models.Order, line_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = supply(order)
    page = look(as_alice, order)
    assert steps(page) == ["done", "done", "now", "later", "later"]
    asks = next(a["hx-get"] or "" for a in page.all("div") if a.get("hx-get"))
    assert as_alice.get(asks, headers={"HX-Request": "true"}).status_code == 204
    esim = profile(line_id, NOW)
    made.state, made.profile = "ready", esim
    made.save()
    models.OrderItem.objects.filter(order=order).update(line=line_id)
    models.Order.objects.update(state="fulfilled")
    assert as_alice.get(asks, headers={"HX-Request": "true"}).status_code == 200
    page = look(as_alice, order)
    assert steps(page) == ["done", "done", "done", "now", "later"]
    assert f"/lines/{line_id}/install/" in {a.get("href") for a in page.all("a")}
    monkeypatch.setattr(clock, "now", lambda: NOW + 3 * MINUTE)
    news(esim, "installed", NOW + MINUTE)
    assert steps(look(as_alice, order)) == ["done"] * 4 + ["now"]
    carry_out(line_id, Use(GB), now=NOW + 2 * MINUTE, key="first")
    assert steps(look(as_alice, order)) == ["done"] * 5


def test_of_several_suppliers_the_last_counts(as_alice: Client, order: models.Order) -> None:
    supply(order, 0, state="refused")
    supply(order, 1, state="placed")
    assert len(steps(look(as_alice, order))) == 5


def test_a_step_that_is_late_says_what_happens_by_itself(
    as_alice: Client, order: models.Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply(order)
    assert "longer than usual" not in look(as_alice, order).text
    monkeypatch.setattr(clock, "now", lambda: NOW + 5 * MINUTE)
    assert "longer than usual" in look(as_alice, order).text
