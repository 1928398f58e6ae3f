"""What commands print for programs: one JSON value a line."""

from typing import Any

import click
import msgspec


def echo_json(value: Any) -> None:
    """Prints a value as one line of JSON."""
    click.echo(msgspec.json.encode(value))


def for_terminal(text: str) -> str:
    """A sentence with ordinary spaces, so that it can be searched for with grep."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
