"""Rows of models by SQL that is put together once, for what is done at every checkout.

Django builds the text of a statement anew each time, which takes several times as long as the
database needs for it. Here the text of each shape is kept; values are sent apart from it, and a
statement that comes again and again is prepared (`prepare_threshold`). Conditions are equalities.
"""

from functools import cache
from typing import Any, TypeAlias, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import AutoField, Field, JSONField, Model
from psycopg.types.json import Jsonb

from eka.ledger.connections import rows, run

M = TypeVar("M", bound=Model)
AnyField: TypeAlias = "Field[Any, Any]"  # at runtime it takes no parameters

RETURNING = " RETURNING id"


def find(model: type[M], *, lock: bool = False, **by: Any) -> M | None:
    """The first row with these values; `lock` it for the transaction that is open."""
    sql, names = _select(model, tuple(by), lock)
    found = rows(sql, list(by.values()))
    return model.from_db(DEFAULT_DB_ALIAS, names, found[0]) if found else None


def exists(model: type[Model], **by: Any) -> bool:
    """Whether there is a row with these values."""
    return bool(rows(_exists(model, tuple(by)), list(by.values())))


def insert(row: M) -> M:
    """Adds the row, which gets its id, if its model has one."""
    sql, fields = _insert(type(row), once=False)
    values = [_value(field, row) for field in fields]
    if sql.endswith(RETURNING):
        ((row.pk,),) = rows(sql, values)
    else:
        run(sql, values)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def insert_once(row: Model) -> None:
    """Adds the row, unless one of its unique values is there already."""
    sql, fields = _insert(type(row), once=True)
    run(sql, [_value(field, row) for field in fields])


def change(row: Model, *names: str) -> None:
    """Writes these fields of the row."""
    sql, fields = _update(type(row), names)
    run(sql, [_value(field, row) for field in fields])


@cache
def _select(model: type[Model], by: tuple[str, ...], lock: bool) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sql = f"SELECT {columns} FROM {_table(model)} WHERE {_where(model, by)} LIMIT 1"
    return sql + (" FOR UPDATE" if lock else ""), [field.attname for field in fields]


@cache
def _exists(model: type[Model], by: tuple[str, ...]) -> str:
    return f"SELECT 1 FROM {_table(model)} WHERE {_where(model, by)} LIMIT 1"


@cache
def _insert(model: type[Model], *, once: bool) -> tuple[str, list[AnyField]]:
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, AutoField)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {_table(model)} ({columns}) VALUES ({marks})"
    has_id = len(fields) < len(model._meta.concrete_fields)
    return sql + (" ON CONFLICT DO NOTHING" if once else RETURNING if has_id else ""), fields


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[AnyField]]:
    keys = tuple(field.name for field in model._meta.pk_fields)
    changed = ", ".join(f'"{_field(model, name).column}" = %s' for name in names)
    sql = f"UPDATE {_table(model)} SET {changed} WHERE {_where(model, keys)}"
    return sql, [_field(model, name) for name in (*names, *keys)]


def _table(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


def _where(model: type[Model], by: tuple[str, ...]) -> str:
    return " AND ".join(f'"{_field(model, name).column}" = %s' for name in by)


def _field(model: type[Model], name: str) -> AnyField:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _value(field: AnyField, row: Model) -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value) if isinstance(field, JSONField) else value
