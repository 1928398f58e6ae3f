"""The psycopg connection under Django's: for COPY, arrays and rows that need no model.

Django binds parameters into the text of a statement; these cursors send them apart from it, in
binary where psycopg can.
"""

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
