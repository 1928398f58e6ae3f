"""Usage files: the columns of their header, and each row as a record or as the reason against it.

A record says that a line used `up` + `down` bytes between two instants. Its `record_id` is the
network's own and unique for the line, so that the same record in two files is debited once.
"""

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Literal, NamedTuple
from zlib import crc32

from msgspec import Struct

from eka.rules.documents import BadInput

REQUIRED = ("line", "start", "end", "bytes_up", "bytes_down", "record_id")
OPTIONAL = ("network",)
# A report of refused rows carries these two; once mended, it can be imported as it is.
OF_REPORT = ("row", "reason")
RIGHT = f"the first line names the columns: {','.join(REQUIRED)} and, if you like, network"

BYTES_MAX = 10**15  # a petabyte in one record is a counter gone wrong, not a use
ID_LENGTH_MAX = 128
SKEW_MAX = timedelta(minutes=5)  # how far a network's clock may be ahead of ours

# Why a row was refused, for programs; the words beside it are for people.
RefusedFor = Literal[
    "fields",
    "line_missing",
    "record_id",
    "start",
    "end",
    "bytes",
    "network",
    "end_before_start",
    "in_future",
    "unknown_line",
    "ambiguous_line",
    "not_activated",
    "closed",
    "conflict",
    "line_broken",
]


class UsageRecord(Struct, frozen=True):
    """One row of a usage file: instants in UTC, amounts in bytes; `line` is an id or a number."""

    line: str
    record_id: str
    starts: datetime
    ends: datetime
    up: int
    down: int
    network: str = ""

    def digest(self) -> str:
        """What the record says, in a few characters: another digest, another record."""
        span = f"{self.starts.timestamp()}|{self.ends.timestamp()}"
        said = f"{span}|{self.up}|{self.down}|{self.network}"
        return blake2b(said.encode(), digest_size=12).hexdigest()


class Refusal(Struct, frozen=True):
    """Why a row was not taken."""

    code: RefusedFor
    reason: str


class Row(NamedTuple):
    """A data row: its place among them (from 0), its line in the file, its fields, its record."""

    place: int
    number: int
    fields: list[str]
    said: UsageRecord | Refusal


class Stretch(NamedTuple):
    """The data rows from `first` to before `after` of a file, and those of them in one lane."""

    first: int
    after: int
    rows: list[Row]


class _Refused(Exception):
    """A row that is no record; holds its Refusal."""

    def __init__(self, code: RefusedFor, reason: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(code, reason)


class Layout:
    """Where each column of one file stands."""

    def __init__(self, names: Sequence[str], header_line: int = 1) -> None:
        """Reads the header. Raises BadInput, with its line and what would be right."""
        self.names = [name.strip() for name in names]
        if wrong := _wrong_header(self.names):
            raise BadInput(wrong, header_line)
        self.width = len(self.names)
        self._places = [self.names.index(name) for name in REQUIRED]
        self._network = self.names.index("network") if "network" in self.names else None

    def lane(self, fields: Sequence[str], lanes: int) -> int:
        """Which of `lanes` takes the row: the same one for all rows that name a line alike."""
        if lanes == 1 or len(fields) != self.width:
            return 0
        return crc32(fields[self._places[0]].strip().encode()) % lanes

    def read(self, fields: Sequence[str], latest: datetime) -> UsageRecord | Refusal:
        """The row's record, or why there is none. `latest` is when a record may end at most."""
        try:
            return self._read(fields, latest)
        except _Refused as refused:
            return refused.refusal

    def _read(self, fields: Sequence[str], latest: datetime) -> UsageRecord:
        if len(fields) != self.width:
            said = f"the row has {len(fields)} fields; the header names {self.width}"
            raise _Refused("fields", said)
        line, start, end, up, down, record_id = (fields[place].strip() for place in self._places)
        if not line:
            raise _Refused("line_missing", "line is empty; write its id, IMSI or MSISDN")
        if not record_id or len(record_id) > ID_LENGTH_MAX:
            said = f"record_id has {len(record_id)} characters; it needs 1 to {ID_LENGTH_MAX}"
            raise _Refused("record_id", said)
        starts, ends = _instant("start", start), _instant("end", end)
        _check_order(starts, ends, latest)
        network = "" if self._network is None else _network(fields[self._network].strip())
        return UsageRecord(
            line,
            record_id,
            starts,
            ends,
            _whole("bytes_up", up),
            _whole("bytes_down", down),
            network,
        )


def _wrong_header(names: list[str]) -> str:
    """What is wrong with the header, and what would be right; empty where nothing is."""
    known = (*REQUIRED, *OPTIONAL, *OF_REPORT)
    if not names:
        return f"the file is empty; {RIGHT}"
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        return f"columns are separated by commas in a usage file; {RIGHT}"
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name.lower(), known, 1)
            return f"unknown column `{name}`; " + (f"did you mean `{near[0]}`?" if near else RIGHT)
        if names.count(name) > 1:
            return f"column `{name}` stands there twice"
    missing = next((name for name in REQUIRED if name not in names), None)
    return f"column `{missing}` is missing; {RIGHT}" if missing else ""


def _instant(column: Literal["start", "end"], text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is UTC:
            return instant
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    right = "an instant with its offset, such as 2026-01-31T08:00:00+08:00 or 2026-01-31T00:00:00Z"
    raise _Refused(column, f"{column} {text!r} is not {right}")


def _check_order(starts: datetime, ends: datetime, latest: datetime) -> None:
    if ends < starts:
        raise _Refused("end_before_start", "it ends before it starts")
    if ends > latest:
        minutes = int(SKEW_MAX.total_seconds() // 60)
        said = f"it ends in the future, by more than {minutes} minutes"
        raise _Refused("in_future", said)


def _whole(column: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _Refused("bytes", f"{column} {text!r} is not a whole number of bytes, 0 or more")
    if len(text.lstrip("0")) > 16 or (amount := int(text)) > BYTES_MAX:
        raise _Refused("bytes", f"{column} {text!r} is more than one record can hold (1 PB)")
    return amount


def _network(text: str) -> str:
    if text and not (text.isascii() and text.isdigit() and len(text) in (5, 6)):
        said = f"network {text!r} is not an MCC and MNC, 5 or 6 digits such as 310410"
        raise _Refused("network", said)
    return text
