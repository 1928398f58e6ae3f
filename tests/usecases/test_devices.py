"""Olga's own list of devices, over the one that Eka ships."""

import pytest

from eka.ledger import models
from eka.rules.device_text import read_devices
from eka.rules.devices import Query
from eka.usecases.devices import ask, import_devices, own, shipped

pytestmark = pytest.mark.django_db

HEAD = "brand,model,region,esim,source,checked_on,aliases,kind,certainty,note_en,note_zh\n"
BRICK = "Brick,3000,,yes,https://brick.example,2026-01-31,der Klotz,tablet,stated,Heavy.,很重。\n"


def test_what_she_adds_is_known_by_all_its_names() -> None:
    assert ask(Query(text="Brick 3000")).answer == "unknown"
    rows = read_devices(HEAD + BRICK)
    assert import_devices(rows).new == ["Brick 3000 (*)"]
    assert own() == rows
    verdict = ask(Query(text="der klotz"))
    assert (verdict.answer, verdict.name) == ("yes", "Brick 3000")


def test_importing_again_changes_nothing() -> None:
    rows = read_devices(HEAD + BRICK)
    import_devices(rows)
    before = list(models.Device.objects.values())
    again = import_devices(rows)
    assert (again.new, again.changed, again.unchanged) == ([], [], ["Brick 3000 (*)"])
    assert list(models.Device.objects.values()) == before


def test_a_newer_row_takes_the_place_of_the_older_however_it_is_spelled() -> None:
    import_devices(read_devices(HEAD + BRICK))
    newer = BRICK.replace("Brick,3000", "BRICK,30 00").replace("yes", "no")
    assert import_devices(read_devices(HEAD + newer)).changed == ["BRICK 30 00 (*)"]
    assert models.Device.objects.count() == 1
    assert ask(Query(text="Brick 3000")).answer == "no"


def test_her_word_holds_against_the_shipped_table() -> None:
    assert ask(Query(text="iPhone 13", region="CN")).answer == "no"
    import_devices(read_devices(HEAD + "Apple,iPhone 13,CN,some,Olga tried,2026-01-31,,,,,\n"))
    verdict = ask(Query(text="iPhone 13", region="CN"))
    assert (verdict.answer, verdict.listings[0].source) == ("depends", "Olga tried")
    assert ask(Query(text="iPhone 13", region="HK")).answer == "no"  # of which she said nothing


def test_the_whole_shipped_table_imports_as_her_own() -> None:
    assert len(import_devices(shipped()).new) == len(shipped())
    assert own() == shipped()
