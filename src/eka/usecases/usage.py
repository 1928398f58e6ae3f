"""Usage files: each record is debited once, in batches that may be killed at any moment.

A batch is one transaction: what it did to lines, how far the file is done and which rows were
refused are written together or not at all. Whoever imports the same file next goes on from there;
two who import it at once take turns. Several lanes may go through one file side by side, each for
its share of the lines.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from eka.ledger import imports, reading, receipts, writing
from eka.ledger.imports import RefusedRow, Standing
from eka.ledger.pages import NewReceipt, Page
from eka.ledger.plans import OnSale
from eka.ledger.references import find_lines
from eka.rules.instants import format_instant
from eka.rules.lines import InvariantBroken
from eka.rules.requests import Use
from eka.rules.usage_text import Refusal, Row, Stretch, UsageRecord

log = logging.getLogger(__name__)

UNUSABLE: dict[str, Refusal] = {
    "ready": Refusal("not_activated", "the line is not activated"),
    "closed": Refusal("closed", "the line is closed"),
}


@transaction.atomic
def begin(digest: str, file_name: str, lanes: int, now: datetime) -> list[Standing]:
    """Where the lanes of the file with this content stand; a new one is noted as begun."""
    return imports.begin(digest, file_name, lanes, now)


@transaction.atomic
def take(digest: str, lane: int, stretch: Stretch, now: datetime) -> None:
    """Debits the records of the lane's next stretch of the file.

    Rows that another process took meanwhile are left out; if that is all of them, nothing changes.
    """
    done = imports.lock(digest, lane).rows_done
    if done < stretch.first:
        raise InvariantBroken(f"usage rows {done} to {stretch.first} would be left out")
    if done >= stretch.after:
        return
    batch = _Batch(now)
    batch.take([row for row in stretch.rows if row.place >= done])
    imports.refuse(digest, batch.refused)
    imports.advance(
        digest,
        lane,
        stretch.after,
        accepted=batch.accepted,
        repeated=batch.repeated,
        rejected=len(batch.refused),
        unserved=batch.unserved,
    )


@transaction.atomic
def finish(digest: str, lane: int) -> None:
    """Notes that the lane is through the file: importing it again changes nothing."""
    imports.finish(digest, lane)


class _Use(NamedTuple):
    """A record on its way to its line."""

    row: Row
    record: UsageRecord
    key: str
    digest: str


class _Batch:
    """The rows of one transaction."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.offers = OnSale()
        self.accepted = self.repeated = 0
        self.unserved = 0  # bytes
        self.refused: list[RefusedRow] = []

    def take(self, rows: Sequence[Row]) -> None:
        """Debits what can be debited, in the order of time on each line."""
        by_line = self._by_line(rows)
        pages = reading.read(reading.lock(sorted(by_line)))
        keys = ((id_, use.key) for id_, uses in by_line.items() for use in uses)
        answered = receipts.commands(keys)
        for page in pages:
            uses = self._unanswered(page.id, by_line[page.id], answered)
            for use in sorted(uses, key=_end):
                self._debit(page, use)
        writing.write(pages)

    def _by_line(self, rows: Sequence[Row]) -> dict[int, list[_Use]]:
        """The records under the id of the line that each means; the other rows are refused."""
        meant = find_lines({row.said.line for row in rows if isinstance(row.said, UsageRecord)})
        by_line: dict[int, list[_Use]] = {}
        for row in rows:
            record = row.said
            if isinstance(record, Refusal):
                self._refuse(row, record)
            elif len(ids := meant.get(record.line, [])) == 1:
                use = _Use(row, record, f"usage:{record.record_id}", record.digest())
                by_line.setdefault(ids[0], []).append(use)
            else:
                self._refuse(row, _not_one(record.line, ids))
        return by_line

    def _unanswered(
        self, line_id: int, uses: list[_Use], answered: dict[tuple[int, str], str]
    ) -> list[_Use]:
        """The records that were never taken; of several with one id, the first in the file."""
        new = []
        for use in uses:
            before = answered.get((line_id, use.key))
            if before is None:
                answered[line_id, use.key] = use.digest
                new.append(use)
            elif before == use.digest:
                self.repeated += 1
            else:
                said = f"record {use.record.record_id!r} came before and said something else"
                self._refuse(use.row, Refusal("conflict", said))
        return new

    def _debit(self, page: Page, use: _Use) -> None:
        if unusable := UNUSABLE.get(page.line.state):
            self._refuse(use.row, unusable)
            return
        first, unserved = page.entry_count + len(page.entries) + 1, page.line.unserved
        try:
            page.perform(_command(page, use.record), use.record.ends, self.offers)
        except InvariantBroken:
            log.exception("line %s cannot be debited", page.id)
            said = f"the line contradicts itself; see `eka audit --line {page.id}`"
            self._refuse(use.row, Refusal("line_broken", said))
            return
        kept = {"first": first, "last": page.entry_count + len(page.entries), "answer": None}
        page.receipts.append(NewReceipt(use.key, self.now, use.digest, kept))
        self.accepted += 1
        self.unserved += page.line.unserved - unserved

    def _refuse(self, row: Row, refusal: Refusal) -> None:
        self.refused.append(RefusedRow(row.number, row.fields, refusal))


def _end(use: _Use) -> datetime:
    return use.record.ends


def _command(page: Page, record: UsageRecord) -> Use:
    """The debit; a late one, which is debited from what is usable now, tells when it occurred."""
    figures = {"record": record.record_id}
    if record.network:
        figures["network"] = record.network
    if page.line.as_of is not None and record.ends < page.line.as_of:
        figures["occurred"] = format_instant(record.ends)
    return Use(record.up + record.down, figures=figures)


def _not_one(reference: str, ids: Sequence[int]) -> Refusal:
    if not ids:
        return Refusal("unknown_line", f"there is no line with id, IMSI or MSISDN {reference!r}")
    lines = ", ".join(map(str, sorted(ids)))
    return Refusal("ambiguous_line", f"{reference!r} may mean any of the lines {lines}")
