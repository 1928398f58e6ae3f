"""An import that is killed again and again ends as one that never was: nothing lost or double."""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.faults.conftest import IMPORT, Copies, Database

from eka.cli.embedded import EmbeddedPostgres

Everything = dict[str, list[str]]

ROUNDS = 3
SEED = random.randrange(10**6)


def wait_for_progress(database: Database, process: "subprocess.Popen[str]") -> bool:
    """Waits until the import has gone on; whether it still runs."""
    before = database.rows_done()
    while process.poll() is None and database.rows_done() == before:
        time.sleep(0.01)
    return process.poll() is None


def kill(process: "subprocess.Popen[str]", *, whole_group: bool) -> None:
    """kill -9; without the group its lanes are to follow by themselves."""
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate(timeout=20)


def test_killing_the_importer(copies: Copies, usage_file: Path, undisturbed: Everything) -> None:
    chance, kills, database = random.Random(SEED), 0, copies()

    for turn in range(ROUNDS):
        process = database.start("-c", IMPORT, usage_file)
        if wait_for_progress(database, process):
            time.sleep(chance.uniform(0, 0.15))
            kills += process.poll() is None
        kill(process, whole_group=turn % 2 == 0)

    last = database.run("-c", IMPORT, usage_file)
    assert last.returncode == 1, last.stderr
    assert kills > 1, f"seed {SEED}: it was through too soon"
    assert database.everything() == undisturbed, f"seed {SEED}"
    database.assert_proved()


def test_two_importers_of_one_file_at_once(
    copies: Copies, usage_file: Path, undisturbed: Everything
) -> None:
    database = copies()

    both = [database.start("-c", IMPORT, usage_file) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1, err

    assert database.everything() == undisturbed
    database.assert_proved()


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that the server's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="eka-fault-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder) / "state"


def kill_server(url: str) -> None:
    """kill -9 of every process of the server."""
    with psycopg.connect(make_conninfo(url, dbname="postgres")) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        postmaster = backend.parent()
        assert postmaster is not None
        for process in [postmaster, *postmaster.children(recursive=True)]:
            process.kill()


def test_killing_the_database(state: Path, usage_file: Path, undisturbed: Everything) -> None:
    chance = random.Random(SEED)
    server = EmbeddedPostgres(state)
    server.start()
    Database(server.url).open_shop()

    for _ in range(2):
        process = Database(server.url).start("-c", IMPORT, usage_file)
        if wait_for_progress(Database(server.url), process):
            time.sleep(chance.uniform(0, 0.15))
        kill_server(server.url)
        _, err = process.communicate(timeout=30)
        assert process.returncode in (1, 2)
        assert "Traceback" not in err
        server.stop()
        server = EmbeddedPostgres(state)
        server.start()

    database = Database(server.url)
    assert database.run("-c", IMPORT, usage_file).returncode == 1
    assert database.everything() == undisturbed, f"seed {SEED}"
    database.assert_proved()
    server.stop()
