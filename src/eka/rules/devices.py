"""Which devices take an eSIM: by model, region of sale, carrier lock, and whether there is an EID.

There is no public list to lean on (spec/esim.md, Devices): a table of `Listing`s is curated and
dated, and the shop's own rows go before it. What the device itself shows (`*#06#`, SGP.22 4.3.1)
goes before any table.
"""

import difflib
from collections.abc import Iterable
from datetime import date
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from eka.rules.device_names import keys, loose, region_in, strict

Esim = Literal["yes", "no", "some"]
Kind = Literal["phone", "tablet", "watch", "laptop"]
# How far a row is to be trusted: the source is the maker's and says it; it is somebody else's list;
# or it is general knowledge, and the source is only where one would look.
Certainty = Literal["stated", "listed", "believed"]

ESIM: tuple[Esim, ...] = get_args(Esim)
KINDS: tuple[Kind, ...] = get_args(Kind)
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)

ELSEWHERE = "ZZ"  # a region of sale of which the table says nothing by name (ISO 3166-1, user's)
FAMILIES = ("iPhone", "iPad")  # names that nobody says with their maker's
SUGGESTIONS_MAX = 5
NEAR = 0.72  # below it a near miss is another device

Answer = Literal["yes", "no", "depends", "unknown"]
Why = Literal[
    "listed",  # the table says it of this model and region
    "some",  # of this model and region only some have it
    "region",  # the table says different things of different regions
    "unplaced",  # the table knows the model, but not where it was sold
    "unlisted",  # the table does not know the model
    "ambiguous",  # the name fits several models
    "eid",  # the device shows an EID
    "eid_unlisted",  # it shows an EID though the table says that it has no eSIM
    "no_eid",  # it shows none
    "locked",  # it takes an eSIM, but only of the carrier that sold it
]


class Listing(Struct, frozen=True, kw_only=True):
    """What one source says of a model sold in one region; region "" is everywhere else."""

    brand: str
    model: str
    esim: Esim
    source: str
    checked_on: date
    region: str = ""
    kind: Kind = "phone"
    certainty: Certainty = "believed"
    aliases: tuple[str, ...] = ()
    note: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The device as people call it, with its maker."""
        says_it = self.model.startswith((self.brand, *FAMILIES))
        return self.model if says_it else f"{self.brand} {self.model}"

    @property
    def identity(self) -> tuple[str, str, str]:
        """Two rows with the same one speak of the same thing, however they are spelled."""
        return strict(self.brand), strict(self.model), self.region


class Query(Struct, frozen=True, kw_only=True):
    """A question: a name as people write it; None where the asker does not know.

    `region` is ISO 3166-1 alpha-2, ELSEWHERE, or "" where it is not known.
    """

    text: str
    region: str = ""
    locked: bool | None = None
    eid: bool | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The answer, why, and the rows that it rests on (with source and date)."""

    answer: Answer
    why: Why
    name: str = ""
    region: str = ""
    locked: bool | None = None
    listings: tuple[Listing, ...] = ()
    suggestions: tuple[str, ...] = ()


Table = dict[str, tuple[Listing, ...]]


def table_of(listings: Iterable[Listing]) -> Table:
    """The rows by the device's name, in the order of the list."""
    table: dict[str, list[Listing]] = {}
    names: dict[tuple[str, str], str] = {}
    for listing in listings:
        name = names.setdefault(listing.identity[:2], listing.name)
        table.setdefault(name, []).append(listing)
    return {name: tuple(rows) for name, rows in table.items()}


def merged(shipped: Iterable[Listing], own: Iterable[Listing]) -> tuple[Listing, ...]:
    """The shop's own rows put over those that Eka ships: same model and region, its own holds."""
    rows = {listing.identity: listing for listing in shipped}
    rows |= {listing.identity: listing for listing in own}
    return tuple(rows.values())


def check(table: Table, query: Query) -> Verdict:
    """Whether the device takes an eSIM of another carrier than the one that sold it."""
    asked = replace(query, region=query.region or region_in(query.text))
    listed = _by_table(table, asked)
    return _with_lock(_with_eid(listed, asked.eid), asked.locked)


def find(table: Table, text: str) -> tuple[str, ...]:
    """The names that `text` may mean: exactly as written first, then without what rarely matters.

    One is a find, several are a choice to be made, none is a device that the table does not know.
    """
    for fold in (strict, loose):
        wanted = fold(text)
        found = tuple(
            name for name, rows in table.items() if wanted and wanted in _keys(rows, fold is loose)
        )
        if found:
            return found
    return ()


def suggest(table: Table, text: str) -> tuple[str, ...]:
    """Names near to `text`: those that begin with it, the newest first, then those alike."""
    wanted = strict(text)
    if not wanted:
        return ()
    newest_first = reversed(table.items())
    spelled = {key: name for name, rows in newest_first for key in _keys(rows, True)}
    begun = [name for key, name in spelled.items() if key.startswith(wanted)]
    alike = difflib.get_close_matches(wanted, spelled, 2 * SUGGESTIONS_MAX, NEAR)
    nearest = [*begun, *(spelled[key] for key in alike)]
    return tuple(dict.fromkeys(nearest))[:SUGGESTIONS_MAX]


def regions_in(table: Table) -> tuple[str, ...]:
    """The regions of sale of which the table says anything by name."""
    return tuple(sorted({row.region for rows in table.values() for row in rows} - {""}))


def _keys(rows: tuple[Listing, ...], short: bool) -> frozenset[str]:
    first = rows[0]
    aliases = tuple(alias for row in rows for alias in row.aliases)
    return keys(first.brand, first.model, aliases, short=short)


def _by_table(table: Table, query: Query) -> Verdict:
    found = find(table, query.text)
    region, locked = query.region, query.locked
    if len(found) != 1:
        return Verdict(
            answer="unknown",
            why="ambiguous" if found else "unlisted",
            region=region,
            locked=locked,
            suggestions=found[-SUGGESTIONS_MAX:] or suggest(table, query.text),
        )
    rows = _rows_for(table[found[0]], region)
    answer, why = _reading(rows, region)
    return Verdict(
        answer=answer, why=why, name=found[0], region=region, locked=locked, listings=rows
    )


def _rows_for(rows: tuple[Listing, ...], region: str) -> tuple[Listing, ...]:
    """Those that speak of the region; all where it is not known."""
    if not region:
        return rows
    named = tuple(row for row in rows if row.region == region)
    return named or tuple(row for row in rows if not row.region)


def _reading(rows: tuple[Listing, ...], region: str) -> tuple[Answer, Why]:
    said = {row.esim for row in rows}
    if not said:
        return "unknown", "unplaced"
    if len(said) > 1:
        return "depends", "region"
    if said == {"some"}:
        return "depends", "some"
    return ("yes" if "yes" in said else "no"), "listed"


def _with_eid(verdict: Verdict, eid: bool | None) -> Verdict:
    if eid is None:
        return verdict
    if not eid:
        return replace(verdict, answer="no", why="no_eid")
    if verdict.answer == "no":
        return replace(verdict, answer="depends", why="eid_unlisted")
    return replace(verdict, answer="yes", why="eid")


def _with_lock(verdict: Verdict, locked: bool | None) -> Verdict:
    if locked and verdict.answer == "yes":
        return replace(verdict, answer="no", why="locked")
    return verdict
