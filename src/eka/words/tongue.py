"""One language: its sentences, and how it writes amounts, money, spans and dates."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from eka.rules.instants import zone
from eka.rules.plans import Plan
from eka.rules.units import (
    BINARY,
    DECIMAL,
    Duration,
    Money,
    Share,
    is_binary,
    minor_digits,
    parse_duration,
)
from eka.words.catalogues import LOCALES, N_, translations

NARROW_SPACE = "\u202f"  # a number never parts from its unit
HUNDREDTH = Decimal("0.01")


class Tongue:
    """How one language writes whole sentences, and the amounts that stand in them."""

    def __init__(self, language: str) -> None:
        """`language` is `en` or `zh-hans`; a language that Eka does not speak reads English."""
        known = language.lower()
        self.language = known if known in LOCALES else "en"
        name = LOCALES[self.language]
        self.locale = Locale.parse(name)
        self._catalogue = translations(name)

    def say(self, sentence: str, /, **figures: Any) -> str:
        """A sentence of the catalogue with its figures in place."""
        return self._catalogue.gettext(sentence).format(**figures)

    def count(self, one: str, many: str, number: int, /, **figures: Any) -> str:
        """A sentence that depends on a number, which it may name as {n}."""
        sentence = self._catalogue.ngettext(one, many, number)
        return sentence.format(n=self.number(number), **figures)

    def number(self, number: int | Decimal) -> str:
        """A number with the language's separators and at most two decimals."""
        return format_decimal(number, format="#,##0.##", locale=self.locale)

    def data(self, amount: int | None, like: Plan | None = None) -> str:
        """An amount of data in the largest unit that fits, rounded down to two decimals.

        `like` is the plan whose units are used: 10GiB was sold in powers of 1024.
        """
        if amount is None:
            return self.say(N_("unlimited"))
        number, unit = self.data_parts(amount, like)
        return f"{number}{NARROW_SPACE}{unit}"

    def data_parts(self, amount: int, like: Plan | None = None) -> tuple[str, str]:
        """The number and the unit of an amount, for those who set them in different sizes."""
        units = BINARY if like and like.data and is_binary(like.data) else DECIMAL
        fitting = [unit for unit, factor in units.items() if amount >= factor]
        unit = fitting[-1] if fitting else ("B" if amount else _sold_in(like, units))
        if unit == "B" or not fitting:
            return self.number(amount), unit
        exact = Decimal(amount) / units[unit]
        return self.number(exact.quantize(HUNDREDTH, ROUND_DOWN)), unit

    def money(self, money: Money) -> str:
        """An amount of money as the language writes it: $19.99, US$19.99."""
        major = Decimal(money.minor).scaleb(-minor_digits(money.currency))
        return format_currency(major, money.currency, locale=self.locale)

    def share(self, share: Share | Iterable[int]) -> str:
        """A share in per cent; entries keep it as [numerator, denominator]."""
        numerator, denominator = (
            (share.numerator, share.denominator) if isinstance(share, Share) else share
        )
        part = Decimal(numerator) / Decimal(denominator)
        return format_percent(part, format="#,##0.##%", locale=self.locale)

    def speed(self, kbps: int | None) -> str:
        """A speed limit; None is full speed."""
        if kbps is None:
            return self.say(N_("full speed"))
        if kbps >= 1000:
            number = (Decimal(kbps) / 1000).quantize(HUNDREDTH, ROUND_DOWN)
            return f"{self.number(number)}{NARROW_SPACE}Mbps"
        return f"{self.number(kbps)}{NARROW_SPACE}kbps"

    def duration(self, span: Duration | str) -> str:
        """A span in words: 24 hours, 7 days, 1 month. Entries keep it as text (`24h`)."""
        span = parse_duration(span) if isinstance(span, str) else span
        if span.months and span.months % 12 == 0:
            return self.count("{n} year", "{n} years", span.months // 12)
        if span.months:
            return self.count("{n} month", "{n} months", span.months)
        days, rest = divmod(span.seconds, 86400)
        if rest or days < 2:
            return self.count("{n} hour", "{n} hours", span.seconds // 3600)
        return self.count("{n} day", "{n} days", days)

    def day(self, at: datetime, timezone: str) -> str:
        """A day where the line lives: 2 March 2026."""
        return self._date(at, timezone, self.say(N_("d MMMM y")))

    def short_day(self, at: datetime, timezone: str) -> str:
        """A day without its year, for charts: 2 Mar."""
        return self._date(at, timezone, self.say(N_("d MMM")))

    def month(self, at: datetime, timezone: str) -> str:
        """A month of a year, for charts that span years: Mar 2026."""
        return self._date(at, timezone, self.say(N_("MMM y")))

    def instant(self, at: datetime, timezone: str) -> str:
        """An instant on the wall clock where the line lives: 2 March 2026, 15:04."""
        return self._date(at, timezone, self.say(N_("d MMMM y, HH:mm")))

    def _date(self, at: datetime, timezone: str, pattern: str) -> str:
        return format_datetime(at, pattern, tzinfo=zone(timezone), locale=self.locale)

    def every(self, parts: Iterable[str]) -> str:
        """Things that hold together, in one enumeration: a, b and c."""
        return self._listed(list(parts), N_("{some} and {last}"))

    def clauses(self, parts: Iterable[str]) -> str:
        """Conditions that must all hold, each a clause of its own: a, b, and c."""
        *firsts, last = parts
        if not firsts:
            return last
        some, *others = firsts
        for clause in others:
            some = self.say(N_("{some}, {next}"), some=some, next=clause)
        return self.say(N_("{some}, and {last}"), some=some, last=last)

    def either(self, parts: Iterable[str]) -> str:
        """Things of which one holds: a, b or c."""
        return self._listed(list(parts), N_("{some} or {last}"))

    def _listed(self, parts: list[str], pair: str) -> str:
        if len(parts) < 2:
            return "".join(parts)
        some = self.say(N_(", ")).join(parts[:-1])
        return self.say(pair, some=some, last=parts[-1])


def _sold_in(like: Plan | None, units: dict[str, int]) -> str:
    """The unit in which nothing is shown: that of the plan, so that 4 GB runs down to 0 GB."""
    if like is None or not like.data:
        return "GiB" if units is BINARY else "GB"
    return [unit for unit, factor in units.items() if like.data >= factor][-1]
