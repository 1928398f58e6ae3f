"""The psycopg connection under Django's: for COPY, arrays and rows that need no model.

Django binds parameters into the text of a statement; these cursors send them apart from it, in
binary where psycopg can.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection

Rows = list[tuple[Any, ...]]
Parameters = list[Any] | dict[str, Any]


def cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A cursor in Django's open transaction."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def rows(sql: str, parameters: Parameters) -> Rows:
    """All rows of a query."""
    return cursor().execute(sql.encode(), parameters, binary=True).fetchall()


def run(sql: str, parameters: Parameters) -> None:
    """Runs a statement that returns nothing."""
    cursor().execute(sql.encode(), parameters)


def array(sql_type: str, values: Iterable[Any]) -> str:
    """A PostgreSQL array literal of one of the types below.

    psycopg writes arrays element by element through its general machinery; in batches of thousands
    of rows that took a third of the time.
    """
    quote, write = _ARRAY_ELEMENT[sql_type]
    if quote:
        elements = ["NULL" if value is None else f'"{write(value)}"' for value in values]
    else:
        elements = ["NULL" if value is None else write(value) for value in values]
    return "{" + ",".join(elements) + "}"


def copy_in(table: str, columns: Sequence[tuple[str, str]], rows: Rows) -> None:
    """Adds rows by COPY; `columns` are names and types, in the order of the rows' values."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name, _ in columns)
    texts = [
        ["\\N" if value is None else write(value) for value in values]
        for write, values in zip(
            [_COPY_FIELD[sql_type] for _, sql_type in columns], zip(*rows, strict=True), strict=True
        )
    ]
    lines = "\n".join(map("\t".join, zip(*texts, strict=True)))
    with cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
        copy.write(lines + "\n")


def _flag(value: Any) -> str:
    return "t" if value else "f"


# The instants of a line repeat across its rows, and in a bulk renewal across lines.
@lru_cache(maxsize=4096)
def _instant(at: Any) -> str:
    text: str = at.isoformat()
    return text


def _in_array(text: Any) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"')


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
_ARRAY_ELEMENT: dict[str, tuple[bool, Callable[[Any], str]]] = {
    **{sql_type: (False, write) for sql_type, write in _PLAIN.items()},
    "text": (True, _in_array),
    "jsonb": (True, _in_array),
}
_COPY_FIELD = {**_PLAIN, "text": _in_copy, "jsonb": _in_copy}
