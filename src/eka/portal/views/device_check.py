"""Does my device support eSIM? Asked by model and region, or by the EID that the device shows.

The question is in the address, so that it can be sent to a friend; an EID is posted, so that it
stands in no address, no history and no log.
"""

from datetime import UTC, datetime, time
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from msgspec import Struct

from eka.ledger import offers
from eka.portal.speech import own, words
from eka.rules.activation_codes import UnreadableCode, read_eid
from eka.rules.devices import ELSEWHERE, Listing, Query, Table, Verdict, check, regions_in
from eka.usecases.devices import devices
from eka.words import devices as said

NEAREST = ("CN", "HK", "MO", "TW")  # where most of the readers' phones come from
SAID = {"yes": True, "no": False}
LONGEST = 120


class Choice(Struct, frozen=True):
    """A region of sale to choose."""

    code: str
    name: str


class Source(Struct, frozen=True):
    """What one source says, and of which places."""

    places: str
    esim: str
    host: str
    day: str
    certainty: str


class Told(Struct, frozen=True):
    """A verdict in words."""

    verdict: Verdict
    headline: str
    reasons: list[str]
    notes: list[str]
    steps: list[str]
    sources: list[Source]


class Eid(Struct, frozen=True):
    """The EID that was typed: why it is none, or "" where it is one."""

    typed: str
    fault: str


@require_http_methods(["GET", "HEAD", "POST"])
def device_check(request: HttpRequest) -> HttpResponse:
    """The question, its answer, and how to see for oneself."""
    table, eid = devices(), _eid(request)
    asked = _asked(request, eid)
    verdict = check(table, asked) if asked.text or asked.eid is not None else None
    page = {
        "section": "device-check",
        "asked": asked,
        "locked": request.GET.get("locked", ""),
        "shows": request.GET.get("eid", ""),
        "places": _places(table),
        "elsewhere": ELSEWHERE,
        "told": _told(verdict) if verdict else None,
        "eid": eid,
        "offer": offers.find(request.GET["plan"]) if request.GET.get("plan") else None,
    }
    return render(request, "portal/device_check.html", page)


def _asked(request: HttpRequest, eid: Eid | None) -> Query:
    asked = request.GET
    shows = SAID.get(asked.get("eid", ""))
    return Query(
        text=asked.get("model", "").strip()[:LONGEST],
        region=asked.get("region", "")[:2],
        locked=SAID.get(asked.get("locked", "")),
        eid=True if eid is not None and not eid.fault else shows,
    )


def _eid(request: HttpRequest) -> Eid | None:
    typed = request.POST.get("number", "").strip()[:LONGEST]
    if not typed:
        return None
    try:
        read_eid(typed)
    except UnreadableCode as wrong:
        digits = sum(sign.isdigit() for sign in typed)
        return Eid(typed, said.eid_fault(words().tongue, wrong.fault, digits))
    return Eid(typed, "")


def _places(table: Table) -> list[Choice]:
    tongue = words().tongue
    others = [Choice(code, said.title(tongue, code)) for code in regions_in(table)]
    nearest = [Choice(code, said.title(tongue, code)) for code in NEAREST]
    far = sorted((one for one in others if one.code not in NEAREST), key=lambda one: one.name)
    return nearest + far


def _told(verdict: Verdict) -> Told:
    tongue = words().tongue
    notes = dict.fromkeys(own(row.note) for row in verdict.listings if row.note)
    # Where regions differ, each note belongs to one of them and would mislead beside the others.
    return Told(
        verdict=verdict,
        headline=said.headline(tongue, verdict),
        reasons=said.reasons(tongue, verdict),
        notes=[] if verdict.why == "region" else list(notes),
        steps=said.steps(tongue, verdict),
        sources=_sources(verdict),
    )


def _sources(verdict: Verdict) -> list[Source]:
    """The rows that an answer rests on; what is said alike of several places is said once."""
    alike: dict[tuple[object, ...], list[Listing]] = {}
    for row in verdict.listings:
        said_of = (row.esim, row.source, row.checked_on, row.certainty)
        alike.setdefault(said_of, []).append(row)
    everywhere = not verdict.region and all(not row.region for row in verdict.listings)
    return [_source(rows, everywhere) for rows in alike.values()]


def _source(rows: list[Listing], everywhere: bool) -> Source:
    tongue, row = words().tongue, rows[0]
    checked = datetime.combine(row.checked_on, time(), UTC)
    regions = [one.region for one in rows]
    # What holds everywhere else as well need not be told country by country.
    regions = [""] if "" in regions else regions
    return Source(
        places=said.places(tongue, regions, all_of_them=everywhere),
        esim=said.esim(tongue, row.esim),
        host=urlsplit(row.source).hostname or row.source,
        day=tongue.day(checked, "UTC"),
        certainty=said.certainty(tongue, row.certainty),
    )
