"""Calls of the command line within the test's own transaction."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from eka.cli.failures import sentence_for
from eka.cli.usage import usage


class Answer(NamedTuple):
    """What a call answered: its exit code, the JSON it printed, what it complained of."""

    exit_code: int
    said: dict[str, Any]
    complaint: str


def call(*arguments: str | Path) -> Answer:
    """`eka usage import ... --json`"""
    words = ["import", *map(str, arguments), "--json"]
    result = CliRunner().invoke(usage, words)
    said = json.loads(result.stdout) if result.stdout.startswith("{") else {}
    error = result.exception
    if error is None or isinstance(error, SystemExit):
        return Answer(result.exit_code, said, result.stderr)
    assert isinstance(error, Exception)
    failure = sentence_for(error)
    if failure is None:
        raise error
    return Answer(failure.exit_code, said, failure.sentence)


@pytest.fixture
def import_usage() -> Callable[..., Answer]:
    """Imports a usage file: import_usage(path, "--report", report)."""
    return call
