"""First answers to commands, by key: doing it again gets the same."""

from collections.abc import Iterable
from typing import Any

from eka.ledger.connections import rows
from eka.ledger.literals import array

FIND = "SELECT command, answer FROM receipt WHERE line_id = %s AND key = %s"

FIND_MANY = """
SELECT r.line_id, r.key, r.command FROM receipt r
JOIN unnest(%s::bigint[], %s::text[]) AS asked(line_id, key) USING (line_id, key)
"""


def find(line_id: int, key: str) -> tuple[str, Any] | None:
    """The digest of the command that first used this key, and its answer."""
    for command, answer in rows(FIND, [line_id, key]):
        return command, answer
    return None


def commands(pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """The digests of the commands that first used these (line, key) pairs, where there were any."""
    asked = list(pairs)
    if not asked:
        return {}
    ids, keys = zip(*asked, strict=True)
    found = rows(FIND_MANY, [array("bigint", ids), array("text", keys)])
    return {(line_id, key): command for line_id, key, command in found}
