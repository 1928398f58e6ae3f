"""Which exceptions a command is expected to end in, and the sentence and exit code of each."""

from typing import NamedTuple

import psycopg

from eka.cli.problems import AnswerIsNo, CallWrong


class Failure(NamedTuple):
    """What a person reads (may be empty) and what the shell gets."""

    sentence: str
    exit_code: int


def sentence_for(error: Exception) -> Failure | None:
    """The failure that `error` stands for; None for one that nobody expected (a defect)."""
    if isinstance(error, AnswerIsNo):
        return Failure(str(error), 1)
    if isinstance(error, CallWrong):
        return Failure(str(error), 2)
    database_error = _database_error(error)
    return None if database_error is None else _database_failure(database_error)


def _database_error(error: BaseException) -> psycopg.Error | None:
    # Django wraps psycopg's exceptions in its own and keeps them as the cause.
    for candidate in (error, error.__cause__):
        if isinstance(candidate, psycopg.Error):
            return candidate
    return None


def _database_failure(error: psycopg.Error) -> Failure | None:
    said = " ".join(str(error).split())
    match error:
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            return Failure(
                f"The database's tables are not those of this version ({said}):"
                " run `eka migrate`, or `eka doctor` to see more.",
                2,
            )
        case psycopg.errors.DiskFull():
            return Failure(f"The database's disk is full: make room, then try again. {said}", 2)
        case psycopg.OperationalError():
            return Failure(f"The database cannot be reached or stopped answering: {said}", 2)
    return None
