"""The last movements of a line, a day's use of one kind taken together."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from eka.rules.instants import local_date
from eka.rules.lines import Entry


def recent(entries: Iterable[Entry], timezone: str, most: int) -> list[Entry]:
    """The last movements, newest first; uses of one day, kind and reason become one entry."""
    merged: dict[Any, Entry] = {}
    for number, entry in enumerate(entries):
        key = _key(entry, timezone) if entry.code == "used" else number
        before = merged.pop(key, None)
        merged[key] = replace(entry, bytes=entry.bytes + before.bytes) if before else entry
    return list(merged.values())[: -most - 1 : -1]


def _key(entry: Entry, timezone: str) -> Any:
    return local_date(entry.at, timezone), entry.kind, entry.reason
