"""Alice downloads her papers; Charlie, who has no access, finds none."""

from urllib.parse import unquote

import pytest
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings
from tests.papers.reading import says

from eka.ledger import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.papers.addresses"


@pytest.fixture
def as_alice(client: Client, alice: models.Subscriber) -> Client:
    """A browser in which Alice is signed in."""
    assert alice.user is not None
    client.force_login(alice.user)
    return client


@pytest.fixture
def as_charlie(alice: models.Subscriber) -> Client:
    """A browser of Charlie's, who is a customer too."""
    user = models.User.objects.create_user("charlie")
    models.Subscriber.objects.create(user=user, name="Charlie")
    client = Client()
    client.force_login(user)
    return client


def names(response: HttpResponseBase) -> tuple[str, str]:
    """The file's plain name, and the one in the reader's language."""
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    plain, _, shown = disposition.partition("; filename*=UTF-8''")
    return plain.partition('filename="')[2].rstrip('"'), unquote(shown)


def test_alice_keeps_her_receipt(as_alice: Client, order: str) -> None:
    response = as_alice.get(f"/orders/{order}/receipt.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert names(response) == (f"receipt-{order}.pdf", f"Receipt {order}.pdf")
    assert says(response.content, "Receipt", order, "Harbour 5", "$78.00")


def test_in_chinese_even_the_files_name_is(as_alice: Client, order: str) -> None:
    response = as_alice.get(f"/orders/{order}/receipt.pdf", HTTP_ACCEPT_LANGUAGE="zh-CN")
    assert names(response) == (f"receipt-{order}.pdf", f"收据 {order}.pdf")
    assert says(response.content, "收据", "海港 5", "US$78.00")


def test_alice_keeps_her_statement(as_alice: Client, order: str, line_id: int) -> None:
    days = "from=2026-02-01&to=2026-02-28"
    response = as_alice.get(f"/lines/{line_id}/statement.pdf?{days}")
    span = "2026-02-01_2026-02-28.pdf"
    assert names(response) == (f"statement-{line_id}-{span}", f"Data statement {span}")
    assert says(response.content, "1 February 2026 – 28 February 2026", order)


def test_without_days_it_is_this_month(as_alice: Client, line_id: int) -> None:
    response = as_alice.get(f"/lines/{line_id}/statement.pdf")
    assert names(response)[0] == f"statement-{line_id}-2026-03-01_2026-03-20.pdf"


def test_the_same_for_spreadsheets(as_alice: Client, line_id: int) -> None:
    response = as_alice.get(f"/lines/{line_id}/statement.csv?from=2026-01-05&to=2026-01-31")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.content.decode("utf-8-sig")
    assert text.startswith("at,code,kind,")
    assert text.count(",used,plan,") == 3


@pytest.mark.parametrize(
    "days",
    [
        "from=yesterday",
        "from=2026-03-10&to=2026-03-01",
        "from=2027-01-01&to=2027-02-01",
        "from=2024-01-01&to=2026-03-01",
        "to=9999-12-31",
        "from=0001-01-01",
        "from=%00",
    ],
)
def test_days_that_make_no_statement_are_refused(as_alice: Client, line_id: int, days: str) -> None:
    assert as_alice.get(f"/lines/{line_id}/statement.pdf?{days}").status_code == 400


def test_it_validates_ownership(as_charlie: Client, order: str, line_id: int) -> None:
    for address in (
        f"/orders/{order}/receipt.pdf",
        f"/lines/{line_id}/statement.pdf",
        f"/lines/{line_id}/statement.csv",
    ):
        response = as_charlie.get(address)
        assert response.status_code == 404
        assert b"Alice" not in response.content


def test_an_order_that_was_not_paid_has_no_receipt(as_alice: Client, quoted: str) -> None:
    assert as_alice.get(f"/orders/{quoted}/receipt.pdf").status_code == 404
    assert as_alice.get("/orders/nothing/receipt.pdf").status_code == 404


def test_a_stranger_signs_in_first(client: Client, order: str, line_id: int) -> None:
    for address in (f"/orders/{order}/receipt.pdf", f"/lines/{line_id}/statement.csv"):
        response = client.get(address)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/sign-in/")
        assert client.post(address).status_code == 302


def test_papers_are_only_read(as_alice: Client, order: str) -> None:
    assert as_alice.post(f"/orders/{order}/receipt.pdf").status_code == 405
