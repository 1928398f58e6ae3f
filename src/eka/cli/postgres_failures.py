"""What PostgreSQL's failures to start mean, and what to do about each, in plain sentences."""

from collections.abc import Sequence
from pathlib import Path

LINES_QUOTED = 5

# The first phrase found wins, so the special cases stand before the general ones.
_MEANINGS: Sequence[tuple[str, str]] = (
    (
        "could not resize shared memory segment",
        "The machine's shared memory (/dev/shm) is too small for PostgreSQL: enlarge it"
        " (with Docker: --shm-size=256m).",
    ),
    (
        "No space left on device",
        "The disk that holds {folder} is full: make room, then start again. Nothing was lost.",
    ),
    (
        "Disk quota exceeded",
        "The disk quota for {folder} is used up: make room, then start again. Nothing was lost.",
    ),
    (
        "Read-only file system",
        "The disk that holds {folder} is mounted read-only: set EKA_STATE to a folder that can be"
        " written.",
    ),
    (
        "Permission denied",
        "Permission denied below {folder}: it was made by another user. Start Eka as that user,"
        " or set EKA_STATE to a folder of your own.",
    ),
    (
        "Operation not permitted",
        "This user may not do what is needed below {folder}: it was made by another user. Start"
        " Eka as that user, or set EKA_STATE to a folder of your own.",
    ),
    (
        "pre-existing shared memory block",
        "Another PostgreSQL still has the data in {folder} open: stop it, then start again.",
    ),
)


def explained(output: str, folder: Path) -> str:
    """One plain sentence for `output`, then the end of it as it was said.

    `folder` is the one that the failure concerns. Output of no known meaning is only quoted.
    """
    meaning = next(
        (sentence.format(folder=folder) for phrase, sentence in _MEANINGS if phrase in output),
        f"The embedded PostgreSQL in {folder} did not start.",
    )
    said = [line for line in output.splitlines() if line.strip()][-LINES_QUOTED:]
    return "\n".join([meaning, *(f"  {line}" for line in said)])


def version_problem(found: str, ours: str, data: Path) -> str | None:
    """Why data made by PostgreSQL's major version `found` is not for `ours`; None if it is."""
    if found == ours:
        return None
    advice = (
        "Install the Eka that made it."
        if int(found) > int(ours)
        else "Dump it with the Eka that made it (pg_dump), then load it into a new state folder."
    )
    return f"The data in {data} is PostgreSQL {found}'s, and this Eka brings {ours}. {advice}"
