"""The embedded database keeps what it promised, whoever dies, and says plainly what is wrong."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from eka.cli import places
from eka.cli.cluster import Cluster
from eka.cli.embedded import EmbeddedPostgres
from eka.cli.postmaster import PID_FILE, Postmaster
from eka.cli.problems import CallWrong

from .conftest import Program, ordinary_user

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to a user")

USE_UNTIL_TOLD = """
import sys
from pathlib import Path
from eka.cli.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as database:
    print(database.url, flush=True)
    sys.stdin.readline()
"""

# The interpreter may lie in a folder closed to that user, so it changes after its imports.
AS_ANOTHER_USER = """
import os, sys
import encodings.idna, psycopg, psutil, shutil, subprocess, tempfile, pwd
import eka.cli.embedded
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
"""

COUNT_UNTIL_KILLED = """
import sys
import psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("CREATE TABLE charge (number int PRIMARY KEY)")
    for number in range(1_000_000):
        connection.execute("INSERT INTO charge VALUES (%s)", [number])
        print(number, flush=True)
"""


def postmaster_of(state: Path) -> psutil.Process:
    found = Postmaster.of(state / "data")
    assert found is not None
    return psutil.Process(found.pid)


def kill_everything(server: psutil.Process) -> None:
    """kill -9 of every process of the server at once, as when the machine loses power."""
    server.suspend()  # so that it starts nothing while we read who is there
    processes = [*server.children(recursive=True), server]
    for process in processes:
        process.kill()
    for process in processes:
        wait_for_the_end_of(process)


def is_dead(process: psutil.Process) -> bool:
    """Gone, or a zombie: in a container perhaps nobody reaps it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for_the_end_of(process: psutil.Process) -> None:
    deadline = time.monotonic() + 30
    while not is_dead(process):
        assert time.monotonic() < deadline, f"{process} did not end"
        time.sleep(0.01)


def only_value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_it_is_durable_and_reachable_by_socket_only(state: Path) -> None:
    with EmbeddedPostgres(state) as database:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert only_value(database.url, f"SELECT current_setting('{name}')") == "on"
        assert only_value(database.url, "SELECT current_setting('listen_addresses')") == ""
        assert only_value(database.url, "SELECT inet_server_addr()") is None


def test_it_knows_letters_of_every_script_and_sorts_by_code_point(state: Path) -> None:
    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT lower('ÄÖÜ')") == "äöü"
        assert only_value(database.url, "SELECT 'Z' < 'a'") is True
        assert only_value(database.url, "SELECT current_setting('server_encoding')") == "UTF8"


def test_what_was_written_is_there_after_a_restart(state: Path) -> None:
    with EmbeddedPostgres(state) as database, psycopg.connect(database.url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT text FROM note") == "kept"


def test_stopping_leaves_no_process_and_no_socket(state: Path) -> None:
    with EmbeddedPostgres(state) as database:
        server = postmaster_of(state)
        assert database.is_alive()
    assert is_dead(server)
    assert not database.is_alive()
    assert list((state / "run").iterdir()) == []


def test_starting_and_stopping_twice_does_no_harm(state: Path) -> None:
    database = EmbeddedPostgres(state)
    database.start()
    url = database.url
    database.start()
    assert database.url == url
    database.stop()
    database.stop()
    with pytest.raises(CallWrong, match="not running"):
        _ = database.url


def test_no_acknowledged_row_is_lost_when_every_process_is_killed(
    state: Path, program: Program
) -> None:
    with EmbeddedPostgres(state) as database:
        writer = program(COUNT_UNTIL_KILLED, database.url)
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(500)]
        kill_everything(postmaster_of(state))
        rest, _ = writer.communicate()
        acknowledged += [int(line) for line in rest.splitlines() if line.isdigit()]
        assert not database.is_alive()

    with EmbeddedPostgres(state) as database, psycopg.connect(database.url) as connection:
        kept = {number for (number,) in connection.execute("SELECT number FROM charge")}
    assert set(acknowledged) <= kept


def test_a_dead_servers_pid_file_that_names_a_living_stranger_is_cleared(state: Path) -> None:
    with EmbeddedPostgres(state):
        kill_everything(postmaster_of(state))
    pid_file = state / "data" / PID_FILE
    lines = pid_file.read_text().splitlines()
    stranger = str(os.getpid())
    pid_file.write_text("\n".join([stranger, *lines[1:]]) + "\n")
    (state / "run" / ".s.PGSQL.5432.lock").write_text(pid_file.read_text())

    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT 1") == 1


def test_a_zombie_that_nobody_reaped_does_not_pass_for_a_server(state: Path) -> None:
    first = EmbeddedPostgres(state)
    first.start()
    server = postmaster_of(state)
    kill_everything(server)
    assert server.status() == psutil.STATUS_ZOMBIE  # it is our child, and we have not asked for it

    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT 1") == 1
    first.stop()


def test_a_server_that_outlived_its_user_is_found_and_used(state: Path, program: Program) -> None:
    user = program(USE_UNTIL_TOLD, state)
    assert user.stdout is not None
    url = user.stdout.readline().strip()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    orphan = postmaster_of(state)
    user.kill()
    user.wait()
    assert not is_dead(orphan)

    with EmbeddedPostgres(state) as database:
        assert postmaster_of(state) == orphan
        assert only_value(database.url, "SELECT text FROM note") == "kept"
    wait_for_the_end_of(orphan)


def test_two_users_share_one_server_and_the_last_one_stops_it(
    state: Path, program: Program
) -> None:
    alice = program(USE_UNTIL_TOLD, state)
    assert alice.stdout is not None
    url = alice.stdout.readline().strip()
    with EmbeddedPostgres(state) as bob:
        assert bob.url == url
        server = postmaster_of(state)
        alice.communicate("done\n")
        assert only_value(bob.url, "SELECT 1") == 1
        assert not is_dead(server)
    wait_for_the_end_of(server)


def test_who_started_it_may_leave_first(state: Path, program: Program) -> None:
    alice = EmbeddedPostgres(state)
    alice.start()
    bob = program(USE_UNTIL_TOLD, state)
    assert bob.stdout is not None
    url = bob.stdout.readline().strip()
    server = postmaster_of(state)
    alice.stop()
    assert only_value(url, "SELECT 1") == 1
    bob.communicate("done\n")
    wait_for_the_end_of(server)


def test_ten_who_start_at_once_get_one_server(state: Path, program: Program) -> None:
    users = [program(USE_UNTIL_TOLD, state) for _ in range(10)]
    urls = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(urls) == 1
    assert only_value(urls.pop(), "SELECT 1") == 1
    server = postmaster_of(state)
    for user in users:
        user.communicate("done\n")
        assert user.returncode == 0
    wait_for_the_end_of(server)


def test_two_state_folders_do_not_disturb_each_other(open_folder: Path) -> None:
    one, two = EmbeddedPostgres(open_folder / "one"), EmbeddedPostgres(open_folder / "two")
    with one, two:
        with psycopg.connect(one.url) as connection:
            connection.execute("CREATE TABLE only_in_one ()")
        assert only_value(two.url, "SELECT to_regclass('only_in_one')") is None


def test_a_data_folder_left_half_made_is_made_anew(state: Path) -> None:
    unfinished = state / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT 1") == 1


def test_a_long_path_gets_its_socket_below_tmp_and_takes_it_away(open_folder: Path) -> None:
    state = open_folder / ("a-very-long-name-" * 6) / "state"
    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT 1") == 1
        server = Postmaster.of(state / "data")
        assert server is not None
        assert server.socket_folder.parent == Path("/tmp")
        assert server.socket_folder.stat().st_mode & 0o077 == 0
    assert not server.socket_folder.exists()


def test_a_path_with_spaces_commas_and_quotes_is_a_path(open_folder: Path) -> None:
    for name in ('Eka\'s "shop" 一号店', "one, two"):
        with EmbeddedPostgres(open_folder / name) as database:
            assert only_value(database.url, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("version", "advice"), [("99", "Install the Eka that made it"), ("15", "Dump it with the Eka")]
)
def test_data_of_another_postgresql_version_is_refused_by_name(
    state: Path, version: str, advice: str
) -> None:
    with EmbeddedPostgres(state):
        pass
    (state / "data" / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(CallWrong, match=f"PostgreSQL {version}'s.*{advice}"):
        EmbeddedPostgres(state).start()


def test_a_setting_that_postgresql_refuses_is_quoted_from_its_log(state: Path) -> None:
    with EmbeddedPostgres(state):
        pass
    with (state / "data" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = lots\n")
    with pytest.raises(CallWrong, match=r'did not start.*\n.*"shared_buffers": "lots"'):
        EmbeddedPostgres(state).start()


def test_after_a_failed_start_the_folder_is_free_for_the_next(state: Path) -> None:
    with EmbeddedPostgres(state):
        pass
    conf = state / "data" / "postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "shared_buffers = lots\n")
    with pytest.raises(CallWrong):
        EmbeddedPostgres(state).start()
    conf.write_text(good)
    with EmbeddedPostgres(state) as database:
        assert only_value(database.url, "SELECT 1") == 1


def test_a_server_started_by_hand_on_our_data_is_never_taken_for_dead(state: Path) -> None:
    with EmbeddedPostgres(state):
        pass
    account = places.server_account(state / "data")
    by_hand = subprocess.Popen(
        [
            *(places.binaries_for(account) / "postgres", "-D", state / "data"),
            *("-c", "listen_addresses=", "-c", f"unix_socket_directories={state / 'run'}"),
        ],
        cwd="/",
        stderr=subprocess.DEVNULL,
        **account.run_as(),
    )
    while not (state / "data" / PID_FILE).exists():
        time.sleep(0.01)
    with pytest.raises(CallWrong, match="Another PostgreSQL still has the data"):
        EmbeddedPostgres(state).start()
    assert (state / "data" / PID_FILE).exists()
    by_hand.send_signal(signal.SIGINT)
    assert by_hand.wait() == 0


def test_the_throw_away_server_is_gone_with_its_folder() -> None:
    with EmbeddedPostgres.ephemeral() as database:
        assert only_value(database.url, "SELECT current_setting('fsync')") == "off"
        assert database.state.exists()
    assert not database.state.exists()


def test_the_throw_away_server_dies_with_a_process_that_is_killed(program: Program) -> None:
    user = program(
        "from eka.cli.embedded import EmbeddedPostgres\n"
        "with EmbeddedPostgres.ephemeral() as database:\n"
        "    print(database.state, flush=True)\n"
        "    input()\n"
    )
    assert user.stdout is not None
    state = Path(user.stdout.readline().strip())
    server = postmaster_of(state)
    user.kill()
    user.wait()
    wait_for_the_end_of(server)
    Cluster(state, {}).remove()
    shutil.rmtree(state)


@needs_root
def test_an_ordinary_user_runs_the_server_as_itself(
    program: Program, state: Path, open_folder: Path, copied_wheel: Callable[[Path], None]
) -> None:
    copied_wheel(open_folder)
    uid = ordinary_user()
    state.mkdir()
    os.chown(state, uid, uid)
    code = AS_ANOTHER_USER + USE_UNTIL_TOLD
    user = program(code, state, uid, environment={"PYTHONPATH": str(open_folder)})
    assert user.stdout is not None
    assert user.stdout.readline().startswith("postgresql://")
    assert postmaster_of(state).uids().real == uid
    user.communicate("done\n")
    assert user.returncode == 0


@needs_root
def test_a_state_folder_of_another_user_is_refused_with_advice(
    program: Program, state: Path
) -> None:
    with EmbeddedPostgres(state):
        pass
    user = program(AS_ANOTHER_USER + USE_UNTIL_TOLD, state, ordinary_user())
    said, _ = user.communicate()
    assert f"Permission denied below {state}: it was made by another user" in said


@needs_root
def test_root_never_runs_the_server(state: Path) -> None:
    with EmbeddedPostgres(state):
        assert postmaster_of(state).uids().real != 0


@needs_root
def test_root_keeps_using_the_user_that_the_data_belongs_to(state: Path) -> None:
    uid = ordinary_user()
    (state / "data").mkdir(parents=True)
    os.chown(state / "data", uid, -1)
    assert places.server_account(state / "data").uid == uid


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder like /root: nobody else may enter it."""
    with tempfile.TemporaryDirectory(prefix="eka-test-closed-") as name:
        Path(name).chmod(0o700)
        yield Path(name)


@needs_root
def test_in_a_folder_closed_to_the_server_the_data_lies_elsewhere(closed_folder: Path) -> None:
    state = closed_folder / "state"
    mode = closed_folder.stat().st_mode
    with EmbeddedPostgres(state) as database:
        home = Path((state / "data-lies-in").read_text().strip())
        assert home.parent == places.SYSTEM_DATA
        assert (home / "data" / "PG_VERSION").exists()
        assert only_value(database.url, "SELECT 1") == 1
    assert closed_folder.stat().st_mode == mode

    with EmbeddedPostgres(state):
        assert (home / "data" / PID_FILE).exists()
    Cluster(state, {}).remove()
    assert not home.exists()


@needs_root
def test_binaries_in_a_closed_folder_are_copied_out_once(
    closed_folder: Path,
    open_folder: Path,
    copied_wheel: Callable[[Path], None],
    program: Program,
) -> None:
    copied_wheel(closed_folder)
    copies = set()
    for name in ("one", "two"):
        state = open_folder / name
        user = program(USE_UNTIL_TOLD, state, environment={"PYTHONPATH": str(closed_folder)})
        assert user.stdout is not None
        assert user.stdout.readline().startswith("postgresql://")
        copies.add(Path(postmaster_of(state).exe()))
        user.communicate("done\n")
    assert len(copies) == 1
    assert copies.pop().is_relative_to(places.SYSTEM_DATA)
