"""Two tabs, or the news of a deletion beside the owner's word: one move and one new profile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection
from tests.esim import SUPPLIERS, news, profile
from tests.selling import PLANS

from eka.ledger import models, plans
from eka.rules.catalogue_text import read_catalogue
from eka.usecases import moving
from eka.usecases.catalogue import import_catalogue
from eka.usecases.lines import NewLine, add_line
from eka.usecases.moving import NotNow, Wish
from eka.usecases.suppliers import use_suppliers

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
PATIENCE_S = 60


@pytest.fixture
def line(committed_ledger: None) -> Iterator[int]:
    """A line whose profile is on a phone."""
    plans.forget()
    import_catalogue(read_catalogue(PLANS), NOW)
    made = add_line(NewLine(plan="small"), NOW)
    profile(made, NOW, state="enabled")
    use_suppliers(SUPPLIERS)
    yield made
    use_suppliers({})


def at_once(*deeds: Callable[[], object]) -> None:
    """Does them at one moment; one that comes too late is refused in peace."""
    ready = Barrier(len(deeds))

    def work(deed: Callable[[], object]) -> None:
        try:
            ready.wait(PATIENCE_S)
            deed()
        except NotNow:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as threads:
        list(threads.map(work, deeds))


def test_four_tabs_are_one_move(line: int) -> None:
    wish = Wish(line=line, reason="lost_phone")
    at_once(*(lambda key=key: moving.ask(wish, key, NOW) for key in "abcd"))
    move = models.DeviceMove.objects.get()
    assert move.state == "reordering"
    assert models.Outbox.objects.get().payload == {"move": move.pk}


def test_the_news_and_the_owner_s_word_order_one_profile(line: int) -> None:
    moving.ask(Wish(line=line, reason="new_phone"), "one", NOW)
    old = models.Profile.objects.get()
    at_once(
        lambda: news(old, "deleted", NOW),
        lambda: moving.declare_lost(line, "gone", NOW),
    )
    assert models.DeviceMove.objects.get().state == "reordering"
    assert models.Outbox.objects.filter(kind="replace_profile").count() == 1
    assert not models.Profile.objects.get().current
