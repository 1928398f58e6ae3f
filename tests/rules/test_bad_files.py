"""A malformed scenario or catalogue names the line, the field, and what would be right."""

import pytest

from eka.rules.catalogue_text import read_catalogue
from eka.rules.documents import BadInput
from eka.rules.scenarios import read_scenario

PLAN = "plans:\n  p: {data: 4GB, period: 30d}\n"
START = "  - {at: 2026-01-01T00:00:00Z, activate: p}\n"


def scenario(events: str, plans: str = PLAN) -> str:
    """A scenario whose events begin on the line after `events:`."""
    return f"{plans}events:\n{START}{events}"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "expected a mapping"),
        ("a: [", 1, "not YAML"),
        ("plans: {p: &x {data: 1GB, period: 1d}}\nevents: []", 1, "anchors"),
        ("plans: {p: {data: 1GB, period: 1d}}\nevents: []\nevents: []", 3, "twice"),
        (scenario("", "plans:\n  p: {<<: {}, data: 1GB, period: 1d}\n"), 2, "merges"),
        (scenario("", "plans:\n  p: {data: 4, period: 30d}\n"), 2, "write it like 500MB"),
        (scenario("", "plans:\n  p: {data: 0.5B, period: 30d}\n"), 2, "whole number of bytes"),
        (scenario("", "plans:\n  p: {data: 4GB}\n"), 2, "`period` is missing"),
        (scenario("", "plans:\n  p: {data: 4GB, period: 30}\n"), 2, "write it like 24h, 7d or 1mo"),
        (scenario("", "plans:\n  p: {data: 4GB, period: 0d}\n"), 2, "above zero"),
        (scenario("", "plans:\n  p: {data: 4GB, periode: 30d, period: 1d}\n"), 2, "did you mean"),
        (
            scenario("", "plans:\n  p: {data: 4GB, period: 1d, rollover: {trim: old}}\n"),
            2,
            "newest",
        ),
        (scenario("", "plans:\n  p: {data: 4GB, period: 1d, price: 5}\n"), 2, "19.99 USD"),
        (scenario("", "plans:\n  p: {data: 4GB, period: 1d, price: 5.001 USD}\n"), 2, "2 decimals"),
        (scenario("", "plans:\n  p: {data: -4GB, period: 1d}\n"), 2, "not an amount"),
        (scenario("", "plans:\n  p: {data: 99999999TB, period: 1d}\n"), 2, "more than a line can"),
        (scenario("  - {at: 2026-01-02, use: 1GB}\n"), 5, "2026-01-31T00:00:00Z"),
        (scenario("  - {at: 2026-01-02T00:00:00, use: 1GB}\n"), 5, "with its offset"),
        (scenario("  - {at: 2025-12-31T00:00:00Z, use: 1GB}\n"), 5, "goes back in time"),
        (scenario("  - {use: 1GB}\n"), 5, "`at` is missing"),
        (scenario("  - {at: 2026-01-02T00:00:00Z}\n"), 5, "one of: activate, use"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, us: 1GB}\n"), 5, "did you mean `use`?"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, use: 1GB, clear: true}\n"), 5, "`clear`"),
        (
            scenario("  - {at: 2026-01-02T00:00:00Z, renew: {plan: q}}\n"),
            5,
            "no plan 'q'; known: p",
        ),
        (scenario("  - {at: 2026-01-02T00:00:00Z, renew: {by: hand}}\n"), 5, "manual, auto, term"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, clear: yes}\n"), 5, "write `true`"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, expect: {totl: 1GB}}\n"), 5, "`total`"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, expect: {total: lots}}\n"), 5, "500MB"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, expect: {state: dead}}\n"), 5, "lapsed"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, session: {id: a, request: go}}\n"), 5, "initial"),
        (scenario("  - {at: 2026-01-02T00:00:00Z, edit: {data: 1GB}}\n"), 5, "`plan` is missing"),
        (f"timezone: Mars/Base\n{scenario('')}", 1, "America/New_York"),
        ("plan: {data: 1GB, period: 1d}\nplans: {}\nevents: []", 1, "not both"),
        (f"{PLAN}events: {{}}\n", 3, "list of events"),
        ("a: " + "[" * 50, 1, "nested deeper"),
    ],
)
def test_a_bad_scenario_says_where_and_what(text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_scenario(text)
    assert raised.value.line == line
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("carriers: {}\n", 1, "`plans` is missing"),
        ("plans: {p: {data: 1GB, period: 1d, countries: [usa]}}\n", 1, "write it like US"),
        ("carriers: {a: {name: A, networks: [31041x]}}\nplans: {}\n", 1, "310410"),
        ("plans:\n  p: {data: 1GB, period: 1d, name: q}\n", 2, "the key 'p' is the plan's name"),
        ("plans:\n  p: {data: 1GB, period: 1d, colour: red}\n", 2, "unknown key `colour`"),
    ],
)
def test_a_bad_catalogue_says_where_and_what(text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_catalogue(text)
    assert raised.value.line == line
    assert said in str(raised.value)


def test_a_scenarios_plans_are_a_catalogue() -> None:
    catalogue = read_catalogue("plans:\n  p: {data: 4GB, period: 30d}\n")
    assert [text.plan.name for text in catalogue.plans] == ["p"]


def test_times_and_words_are_read_as_written() -> None:
    """YAML alone would read 08:00 as 480 and no as false."""
    read = read_scenario(
        scenario("", "plans:\n  no: {data: 4GB, period: 1d}\n  p: {data: 1GB, period: 1d}\n")
    )
    assert set(read.plans) == {"no", "p"}
