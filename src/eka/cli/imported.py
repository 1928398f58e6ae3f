"""Importing files into the shop, the same for all kinds: read every one, then take them in turn."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from eka import clock
from eka.cli.output import echo_json
from eka.cli.problems import CallWrong
from eka.cli.texts import read_text
from eka.rules.documents import BadInput
from eka.usecases.imported import Imported

T = TypeVar("T")


def import_files(
    paths: Sequence[Path],
    read: Callable[[str], T],
    take: Callable[[T, datetime], Imported],
    *,
    as_json: bool,
) -> None:
    """Reads all the files before it takes any, so that a bad one changes nothing; tells of each.

    Errors: CallWrong with file, line and field.
    """
    for path, content in [(path, _read(path, read)) for path in paths]:
        try:
            done = take(content, clock.now())
        except BadInput as error:
            raise CallWrong(f"{path}: {error}") from error
        if as_json:
            echo_json({"file": str(path), **{f: getattr(done, f) for f in done.__struct_fields__}})
        else:
            click.echo(
                f"{path}: {len(done.new)} new, {len(done.changed)} changed,"
                f" {len(done.unchanged)} as they were"
            )


def _read(path: Path, read: Callable[[str], T]) -> T:
    try:
        return read(read_text(path))
    except BadInput as error:
        raise CallWrong(f"{path}: {error}") from error
