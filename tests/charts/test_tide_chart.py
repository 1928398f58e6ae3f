"""The tide chart is one well-formed picture that any page may embed."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.histories import plans, scenarios

from eka.charts.flags import LANE, Flag, Planted, plant
from eka.charts.svg import width_of
from eka.charts.tide import draw, stylesheet, table
from eka.rules.advice import what_if
from eka.rules.instants import parse_instant
from eka.rules.plans import Plan
from eka.rules.play import RuleStage, play
from eka.rules.scenarios import Scenario, read_scenario
from eka.rules.tide import Timeline, timeline, timeline_of_played, timeline_of_what_if
from eka.words import Words

SHARED = Path(__file__).parents[1] / "scenarios" / "shared"
PAGE_STYLE = Path(__file__).parents[2] / "src/eka/portal/static/portal/tide.css"
JANUARY = parse_instant("2026-01-01T00:00:00Z")
SVG = "{http://www.w3.org/2000/svg}"
SIZES = [(340, 300), (900, 340)]
WORDS = {"en": Words("en"), "zh-hans": Words("zh-hans")}


def drawn_from(name: str) -> Timeline:
    scenario = read_scenario((SHARED / f"{name}.yaml").read_text(encoding="utf-8"))
    drawn = timeline_of_played(play(scenario, RuleStage(scenario.timezone)), scenario.plans)
    assert drawn is not None
    return drawn


def boxes_of(svg: str, width: int) -> list[tuple[str, float, float, float]]:
    """Each text with the left and right edge that it takes and its baseline."""
    boxes = []
    for node in ET.fromstring(svg).iter(f"{SVG}text"):
        if list(node):
            continue  # the heading flows by itself
        size, x = float(node.get("font-size", "0")), float(node.get("x", "0"))
        long = width_of(node.text or "", size)
        left = {"end": x - long, "middle": x - long / 2}.get(node.get("text-anchor", ""), x)
        boxes.append((node.text or "", left, left + long, float(node.get("y", "0"))))
    return boxes


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("path", sorted(SHARED.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_text_covers_another(path: Path, language: str, size: tuple[int, int]) -> None:
    width, height = size
    svg = draw(drawn_from(path.stem), WORDS[language], width=width, height=height)
    boxes = boxes_of(svg, width)
    for place, (told, left, right, base) in enumerate(boxes):
        assert left >= 0, told
        assert right <= width, told
        for other, from_, to, its_base in boxes[:place]:
            apart = right <= from_ + 1 or to <= left + 1 or abs(base - its_base) >= 10
            assert apart, f"{told!r} covers {other!r}"


@settings(deadline=None, max_examples=50)
@given(scenarios(), st.sampled_from(list(WORDS)), st.sampled_from(SIZES))
def test_every_history_can_be_drawn(
    scenario: Scenario, language: str, size: tuple[int, int]
) -> None:
    played = play(scenario, RuleStage(scenario.timezone))
    now = (played.line.as_of or JANUARY) + timedelta(hours=30)
    for drawn in (
        timeline_of_played(played, scenario.plans),
        timeline(played.entries, played.line, now, forecast_by="auto"),
    ):
        svg = draw(drawn, WORDS[language], width=size[0], height=size[1], css=False)
        assert "nan" not in svg
        assert ET.fromstring(svg).get("role") == "img"
        if drawn is not None:
            told = table(drawn, WORDS[language])
            assert {len(row) for row in told.rows} == {len(told.head)}


@settings(deadline=None, max_examples=50)
@given(plans("any"), st.integers(0, 6000))
def test_every_what_if_can_be_drawn(some: Plan, used: int) -> None:
    drawn = timeline_of_what_if(what_if(some, used, "UTC", JANUARY))
    ET.fromstring(draw(drawn, WORDS["en"], width=340, height=300))


def test_an_embedded_chart_obeys_a_strict_content_policy() -> None:
    svg = draw(drawn_from("att-prepaid"), WORDS["en"], width=900, height=340, css=False)
    assert "<style" not in svg
    assert "style=" not in svg
    assert "<script" not in svg
    assert re.search(r"#[0-9a-f]{6}", svg) is None  # every colour is the style sheet's


def test_a_chart_that_stands_alone_brings_its_colours_for_light_and_dark() -> None:
    svg = draw(drawn_from("att-prepaid"), WORDS["en"], width=900, height=340)
    assert "prefers-color-scheme: dark" in svg
    assert PAGE_STYLE.read_text(encoding="utf-8") == stylesheet()


def test_every_class_in_the_picture_has_a_style() -> None:
    svg = draw(drawn_from("telstra-prepaid"), WORDS["en"], width=900, height=340, css=False)
    used = {name for found in re.findall(r'class="([^"]*)"', svg) for name in found.split()}
    assert {name for name in used if f".{name}" not in stylesheet()} <= {"tide-on"}


def test_the_picture_tells_what_is_lost_and_what_carries() -> None:
    svg = draw(drawn_from("att-prepaid"), WORDS["zh-hans"], width=900, height=340)
    told = {text.replace("\u202f", " ") for text, *_ in boxes_of(svg, 900)}
    assert {"作废 1.5 GB", "不可再次结转", "未续订", "结转流量 1.5 GB"} <= told


def test_the_same_figures_stand_in_the_table() -> None:
    told = table(drawn_from("att-prepaid"), WORDS["en"])
    assert told.head == ("When", "What", "Plan data", "Rollover", "Total")
    rows = [tuple(cell.replace("\u202f", " ") for cell in row) for row in told.rows]
    assert rows[1] == (
        "31 January 2026, 00:00",
        "renewal; 1.5 GB carried over",
        "4 GB",
        "1.5 GB",
        "5.5 GB",
    )


def test_a_line_that_was_never_activated_says_so() -> None:
    assert "尚未激活" in draw(None, WORDS["zh-hans"], width=340, height=300)


def test_two_charts_on_one_page_have_patterns_of_their_own() -> None:
    drawn = drawn_from("att-prepaid")
    wide, narrow = (draw(drawn, WORDS["en"], width=w, height=300, css=False) for w in (900, 340))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (wide, narrow)]
    assert ids[0] & ids[1] == set()


flags = st.lists(
    st.builds(
        Flag,
        x=st.floats(20, 320),
        head=st.sampled_from(["3 GB lost", "将作废 2.55 GB"]),
        note=st.sampled_from(["", "carried over already"]),
        class_=st.just(""),
        weight=st.integers(0, 100),
        foot=st.just(200.0),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=50)
@given(flags)
def test_flags_never_stand_over_one_another(some: list[Flag]) -> None:
    planted = plant(some, 12, 328, 4)
    for place, one in enumerate(planted):
        assert one.left >= 12
        assert one.right <= 328
        assert not any(_covers(one, other) for other in planted[:place])


def _covers(one: Planted, other: Planted) -> bool:
    beside = one.right <= other.left or other.right <= one.left
    return one.lane == other.lane and not beside and LANE > 0
