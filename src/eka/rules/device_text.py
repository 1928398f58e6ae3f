"""Tables of devices as CSV: read with line and field, written so that they read back the same.

The header names the columns, in any order. A row may name several regions of sale ("HK MO"); none
is everywhere else. Aliases are separated by semicolons.
"""

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from eka.rules.devices import CERTAINTIES, ESIM, KINDS, Listing
from eka.rules.documents import BadInput

T = TypeVar("T")

REQUIRED = ("brand", "model", "region", "esim", "source", "checked_on")
OPTIONAL = ("kind", "certainty", "aliases", "note_en", "note_zh")
COLUMNS = (*REQUIRED, *OPTIONAL)
LANGUAGES = {"note_en": "en", "note_zh": "zh-Hans"}
LENGTH_MAX = 500  # a name or a note longer than this is a column that slipped
ROWS_MAX = 20_000

_REGION = re.compile(r"[A-Z]{2}")


def read_devices(text: str) -> tuple[Listing, ...]:
    """The rows of a CSV text, one a region. Raises BadInput with the line and the field."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        rows = [(reader.line_num, [field.strip() for field in fields]) for fields in reader]
    except csv.Error as error:
        raise BadInput(f"this is not CSV: {error}", reader.line_num) from None
    if len(rows) > ROWS_MAX:
        raise BadInput(f"more than {ROWS_MAX} lines; split the file")
    names = rows[0][1] if rows else []
    _check_header(names)
    return _read(names, [(line, fields) for line, fields in rows[1:] if any(fields)])


def devices_to_text(listings: Iterable[Listing]) -> str:
    """The rows as CSV that reads back to the same."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in listings:
        fields = {
            **{name: getattr(one, name) for name in REQUIRED[:-1]},
            "checked_on": one.checked_on.isoformat(),
            "kind": one.kind,
            "certainty": one.certainty,
            "aliases": "; ".join(one.aliases),
            **{column: one.note.get(language, "") for column, language in LANGUAGES.items()},
        }
        writer.writerow([fields[column] for column in COLUMNS])
    return file.getvalue()


def _read(names: list[str], rows: list[tuple[int, list[str]]]) -> tuple[Listing, ...]:
    lines: dict[tuple[str, str, str], int] = {}
    found = []
    for line, fields in rows:
        for listing in _row(names, fields, line):
            first = lines.setdefault(listing.identity, line)
            if first != line:
                said = f"{listing.name} stands in line {first} already, for the same region"
                raise BadInput(said, line, "model")
            found.append(listing)
    return tuple(found)


def _check_header(names: list[str]) -> None:
    if not any(names):
        raise BadInput(f"the file is empty; the first line names the columns: {', '.join(COLUMNS)}")
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name.lower(), COLUMNS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(COLUMNS)}"
            raise BadInput(f"unknown column `{name}`; {hint}", 1)
        if names.count(name) > 1:
            raise BadInput(f"column `{name}` stands there twice", 1)
    for name in REQUIRED:
        if name not in names:
            raise BadInput(f"column `{name}` is missing", 1)


def _row(names: list[str], fields: list[str], line: int) -> Iterator[Listing]:
    if len(fields) != len(names):
        said = f"the row has {len(fields)} fields; the header names {len(names)}"
        raise BadInput(said, line)
    row = dict.fromkeys(COLUMNS, "") | dict(zip(names, fields, strict=True))
    for name, field in row.items():
        if len(field) > LENGTH_MAX:
            raise BadInput(f"more than {LENGTH_MAX} characters", line, name)

    def read(name: str, reader: Callable[[str], T]) -> T:
        try:
            return reader(row[name])
        except ValueError as error:
            raise BadInput(str(error), line, name) from None

    for region in read("region", _regions):
        yield Listing(
            brand=read("brand", _needed),
            model=read("model", _needed),
            region=region,
            esim=read("esim", _one_of(ESIM)),
            source=read("source", _needed),
            checked_on=read("checked_on", _day),
            kind=read("kind", _one_of(KINDS, "phone")),
            certainty=read("certainty", _one_of(CERTAINTIES, "listed")),
            aliases=tuple(alias for part in row["aliases"].split(";") if (alias := part.strip())),
            note=_note(row),
        )


def _note(row: Mapping[str, str]) -> dict[str, str]:
    return {language: row[column] for column, language in LANGUAGES.items() if row[column]}


def _needed(field: str) -> str:
    if not field:
        raise ValueError("it is empty")
    return field


def _regions(field: str) -> tuple[str, ...]:
    regions = tuple(dict.fromkeys(field.split())) or ("",)
    for region in regions:
        if region and not _REGION.fullmatch(region):
            raise ValueError(
                f"{region!r} is not a country code; write it like CN, several like HK MO,"
                " or leave it empty for everywhere else"
            )
    return regions


def _one_of(choices: tuple[T, ...], otherwise: T | None = None) -> Callable[[str], T]:
    def choose(field: str) -> T:
        if not field and otherwise is not None:
            return otherwise
        for choice in choices:
            if choice == field:
                return choice
        raise ValueError(f"{field!r} is not one of: {', '.join(map(str, choices))}")

    return choose


def _day(field: str) -> date:
    try:
        return date.fromisoformat(field)
    except ValueError:
        raise ValueError(f"{field!r} is not a day; write it like 2026-01-31") from None
