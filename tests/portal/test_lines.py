"""My lines, my line, its history."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.esim import SUPPLIERS, profile
from tests.portal.conftest import GB, NOW
from tests.portal.reading import read

from eka import clock
from eka.ledger import models
from eka.rules.catalogue_text import read_catalogue
from eka.rules.requests import Use
from eka.usecases.catalogue import import_catalogue
from eka.usecases.commands import carry_out
from eka.usecases.line_messages import tell_owner
from eka.usecases.lines import NewLine, add_line
from eka.usecases.suppliers import use_suppliers


def test_my_line_says_what_is_left_and_why(as_alice: Client, line_id: int) -> None:
    text = read(as_alice, f"/lines/{line_id}/").text
    assert "Alice's phone" in text
    assert "8 GB" in text  # 5 + 4 - 2 of the plan, 1 of the top-up
    assert "Rollover" in text
    assert "At the next renewal" in text


def test_what_is_due_is_shown_before_a_job_has_written_it(
    as_alice: Client, line_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=20))
    text = read(as_alice, f"/lines/{line_id}/").text
    assert "carried" in text
    history = read(as_alice, f"/lines/{line_id}/history/?kind=carried").text
    assert history.count("carried into") == 2


def test_history_filters_by_kind(as_alice: Client, line_id: int) -> None:
    used = read(as_alice, f"/lines/{line_id}/history/?kind=used").text
    assert "2 GB used" in used.replace("\u202f", " ")
    assert "carried into" not in used


def test_an_empty_history_teaches(as_alice: Client, line_id: int) -> None:
    assert "Nothing has been lost" in read(as_alice, f"/lines/{line_id}/history/?kind=lost").text


@pytest.mark.parametrize("page", ["2", "0", "-1", "999", "x"])
def test_any_page_number_shows_a_page(as_alice: Client, line_id: int, page: str) -> None:
    read(as_alice, f"/lines/{line_id}/history/?page={page}")


def _queries(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> int:
    counted = 0
    execute = psycopg.Connection.execute

    def counting(self: object, *args: object, **kwargs: object) -> object:
        nonlocal counted
        counted += 1
        return execute(self, *args, **kwargs)  # type: ignore[call-overload]

    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as captured:
        patch.setattr(psycopg.Connection, "execute", counting)
        read(client, address)
    return counted + len(captured)


@pytest.mark.parametrize("address", ["/lines/{line}/", "/lines/{line}/history/"])
def test_the_number_of_queries_does_not_grow(
    as_alice: Client, line_id: int, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = address.format(line=line_id)
    read(as_alice, address)
    before = _queries(as_alice, address, monkeypatch)
    for number in range(60):
        carry_out(line_id, Use(GB // 100), now=NOW, key=f"more-{number}")
    assert _queries(as_alice, address, monkeypatch) == before
    assert 0 < before <= 20


WAITS = """
plans:
  trip: {data: 1GB, period: 7d, price: 5.00 USD, rollover: {}, starts: first_use}
"""


def test_a_line_that_waits_for_its_first_use_says_by_when(as_alice: Client, line_id: int) -> None:
    import_catalogue(read_catalogue(WAITS), NOW)
    owner = models.Subscriber.objects.get(name="Alice")
    waits = add_line(NewLine(plan="trip", subscriber=owner.pk, timezone="Asia/Tokyo"), NOW)
    for address in ("/lines/", f"/lines/{waits}/"):
        assert "trip It starts with its first use." in read(as_alice, address).text
    models.Line.objects.filter(pk=waits).update(activate_by=NOW + timedelta(days=180))
    for address in ("/lines/", f"/lines/{waits}/"):
        text = read(as_alice, address).text
        assert "first use, which is to be before 16 September 2026, 21:00" in text
    assert "first use" not in read(as_alice, f"/lines/{line_id}/").text


@pytest.fixture
def _wholesale() -> Iterator[None]:
    use_suppliers(SUPPLIERS)
    yield
    use_suppliers({})


@pytest.mark.usefixtures("_wholesale")
def test_a_line_tells_that_its_network_stopped_and_as_of_when_its_use_is(
    as_alice: Client, line_id: int
) -> None:
    esim = profile(line_id, NOW, supplier="wholesaler", state="enabled")
    assert "has not told yet what was used" in read(as_alice, f"/lines/{line_id}/").text
    models.Profile.objects.filter(pk=esim.pk).update(
        usage_status="suspended", usage_heard_at=NOW, usage_at=NOW - timedelta(hours=1)
    )
    for address in ("/lines/", f"/lines/{line_id}/"):
        text = read(as_alice, address).text
        assert "paused this line, although you have 8 GB left" in text.replace("\u202f", " ")
        assert "known as of 20 March 2026, 07:00" in text  # in New York
    models.Profile.objects.update(supplier="own", usage_status="active")
    text = read(as_alice, f"/lines/{line_id}/").text
    assert "paused" not in text
    assert "known as of" not in text  # we count it ourselves


def test_my_lines_lead_to_what_can_be_done_with_their_esims(as_alice: Client, line_id: int) -> None:
    def offered(address: str) -> set[str]:
        links = {a.get("href") or "" for a in read(as_alice, address).all("a")}
        return {
            one for one in ("install", "device", "abroad") if f"/lines/{line_id}/{one}/" in links
        }

    for address in ("/lines/", f"/lines/{line_id}/"):
        assert offered(address) == {"abroad"}
    profile(line_id, NOW)
    for address in ("/lines/", f"/lines/{line_id}/"):
        assert offered(address) == {"install", "device", "abroad"}


def test_what_its_owner_was_told_of_a_line_is_said_in_words(as_alice: Client, line_id: int) -> None:
    by = NOW + timedelta(days=7)
    tell_owner(line_id, "activation_reminder", "1", NOW, by=by)
    tell_owner(line_id, "supplier_stopped", "2", NOW, left=GB, status="suspended")
    text = read(as_alice, "/lines/").text
    assert "Alice's phone has not been used yet. Use it before 27 March 2026" in text
    assert "The network does not serve Alice's phone at the moment" in text
