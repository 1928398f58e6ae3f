"""What lies ahead of a line: forecast, next renewal in words and figures, tide chart."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from eka.ledger.offers import Offer
from eka.portal.speech import words
from eka.portal.tide import Tide, tide_of
from eka.rules.advice import Preview, forecast, next_renewal
from eka.rules.lines import Entry, Line
from eka.rules.plans import Plan, RenewedBy
from eka.rules.renewals import UnableToRenew
from eka.rules.tide import timeline


class Outlook(Struct, frozen=True, kw_only=True):
    """The future of a line as far as its rules and its pace tell it."""

    pace: str
    preview: Preview | None
    sentences: Sequence[str]
    tide: Tide | None


def outlook_of(
    line: Line,
    entries: Sequence[Entry],
    now: datetime,
    offers: Sequence[Offer],
    titles: Mapping[str, str],
) -> Outlook:
    """The outlook of a line at `now`; `entries` are those of its present period."""
    on_sale = {offer.plan.name: offer.plan for offer in offers}
    plan = line.period.plan if line.period else None
    preview = _preview(line, now, on_sale)
    ahead = forecast(line, entries, now)
    by: RenewedBy = "auto" if line.auto_renew else "manual"
    drawn = timeline(entries, line, now, forecast_by=by, offers=on_sale)
    return Outlook(
        pace=words().forecast(ahead, line.timezone, plan) if ahead else "",
        preview=preview,
        sentences=words().preview(preview, line.timezone, titles) if preview else [],
        tide=tide_of(drawn) if drawn else None,
    )


def _preview(line: Line, now: datetime, offers: Mapping[str, Plan]) -> Preview | None:
    if line.period is None:
        return None
    try:
        return next_renewal(line, now, by="auto" if line.auto_renew else "manual", offers=offers)
    except UnableToRenew:
        return None
