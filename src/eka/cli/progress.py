"""Progress of long work, on stderr: a bar for people, one line each tenth for logs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


@contextmanager
def progress(title: str, total: int, done: int = 0) -> Iterator[Advance]:
    """A function to be told how much is done in all, in the units of `total`."""
    if sys.stderr.isatty():
        with _bar(title, total, done) as advance:
            yield advance
    else:
        yield _lines(title, total, done)


@contextmanager
def _bar(title: str, total: int, done: int) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, completed=done)
        yield lambda now: bar.update(task, completed=now)


def _lines(title: str, total: int, done: int) -> Advance:
    told = done * 10 // total if total else 0

    def advance(now: int) -> None:
        nonlocal told
        tenth = now * 10 // total if total else 10
        if tenth > told:
            told = tenth
            click.echo(f"{title}: {now:,} of {total:,}", err=True)

    return advance
