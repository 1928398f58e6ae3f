"""The last movements of a line, the last day's use taken together."""

from collections.abc import Iterable

from msgspec.structs import replace

from eka.rules.instants import local_date
from eka.rules.lines import Entry


def recent(entries: Iterable[Entry], timezone: str, most: int) -> list[Entry]:
    """The last movements, newest first; of plain use only the last day's, taken together."""
    shown: list[Entry] = []
    last_use: Entry | None = None
    for entry in reversed(list(entries)):
        if entry.code != "used":
            shown.append(entry)
        elif last_use is None:
            last_use = entry
        elif _same_day(entry, last_use, timezone):
            last_use = replace(last_use, bytes=last_use.bytes + entry.bytes)
    first = [last_use] if last_use else []
    return sorted([*first, *shown], key=lambda entry: entry.at, reverse=True)[:most]


def _same_day(one: Entry, other: Entry, timezone: str) -> bool:
    days = local_date(one.at, timezone), local_date(other.at, timezone)
    return days[0] == days[1] and (one.kind, one.reason) == (other.kind, other.reason)
