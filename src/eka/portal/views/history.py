"""Everything that happened to a line, in words."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import history as ledger_history
from eka.ledger import offers
from eka.portal.speech import titles_of
from eka.portal.stand import name_of
from eka.portal.views.lines import own_card
from eka.rules.instants import local_date
from eka.rules.lines import Entry
from eka.usecases import balances

PER_PAGE = 40
KINDS: dict[str, list[str]] = {
    "used": ["used", "unserved"],
    "granted": ["granted"],
    "carried": ["carried", "converted"],
    "lost": ["forfeited", "expired"],
}


class Movements:
    """A line's entries, newest first, as a paginator reads them: those still to be written lead."""

    def __init__(self, line_id: int, pending: list[Entry], codes: list[str] | None) -> None:
        self._line_id, self._codes = line_id, codes
        self._pending = [entry for entry in reversed(pending) if not codes or entry.code in codes]

    def __len__(self) -> int:
        return len(self._pending) + ledger_history.count(self._line_id, self._codes)

    def __getitem__(self, wanted: slice) -> list[Entry]:
        first, last = wanted.start or 0, wanted.stop
        due = self._pending[first:last]
        skip = max(0, first - len(self._pending))
        limit = last - first - len(due)
        return due + ledger_history.latest(self._line_id, limit, skip=skip, codes=self._codes)


@login_required(login_url="portal:sign-in")
@require_safe
def history(request: HttpRequest, line_id: int) -> HttpResponse:
    """The line's movements by day, newest first."""
    card = own_card(request, line_id)
    look = balances.look(line_id, clock.now())
    titles = titles_of(offers.on_sale())
    kind = request.GET.get("kind", "")
    movements = Movements(line_id, look.pending, KINDS.get(kind))
    book: Paginator[Entry] = Paginator(movements, PER_PAGE)  # type: ignore[arg-type]
    shown = book.get_page(request.GET.get("page"))
    zone = look.line.timezone
    days = groupby(shown.object_list, key=lambda entry: local_date(entry.at, zone))
    page = {
        "section": "lines",
        "card": card,
        "name": name_of(card, look.line, titles),
        "titles": titles,
        "line": look.line,
        "kind": kind if kind in KINDS else "",
        "days": [list(entries) for _, entries in days],
        "shown": shown,
    }
    return render(request, "portal/history.html", page)
