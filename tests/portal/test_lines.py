"""My lines, my line, its history."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.portal.conftest import GB, NOW
from tests.portal.reading import read

from eka import clock
from eka.rules.requests import Use
from eka.usecases.commands import carry_out


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
