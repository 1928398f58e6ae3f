"""Things that both papers say: what was bought, from when until when, who sold it, which line."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from eka.papers import labels
from eka.papers.labels import detail, label, titled
from eka.papers.values import Bought, LineName, Seller
from eka.rules.instants import local_date, seconds_of_day
from eka.rules.plans import Plan
from eka.rules.units import Duration
from eka.words import Words

INSTANT = timedelta(microseconds=1)
MINUS = "\u2212"


def head(words: Words, code: str, seller: Seller) -> dict[str, Any]:
    """What every paper begins with."""
    return {
        "language": words.language,
        "title": label(words, code),
        "seller": titled(seller.name, words.language),
        "about": [line for line in seller.about.splitlines() if line.strip()],
        "page": label(words, "page", page="{page}", pages="{pages}"),
    }


def facts(words: Words, *pairs: tuple[str, str]) -> list[dict[str, str]]:
    """Labels with what they say; what is not known is left out."""
    return [{"label": label(words, code), "text": text} for code, text in pairs if text]


def column_heads(words: Words, *codes: str) -> dict[str, str]:
    """The heads of a table's columns, by their codes."""
    return {code: label(words, code) for code in codes}


def span(words: Words, starts: datetime, ends: datetime, timezone: str) -> str:
    """From when until when: whole local days by their dates, the last one included."""
    if seconds_of_day(starts, timezone) or seconds_of_day(ends, timezone):
        first, last = words.instant(starts, timezone), words.instant(ends, timezone)
    else:
        first, last = words.day(starts, timezone), words.day(ends - INSTANT, timezone)
    return first if first == last else detail(words, "span", starts=first, ends=last)


def same_year(starts: datetime, ends: datetime, timezone: str) -> bool:
    """Whether days of the span need no year to be told apart."""
    return local_date(starts, timezone).year == local_date(ends - INSTANT, timezone).year


def line_name(words: Words, line: LineName) -> str:
    """A line as its owner knows it."""
    number = f"+{line.msisdn}" if line.msisdn else ""
    known = " ".join(part for part in (line.label, number) if part)
    return known or detail(words, "line_number", number=str(line.id))


def item_title(words: Words, of: Bought) -> str:
    """What an item is called: the plan, the extra data, or money for the wallet."""
    if of.kind == "top_up":
        return detail(words, "top_up", data=words.data(of.data, of.plan))
    if of.plan is None:
        return labels.item(words, of.kind)
    return titled(of.title, words.language, of.plan.name)


def item_details(words: Words, of: Bought, timezone: str) -> list[str]:
    """What stands under an item: its terms; when, and for which line; what came free."""
    parts = (_terms(words, of), _where(words, of, timezone), _gifts(words, of))
    lines = (joined(words, part) for part in parts)
    return [line for line in lines if line]


def joined(words: Words, parts: Iterable[str]) -> str:
    """Short facts beside one another."""
    return detail(words, "comma").join(part for part in parts if part)


def _terms(words: Words, of: Bought) -> Iterator[str]:
    if of.plan is None:
        return
    yield labels.item(words, of.kind)
    if of.kind == "top_up":
        if of.validity is not None:
            yield detail(words, "valid", span=words.duration(of.validity))
        return
    yield words.data(of.plan.data, of.plan)
    yield words.duration(_term(of.plan))
    if of.times > 1:
        yield labels.times(words, of.times)


def _where(words: Words, of: Bought, timezone: str) -> Iterator[str]:
    if of.starts and of.ends:
        first, last = words.day(of.starts, timezone), words.day(of.ends, timezone)
        yield detail(words, "span", starts=first, ends=last)
    if of.line is not None:
        yield detail(words, "for_line", line=line_name(words, of.line))


def _gifts(words: Words, of: Bought) -> Iterator[str]:
    if of.bonus:
        yield detail(words, "bonus", data=words.data(of.bonus, of.plan))
    if of.free:
        yield labels.free(words, of.free)


def _term(plan: Plan) -> Duration:
    """How long a plan lasts: all periods that one payment covers."""
    return Duration(plan.period.seconds * plan.term, plan.period.months * plan.term)


def signed(text: str, amount: int) -> str:
    """An amount's text with the sign of its change; nothing where nothing changed."""
    if not amount:
        return ""
    return f"+{text}" if amount > 0 else f"{MINUS}{text}"
