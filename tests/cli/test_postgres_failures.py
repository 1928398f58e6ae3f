"""What PostgreSQL says when it cannot start, as it said it, and what we say of it."""

from pathlib import Path

import pytest

from eka.cli.postgres_failures import explained, version_problem

FOLDER = Path("/srv/eka")

FULL_AT_INITDB = """\
running bootstrap script ... ok
performing post-bootstrap initialization ... 2026-11-22 03:48:37.802 UTC [20252] FATAL:  could not \
write to file "base/4/1255_fsm": No space left on device
child process exited with exit code 1
initdb: removing contents of data directory "/srv/eka/data.new"
"""
FULL_AT_START = """\
2026-11-22 03:48:41.498 UTC [20301] FATAL:  could not write lock file "postmaster.pid": No space \
left on device
"""
NO_SHARED_MEMORY = """\
FATAL:  could not resize shared memory segment "/PostgreSQL.1234" to 1048576 bytes: No space left \
on device
"""
CLOSED = "[Errno 13] Permission denied: '/srv/eka/turn.lock'"


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        (FULL_AT_INITDB, "The disk that holds /srv/eka is full"),
        (FULL_AT_START, "The disk that holds /srv/eka is full"),
        (NO_SHARED_MEMORY, "The machine's shared memory (/dev/shm) is too small"),
        (CLOSED, "Permission denied below /srv/eka"),
        ("FATAL:  something new", "The embedded PostgreSQL in /srv/eka did not start."),
    ],
)
def test_a_failure_is_told_in_a_sentence_and_then_quoted(output: str, meaning: str) -> None:
    sentence, *quoted = explained(output, FOLDER).splitlines()
    assert sentence.startswith(meaning)
    assert quoted[-1].strip() == output.splitlines()[-1].strip()


def test_a_long_log_is_quoted_from_its_end_only() -> None:
    output = "\n".join(f"line {number}" for number in range(100))
    assert explained(output, FOLDER).splitlines()[1:] == [
        f"  line {number}" for number in range(95, 100)
    ]


def test_data_of_the_same_version_is_no_problem() -> None:
    assert version_problem("18", "18", FOLDER) is None
