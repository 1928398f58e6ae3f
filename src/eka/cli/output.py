"""What commands print for programs: one JSON value a line."""

from typing import Any

import click
import msgspec


def echo_json(value: Any) -> None:
    """Prints a value as one line of JSON."""
    click.echo(msgspec.json.encode(value))
