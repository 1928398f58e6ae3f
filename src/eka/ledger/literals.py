"""Columns of values as PostgreSQL's array literals, and rows as COPY's text.

Both drivers write arrays element by element through their general machinery; in batches of
hundreds of rows that took a third of the time of a write.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any


def array(sql_type: str, values: Sequence[Any]) -> str:
    """A PostgreSQL array literal of one of the types below."""
    write = _ELEMENTS[sql_type]
    if None in values:
        return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"
    return "{" + ",".join(map(write, values)) + "}"


def copy_lines(types: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as `COPY ... FROM STDIN` reads them."""
    texts = [
        ["\\N" if value is None else write(value) for value in values]
        for write, values in zip(
            [_FIELDS[sql_type] for sql_type in types], zip(*rows, strict=True), strict=True
        )
    ]
    return "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"


def _flag(value: Any) -> str:
    return "t" if value else "f"


# The instants of a line repeat across its rows, and in a batch across lines.
@lru_cache(maxsize=4096)
def _instant(at: Any) -> str:
    text: str = at.isoformat()
    return text


# Codes and reasons repeat; the names of sessions repeat from one row of a batch to the next.
@lru_cache(maxsize=4096)
def _in_array(text: Any) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_IN_COPY = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _in_copy(value: Any) -> str:
    text = str(value)
    # Hardly any text needs it, and looking first takes a fifth of the time.
    plain = not ("\\" in text or "\n" in text or "\t" in text or "\r" in text)
    return text if plain else text.translate(_IN_COPY)


_PLAIN: dict[str, Callable[[Any], str]] = {
    "bigint": str,
    "integer": str,
    "boolean": _flag,
    "timestamptz": _instant,
}
_ELEMENTS: dict[str, Callable[[Any], str]] = {**_PLAIN, "text": _in_array, "jsonb": _in_array}
_FIELDS: dict[str, Callable[[Any], str]] = {**_PLAIN, "text": _in_copy, "jsonb": _in_copy}
