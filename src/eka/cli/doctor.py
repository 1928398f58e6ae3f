"""`eka doctor`: what is wrong with this installation, and how to mend it."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import click
import psycopg
from psycopg.rows import dict_row

from eka import clock
from eka.cli import places
from eka.cli.failures import sentence_for
from eka.cli.options import database_url_option, given_address, json_option, opened_database
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.web.state import make_state_folder, state_folder

PYTHON_MIN = (3, 11)
DISK_FREE_BYTES_MIN = 1_000_000_000
POSTGRES_MAJOR_MIN = 16
CLOCK_SKEW_MAX = timedelta(seconds=5)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `mend` is empty when all is well; a note is not needed by a shop."""

    name: str
    ok: bool
    says: str
    mend: str = ""
    only_a_note: bool = False


@click.command()
@json_option
@database_url_option
def doctor(as_json: bool, database_url: str | None) -> None:
    """Check this installation and say, for each thing that is wrong, how to mend it.

    Exit code 1 if anything is wrong.
    """
    findings = list(examine(database_url))
    healthy = all(finding.ok or finding.only_a_note for finding in findings)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": healthy, "findings": rows}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_shown(finding) for finding in findings))
    if not healthy:
        raise AnswerIsNo("" if as_json else "Something is wrong: see the arrows above.")


def _shown(finding: Finding) -> str:
    mark = "ok   " if finding.ok else ("note " if finding.only_a_note else "WRONG")
    lines = [f"{mark}  {finding.name}: {finding.says}"]
    if finding.mend:
        lines.append(f"       -> {finding.mend}")
    return "\n".join(lines)


def examine(database_url: str | None) -> Iterator[Finding]:
    """Look at everything, the machine first and then the database."""
    yield python_version()
    yield packages()
    state = state_folder()
    yield state_folder_writable(state)
    yield disk_space(state)
    if not _address_is_given(database_url):
        yield binaries()
        yield socket_path(state)
    yield from database(database_url)
    yield browser()


def _address_is_given(database_url: str | None) -> bool:
    return bool(database_url or os.environ.get("DATABASE_URL"))


def python_version() -> Finding:
    """Python, 3.11 or newer."""
    return Finding(
        "Python",
        sys.version_info >= PYTHON_MIN,
        sys.version.split()[0],
        "" if sys.version_info >= PYTHON_MIN else "Install Python 3.11 or newer, then `make`.",
    )


def packages() -> Finding:
    """Every package that Eka needs to run is installed."""
    names = [
        re.split(r"[^\w.-]", line, maxsplit=1)[0]
        for line in requires("eka") or []
        if "extra ==" not in line
    ]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return Finding("Packages", False, f"missing: {', '.join(missing)}", "Run `make`.")
    return Finding("Packages", True, f"all {len(names)} are installed")


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def state_folder_writable(state: Path) -> Finding:
    """The state folder can be written."""
    try:
        make_state_folder(state)
        probe = state / "doctor.probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(
            "State folder",
            False,
            f"{state}: {error.strerror}",
            "Start Eka as its owner, or set EKA_STATE to a folder of your own.",
        )
    home = places.recorded_home(state)
    says = str(state) if home == state else f"{state}; the database's data lies in {home}"
    return Finding("State folder", True, says)


def disk_space(state: Path) -> Finding:
    """There is room for the database to grow."""
    folder = next(place for place in (state, *state.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.1f} GB free at {folder}"
    if free < DISK_FREE_BYTES_MIN:
        return Finding("Disk", False, says, "Make room: a full disk stops every sale.")
    return Finding("Disk", True, says)


def binaries() -> Finding:
    """The embedded PostgreSQL has binaries for this platform."""
    try:
        found = places.wheel_binaries()
    except CallWrong as error:
        return Finding("Embedded PostgreSQL", False, str(error), "Set DATABASE_URL.")
    return Finding("Embedded PostgreSQL", True, f"{places.wheel_version()} in {found}")


def socket_path(state: Path) -> Finding:
    """A socket fits: in the state folder or, where its path does not suit, below /tmp."""
    if places.fits_socket(state / "run"):
        return Finding("Socket", True, "in the state folder")
    if os.access("/tmp", os.W_OK | os.X_OK):
        return Finding("Socket", True, "below /tmp, for the state folder's path does not suit")
    return Finding(
        "Socket",
        False,
        "the state folder's path does not suit (too long, or a comma), and /tmp is closed",
        "Set EKA_STATE to a folder with a shorter path.",
    )


def database(database_url: str | None) -> Iterator[Finding]:
    """The database answers, is new enough, keeps what it is told, and has our tables."""
    try:
        given_address(database_url)
        with opened_database(database_url):
            yield from _open_database()
    except Exception as error:
        known = sentence_for(error)
        if known is None:
            raise
        yield Finding(
            "Database",
            False,
            known.sentence,
            "Start the server, or correct --database or DATABASE_URL.",
        )


def _open_database() -> Iterator[Finding]:
    from django.db import connection

    from eka.cli.migrate import missing_migrations

    connection.ensure_connection()
    facts = _facts(connection.connection)
    yield Finding("Database", True, f"answers as {facts['who']}")
    for judge in (_postgres_version, _durability, _encoding, _clock_skew):
        yield judge(facts)
    if missing := missing_migrations():
        says = f"{len(missing)} migrations not applied, the first is {missing[0]}"
        yield Finding("Tables", False, says, "Run `eka migrate`.")
    else:
        yield Finding("Tables", True, "up to date")


Facts = dict[str, object]


def _facts(connection: "psycopg.Connection[object]") -> Facts:
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT current_user || '@' || current_database() AS who,"
            " current_setting('server_version') AS version,"
            " current_setting('server_version_num')::int / 10000 AS major,"
            " current_setting('fsync') AS fsync,"
            " current_setting('full_page_writes') AS full_page_writes,"
            " current_setting('synchronous_commit') AS synchronous_commit,"
            " current_setting('server_encoding') AS encoding,"
            " extract(epoch from clock_timestamp())::float8 AS epoch_seconds"
        )
        return dict(cursor.fetchone() or {})


def _postgres_version(facts: Facts) -> Finding:
    ok = int(str(facts["major"])) >= POSTGRES_MAJOR_MIN
    mend = "" if ok else f"Use PostgreSQL {POSTGRES_MAJOR_MIN} or newer."
    return Finding("PostgreSQL", ok, str(facts["version"]), mend)


def _durability(facts: Facts) -> Finding:
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if facts[name] == "off"]
    if off:
        return Finding(
            "Durability",
            False,
            f"{', '.join(off)} off: a power cut may lose paid orders or the whole database",
            "Set them to `on` in postgresql.conf and restart the server.",
        )
    return Finding("Durability", True, f"{', '.join(names)} are on")


def _encoding(facts: Facts) -> Finding:
    ok = facts["encoding"] == "UTF8"
    mend = "" if ok else "Create the database anew with ENCODING 'UTF8'."
    return Finding("Encoding", ok, str(facts["encoding"]), mend)


def _clock_skew(facts: Facts) -> Finding:
    skew = timedelta(seconds=clock.now().timestamp() - float(str(facts["epoch_seconds"])))
    says = f"this machine and the database differ by {abs(skew).total_seconds():.1f} s"
    if abs(skew) > CLOCK_SKEW_MAX:
        return Finding("Clock", False, says, "Let NTP set both machines' clocks.")
    return Finding("Clock", True, says)


def browser() -> Finding:
    """A browser for the tests that use the portal as a person does; a shop needs none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("Browser for tests", True, found)
    return Finding(
        "Browser for tests",
        False,
        "none",
        "Only for `make test`: install the package `chromium`.",
        only_a_note=True,
    )
