"""Receipts and statements to keep: what the reader owns, in the reader's language."""

import re
from datetime import date, timedelta
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eka import clock
from eka.ledger import models
from eka.papers import Statement, labels, receipt_pdf, statement_csv, statement_pdf
from eka.portal.speech import words
from eka.portal.views.lines import own_card
from eka.rules.instants import local_date
from eka.usecases import papers

LONGEST = timedelta(days=400)
INSTANT = timedelta(microseconds=1)
PDF, CSV = "application/pdf", "text/csv; charset=utf-8"


@login_required(login_url="portal:sign-in")
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of the reader's own order; of any other, and of an unpaid one, there is none."""
    own = models.Order.objects.filter(number=number, subscriber__user=request.user.pk)
    if not own.exists():
        raise Http404
    try:
        paper = papers.receipt(number)
    except papers.NotPaid as error:
        raise Http404 from error
    language = words().language
    name = f"{labels.label(words(), 'receipt')} {number}.pdf"
    return _attached(receipt_pdf(paper, language), PDF, f"receipt-{number}.pdf", name)


@login_required(login_url="portal:sign-in")
@require_safe
def statement(request: HttpRequest, line_id: int) -> HttpResponse:
    """The statement of the reader's own line as PDF: the days `from` to `to`, else this month."""
    paper = _asked(request, line_id)
    return _attached(statement_pdf(paper, words().language), PDF, *_names(paper, "pdf"))


@login_required(login_url="portal:sign-in")
@require_safe
def statement_sheet(request: HttpRequest, line_id: int) -> HttpResponse:
    """The same as CSV, with every use by itself and every byte."""
    paper = _asked(request, line_id)
    # Without the mark at its head Excel takes UTF-8 for something else.
    content = statement_csv(paper, words().language).encode("utf-8-sig")
    return _attached(content, CSV, *_names(paper, "csv"))


def _asked(request: HttpRequest, line_id: int) -> Statement:
    own_card(request, line_id)
    now, timezone = clock.now(), papers.timezone_of(line_id)
    try:
        starts, ends = papers.days(_day(request, "from"), _day(request, "to"), timezone, now)
        if ends - starts > LONGEST:
            raise BadRequest
        return papers.statement(line_id, starts, ends, now)
    except (ValueError, OverflowError, papers.EmptySpan) as error:
        raise BadRequest from error


def _day(request: HttpRequest, name: str) -> date | None:
    given = request.GET.get(name)
    return date.fromisoformat(given) if given else None


def _names(paper: Statement, ending: str) -> tuple[str, str]:
    """The file's plain name, and the one in the reader's language."""
    first = local_date(paper.starts, paper.timezone)
    last = local_date(paper.ends - INSTANT, paper.timezone)
    span = f"{first}" if first == last else f"{first}_{last}"
    title = labels.label(words(), "statement")
    return f"statement-{paper.line.id}-{span}.{ending}", f"{title} {span}.{ending}"


def _attached(content: bytes, content_type: str, name: str, shown: str) -> HttpResponse:
    """A file to keep, under a plain name and under the one in the reader's language (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"},
    )
