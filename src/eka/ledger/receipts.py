"""First answers to commands, by key: doing it again gets the same."""

from collections.abc import Iterable
from typing import Any

from eka.ledger.connections import rows

FIND = "SELECT command, answer FROM receipt WHERE line_id = %s AND key = %s"

FIND_MANY = """
SELECT r.line_id, r.key FROM receipt r
JOIN unnest(%s::bigint[], %s::text[]) AS asked(line_id, key) USING (line_id, key)
"""


def find(line_id: int, key: str) -> tuple[str, Any] | None:
    """The digest of the command that first used this key, and its answer."""
    for command, answer in rows(FIND, [line_id, key]):
        return command, answer
    return None


def known(pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of the (line, key) pairs have been answered already."""
    asked = list(pairs)
    if not asked:
        return set()
    ids, keys = zip(*asked, strict=True)
    return {(line_id, key) for line_id, key in rows(FIND_MANY, [list(ids), list(keys)])}
