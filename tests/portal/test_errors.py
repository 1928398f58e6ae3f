"""Pages about errors: what happened, whether anything changed, what to do, a reference."""

import logging
import re

import pytest
from django.test import Client
from tests.portal.reading import Page, body

from eka.ledger import offers

REFERENCE = re.compile(r"\b[0-9A-F]{8}\b")


def _broken() -> list[offers.Offer]:
    raise RuntimeError("the database is away")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_failure_is_explained_and_recorded(
    shop: None, language: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(offers, "on_sale", _broken)
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    with caplog.at_level(logging.WARNING):
        response = client.get("/")
    page = Page(body(response))
    assert response.status_code == 500
    assert page.all("html")[0]["lang"] == language
    found = REFERENCE.search(page.text)
    assert found is not None
    assert found[0] in caplog.text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_page_that_is_not_there_is_explained(shop: None, client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    response = client.get("/nothing/here/")
    page = Page(body(response))
    assert response.status_code == 404
    assert page.all("html")[0]["lang"] == language
    assert REFERENCE.search(page.text)
    assert len(page.all("h1")) == 1
