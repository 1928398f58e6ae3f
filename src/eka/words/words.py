"""The one class that screens, messages, receipts and charts ask for words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eka.rules.advice import Forecast, Preview, WhatIf
from eka.rules.lines import Entry, ShownState, Unable
from eka.rules.plans import Kind, Plan, RenewedBy
from eka.rules.units import Duration, Money, Share
from eka.words import charting, history, names, policies, previews, reasons
from eka.words.catalogues import N_
from eka.words.tongue import Tongue

NO_TITLES: Mapping[str, str] = {}


class Words:
    """Everything the rules say, in one language: `en` or `zh-hans`.

    `timezone` is the line's IANA zone; `titles` gives plans' names as people know them; `like` is
    the plan whose units amounts are shown in (10 GiB or 10 GB).
    """

    def __init__(self, language: str) -> None:
        """A language that Eka does not speak reads English."""
        self.tongue = Tongue(language)
        self.language = self.tongue.language

    def data(self, amount: int | None, like: Plan | None = None) -> str:
        """An amount of data, at most two decimals, rounded down; None is unlimited."""
        return self.tongue.data(amount, like)

    def data_parts(self, amount: int, like: Plan | None = None) -> tuple[str, str]:
        """The number and the unit of an amount, for those who set them in different sizes."""
        return self.tongue.data_parts(amount, like)

    def money(self, money: Money) -> str:
        """An amount of money: $19.99, US$19.99."""
        return self.tongue.money(money)

    def share(self, share: Share) -> str:
        """A share: 75%."""
        return self.tongue.share(share)

    def duration(self, span: Duration) -> str:
        """A span: 24 hours, 1 month."""
        return self.tongue.duration(span)

    def speed(self, kbps: int | None) -> str:
        """A speed: 256 kbps, or full speed for None."""
        return self.tongue.speed(kbps)

    def instant(self, at: datetime, timezone: str) -> str:
        """An instant where the line lives: 2 March 2026, 15:04."""
        return self.tongue.instant(at, timezone)

    def day(self, at: datetime, timezone: str) -> str:
        """A day where the line lives: 2 March 2026."""
        return self.tongue.day(at, timezone)

    def short_day(self, at: datetime, timezone: str) -> str:
        """A day without its year: 2 Mar."""
        return self.tongue.short_day(at, timezone)

    def kind(self, kind: Kind) -> str:
        """What a bucket is called: Plan data, Rollover, Top-up, Bonus."""
        return names.kind(self.tongue, kind)

    def kind_within(self, kind: Kind) -> str:
        """What a bucket is called inside a sentence: plan data, rollover data."""
        return names.kind_within(self.tongue, kind)

    def sentence_list(self, parts: list[str]) -> str:
        """Clauses beside one another: a; b; c."""
        return self.tongue.say(N_("; ")).join(parts)

    def month(self, at: datetime, timezone: str) -> str:
        """A month of a year: Mar 2026."""
        return self.tongue.month(at, timezone)

    def state(self, state: ShownState) -> str:
        """A line's state: Active, Ended."""
        return names.state(self.tongue, state)

    def renewed_by(self, by: RenewedBy) -> str:
        """Who renewed: by hand, automatically, within a term."""
        return names.renewed_by(self.tongue, by)

    def alert(self, label: str) -> str:
        """A warning by its label, `used 75%` or `ends_in 3d`, as a sentence."""
        return history.alert(self.tongue, label)

    def entry(
        self,
        entry: Entry,
        timezone: str,
        titles: Mapping[str, str] = NO_TITLES,
        like: Plan | None = None,
    ) -> str:
        """One movement of a line's history as a sentence, with its reason."""
        return history.entry(self.tongue, entry, reasons.Context(timezone, titles, like))

    def reason(
        self,
        reason: str,
        figures: Mapping[str, Any],
        timezone: str = "UTC",
        titles: Mapping[str, str] = NO_TITLES,
        like: Plan | None = None,
    ) -> str:
        """Why bytes were lost, as a clause without a full stop."""
        return reasons.reason(self.tongue, reason, figures, reasons.Context(timezone, titles, like))

    def short_reason(
        self, reason: str, figures: Mapping[str, Any], like: Plan | None = None
    ) -> str:
        """Why bytes were lost, in two or three words for a label."""
        return reasons.short_reason(self.tongue, reason, figures, like)

    def rollover_sentence(self, plan: Plan) -> str:
        """The plan's whole rollover policy in one sentence."""
        return policies.sentence(self.tongue, plan)

    def rollover_badge(self, plan: Plan) -> str:
        """The rollover policy in a few words, for a badge in a list."""
        return policies.badge(self.tongue, plan)

    def what_if(self, answer: WhatIf) -> list[str]:
        """What happens to the rest of a plan, and what would lose it; one sentence each."""
        return previews.what_if(self.tongue, answer)

    def preview(
        self, preview: Preview, timezone: str, titles: Mapping[str, str] = NO_TITLES
    ) -> list[str]:
        """A line's next renewal: what carries, what is lost and why, what to do by when."""
        return previews.preview(self.tongue, preview, timezone, titles)

    def forecast(self, forecast: Forecast, timezone: str, like: Plan | None = None) -> str:
        """How fast the data goes and when it runs out, in one sentence."""
        return previews.forecast(self.tongue, forecast, timezone, like)

    def label(self, code: str, /, **figures: Any) -> str:
        """One of the few words that stand in a chart, by its code."""
        return charting.label(self.tongue, code, **figures)

    def refusal(self, refusal: Unable, titles: Mapping[str, str] = NO_TITLES) -> str:
        """Why the rules refuse a command, and what to do instead."""
        return names.refusal(self.tongue, refusal)
