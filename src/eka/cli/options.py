"""Options that many commands share: --database and --json."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict

from eka.cli.embedded import EmbeddedPostgres
from eka.cli.problems import CallWrong

R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


def database_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add --database, and run `command` with Django set up on that database."""

    @database_url_option
    @click.pass_context
    @functools.wraps(command)
    def with_database(
        context: click.Context, /, *args: Any, database_url: str | None, **kwargs: Any
    ) -> R:
        context.with_resource(opened_database(database_url))
        return command(*args, **kwargs)

    return with_database


database_url_option = click.option(
    "--database",
    "database_url",
    metavar="URL",
    help="PostgreSQL address; default DATABASE_URL, else the embedded database.",
)


@contextmanager
def database_address(chosen: str | None) -> Iterator[str]:
    """The address to use, also put into DATABASE_URL; the embedded database runs as long.

    Errors: CallWrong if libpq cannot read the address, or the embedded database does not start.
    """
    if given := given_address(chosen):
        os.environ["DATABASE_URL"] = given
        yield given
        return
    with EmbeddedPostgres() as database:
        os.environ["DATABASE_URL"] = database.url
        try:
            yield database.url
        finally:
            del os.environ["DATABASE_URL"]


@contextmanager
def opened_database(chosen: str | None) -> Iterator[None]:
    """Django, set up on the database chosen; its connections are closed at the end.

    Where Django is set up already (a test that calls a command) it is used as it is.
    """
    import django
    from django.apps import apps
    from django.db import connections

    if apps.ready:
        if chosen:
            raise CallWrong("--database comes too late: Django is set up already.")
        yield
        return
    with database_address(chosen):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")
        django.setup()
        try:
            yield
        finally:
            connections.close_all()


def given_address(chosen: str | None) -> str | None:
    """The address from --database or DATABASE_URL; None if there is neither.

    Errors: CallWrong if libpq cannot read it.
    """
    given = chosen or os.environ.get("DATABASE_URL")
    if not given:
        return None
    try:
        conninfo_to_dict(given)
    except psycopg.ProgrammingError:
        # libpq's own words would repeat the address, and it may hold a password.
        raise CallWrong(
            "The database's address (--database or DATABASE_URL) cannot be read;"
            " one looks like postgresql://user@host/name."
        ) from None
    return given
