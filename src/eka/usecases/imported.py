"""What an import of named things into the shop did."""

from msgspec import Struct


class Imported(Struct, frozen=True):
    """The names of those that are new, have a new version, or are as they were."""

    new: list[str]
    changed: list[str]
    unchanged: list[str]
