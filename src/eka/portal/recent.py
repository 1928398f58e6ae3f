"""The last movements of a line, the last day's use taken together."""

from collections.abc import Iterable

from msgspec.structs import replace

from eka.rules.instants import local_date
from eka.rules.lines import Entry

PLAIN_USE = ("used", "unserved")


def recent(entries: Iterable[Entry], timezone: str, most: int) -> list[Entry]:
    """The last movements, newest first; of plain use only the last day's, taken together."""
    shown: list[Entry] = []
    last_uses: dict[str, Entry] = {}
    for entry in reversed(list(entries)):
        if entry.code not in PLAIN_USE:
            shown.append(entry)
        elif entry.code not in last_uses:
            last_uses[entry.code] = entry
        elif _same_day(entry, last := last_uses[entry.code], timezone):
            last_uses[entry.code] = replace(last, bytes=last.bytes + entry.bytes)
    # Sorting is stable: what happened at one instant stays as it was told, the last first.
    return sorted([*last_uses.values(), *shown], key=lambda told: told.at, reverse=True)[:most]


def _same_day(one: Entry, other: Entry, timezone: str) -> bool:
    days = local_date(one.at, timezone), local_date(other.at, timezone)
    return days[0] == days[1] and (one.kind, one.reason) == (other.kind, other.reason)
