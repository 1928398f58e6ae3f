"""The rules in words, as Alice reads them in English and 爱丽丝 in Chinese."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.histories import plans, scenarios

from eka.rules.advice import forecast, next_renewal, what_if
from eka.rules.commands import perform
from eka.rules.instants import parse_instant
from eka.rules.lines import Entry, Line, Unable
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan
from eka.rules.play import RuleStage, play
from eka.rules.requests import Activate, Use
from eka.rules.scenarios import Scenario
from eka.rules.units import Money, parse_data
from eka.words import Words

EN, ZH = Words("en"), Words("zh-hans")
BOTH = pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh-hans"])
JANUARY = parse_instant("2026-01-01T00:00:00Z")
NARROW = "\u202f"


def plan(**terms: object) -> Plan:
    return plan_from_text({"name": "ten", "data": "10GB", "period": "1mo", **terms})


def plain(sentence: str) -> str:
    """The sentence with ordinary spaces, so that a test can be read."""
    return sentence.replace(NARROW, " ").replace("\xa0", " ")


def assert_whole(sentence: str, words: Words) -> None:
    """A sentence is finished: no empty place, no code, and the language's own punctuation."""
    assert sentence.strip() == sentence != ""
    assert "{" not in sentence
    assert "_" not in sentence.replace("not_a_plan", "")
    if words is ZH:
        assert sentence[-1] in "。）"
    else:
        assert sentence[-1] == "."


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1.5GB", "1.5 GB"),
        ("999MB", "999 MB"),
        ("1234567B", "1.23 MB"),
        ("1.999GB", "1.99 GB"),
        ("0B", "0 GB"),
        ("12B", "12 B"),
        ("1TB", "1 TB"),
    ],
)
def test_amounts_are_rounded_down_to_two_decimals(amount: str, shown: str) -> None:
    assert EN.data(parse_data(amount)) == shown.replace(" ", NARROW)


def test_a_plan_shows_amounts_in_the_unit_it_was_sold_in() -> None:
    binary = plan(data="10GiB")
    assert plain(EN.data(parse_data("2.5GiB"), binary)) == "2.5 GiB"
    assert plain(EN.data(0, plan(data="500MB"))) == "0 MB"
    assert (EN.data(None), ZH.data(None)) == ("unlimited", "不限量")


def test_money_dates_and_speeds_follow_the_language() -> None:
    at = parse_instant("2026-03-02T15:04:00Z")
    assert (EN.money(Money(1999, "USD")), ZH.money(Money(1999, "USD"))) == ("$19.99", "US$19.99")
    assert EN.instant(at, "Asia/Shanghai") == "2 March 2026, 23:04"
    assert ZH.instant(at, "Asia/Shanghai") == "2026年3月2日 23:04"
    assert (plain(EN.speed(256)), plain(EN.speed(1500)), ZH.speed(None)) == (
        "256 kbps",
        "1.5 Mbps",
        "全速",
    )


def test_a_language_that_is_not_spoken_reads_english() -> None:
    assert Words("fr").kind("plan") == "Plan data"
    assert Words("zh-Hans").kind("plan") == "套餐流量"


STRICT = {
    "carries": ["plan"],
    "caps": {"bank": "50GB"},
    "requires": {"by": "manual", "lead_min": "24h"},
}


def test_the_policy_is_one_sentence() -> None:
    sold = plan(rollover=STRICT)
    assert plain(EN.rollover_sentence(sold)) == (
        "Unused plan data carries over for 1 month more, up to 50 GB, if you renew by yourself at "
        "least 24 hours before the end of the period."
    )
    assert plain(ZH.rollover_sentence(sold)) == (
        "在到期前至少 24 小时手动续订，未用完的套餐流量可结转，可再用 1 个月，最多 50 GB。"
    )
    assert plain(EN.rollover_badge(sold)) == "Carries over: up to 50 GB, 1 month"


def test_a_line_s_history_gives_its_reasons() -> None:
    carried = Entry(
        at=JANUARY,
        code="carried",
        bytes=parse_data("1.5GB"),
        bucket=1,
        into=2,
        kind="plan",
        reason="carries",
        figures={"generation": 1, "renewals": None, "expires": "2026-03-02T00:00:00Z"},
    )
    assert plain(EN.entry(carried, "UTC")) == (
        "1.5 GB carried into the new period, because unused plan data carries over; "
        "use it before 2 March 2026, 00:00."
    )
    assert plain(ZH.entry(carried, "Asia/Shanghai")) == (
        "1.5 GB 已结转到新周期：未用完的套餐流量可以结转，请在 2026年3月2日 08:00 前用完。"
    )


def test_plans_are_called_by_their_titles() -> None:
    told = perform(Line(), Activate(plan()), JANUARY).entries
    assert ZH.entry(told[0], "UTC", {"ten": "十元套餐"}) == "线路已激活：“十元套餐”。"


def test_what_alice_has_to_do_is_said() -> None:
    answer = what_if(plan(rollover=STRICT), parse_data("7GB"), "UTC", JANUARY)
    told = [plain(sentence) for sentence in EN.what_if(answer)]
    assert told[0] == "If you use 7 GB of 10 GB, 3 GB is left."
    assert "If you renew later than 24 hours before the end, 3 GB is lost." in told
    assert "If it renews automatically, 3 GB is lost." in told


@BOTH
@settings(deadline=None)
@given(scenarios())
def test_every_history_can_be_told(words: Words, scenario: Scenario) -> None:
    played = play(scenario, RuleStage(scenario.timezone))
    for entry in played.entries:
        assert_whole(words.entry(entry, scenario.timezone, {"one": "A", "two": "B"}), words)


@BOTH
@settings(deadline=None)
@given(plans("any"), st.integers(0, 6000))
def test_every_policy_and_every_what_if_can_be_told(words: Words, some: Plan, used: int) -> None:
    assert_whole(words.rollover_sentence(some), words)
    assert "{" not in words.rollover_badge(some)
    for sentence in words.what_if(what_if(some, used, "Europe/London", JANUARY)):
        assert_whole(sentence, words)


@BOTH
@settings(deadline=None)
@given(scenarios(), st.sampled_from(["manual", "auto"]))
def test_every_preview_can_be_told(words: Words, scenario: Scenario, by: str) -> None:
    line = play(scenario, RuleStage(scenario.timezone)).line
    if line.state not in ("active", "lapsed"):
        return
    now = (line.as_of or JANUARY) + timedelta(hours=1)
    seen = next_renewal(line, now, by=by)  # type: ignore[arg-type]
    for sentence in words.preview(seen, line.timezone, {"one": "A", "two": "B"}):
        assert_whole(sentence, words)


@BOTH
@pytest.mark.parametrize("used", [0, 1, 6, 10])
def test_every_forecast_can_be_told(words: Words, used: int) -> None:
    line = perform(Line(), Activate(plan()), JANUARY)
    done = perform(line.line, Use(used * 10**9), JANUARY + timedelta(hours=9))
    seen = forecast(done.line, done.entries, JANUARY + timedelta(days=3))
    assert seen is not None
    assert_whole(words.forecast(seen, "UTC", plan()), words)


@BOTH
def test_a_refusal_of_a_newer_version_still_says_that_nothing_moved(words: Words) -> None:
    assert_whole(words.refusal(Unable("something-new")), words)
