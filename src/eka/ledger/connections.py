"""The psycopg connection under Django's: for COPY, arrays and rows that need no model.

Django binds parameters into the text of a statement; these cursors send them apart from it, in
binary where psycopg can.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

from eka.ledger.literals import copy_lines

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


def copy_in(table: str, columns: Sequence[tuple[str, str]], rows: Rows) -> None:
    """Adds rows by COPY; `columns` are names and types, in the order of the rows' values."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name, _ in columns)
    lines = copy_lines([sql_type for _, sql_type in columns], rows)
    with cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
        copy.write(lines)
