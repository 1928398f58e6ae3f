"""The supervisor keeps its children running, and leaves none behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from eka.cli.children import PARENT_VARIABLE
from eka.cli.problems import AnswerIsNo
from eka.cli.supervisor import Child, Supervisor

from .conftest import Program

STAYS = "import time; time.sleep(600)"
FALLS = "raise SystemExit(3)"


def python(name: str, code: str) -> Child:
    return Child(name, [sys.executable, "-c", code])


def well() -> None:
    """No trouble."""


@pytest.fixture
def once() -> Iterator[Callable[[Callable[[], bool], Callable[[], object]], None]]:
    """once(condition, act): watch from beside, and act when the condition holds."""
    watchers: list[threading.Thread] = []

    def watch(condition: Callable[[], bool], act: Callable[[], object]) -> None:
        def wait_and_act() -> None:
            while not condition():
                time.sleep(0.02)
            act()

        watchers.append(threading.Thread(target=wait_and_act))
        watchers[-1].start()

    yield watch
    for watcher in watchers:
        watcher.join()


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


Once = Callable[[Callable[[], bool], Callable[[], object]], None]


def test_ctrl_c_stops_every_child(once: Once) -> None:
    children = [python("web", STAYS), python("jobs", STAYS)]
    once(lambda: all(child.process for child in children), interrupt)
    Supervisor(children, os.environ, well).run()
    assert [child.process.returncode for child in children if child.process] == [
        -signal.SIGTERM,
        -signal.SIGTERM,
    ]


def test_a_child_that_was_killed_is_started_again(once: Once) -> None:
    web = python("web", STAYS)
    pids = set()

    def seen_two() -> bool:
        if web.process is not None and web.process.pid not in pids:
            pids.add(web.process.pid)
            if len(pids) == 1:
                web.process.kill()
        return len(pids) == 2

    once(seen_two, interrupt)
    Supervisor([web], os.environ, well).run()
    assert web.crashes == 1


def test_a_child_that_cannot_run_ends_everything_with_a_sentence() -> None:
    web, jobs = python("The web server", STAYS), python("The jobs", FALLS)
    with pytest.raises(AnswerIsNo, match=r"The jobs ended 2 times in a row.*code 3"):
        Supervisor([web, jobs], os.environ, well, crashes_max=2).run()
    assert web.process is not None
    assert web.process.returncode == -signal.SIGTERM


def test_trouble_ends_everything(once: Once) -> None:
    web = python("web", STAYS)
    trouble: list[str] = []
    once(lambda: web.process is not None, lambda: trouble.append("The database is gone."))
    with pytest.raises(AnswerIsNo, match="The database is gone"):
        Supervisor([web], os.environ, lambda: trouble[0] if trouble else None).run()


def test_the_signals_are_as_before_afterwards(once: Once) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    web = python("web", STAYS)
    once(lambda: web.process is not None, interrupt)
    Supervisor([web], os.environ, well).run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_children_do_not_outlive_a_supervisor_that_is_killed(
    program: Program, tmp_path: Path
) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        "import os, time\n"
        "from eka.cli.children import follow_parent\n"
        "follow_parent()\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(600)\n"
    )
    supervisor = program(
        "import os, sys\n"
        "from eka.cli.supervisor import Child, Supervisor\n"
        "child = Child('child', [sys.executable, sys.argv[1]])\n"
        "Supervisor([child], os.environ, lambda: None).run()\n",
        child,
    )
    assert supervisor.stdout is not None
    orphan = psutil.Process(int(supervisor.stdout.readline()))
    supervisor.kill()
    supervisor.wait()
    deadline = time.monotonic() + 30
    while orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_whose_parent_is_gone_already_does_not_start(program: Program) -> None:
    late = program(
        "from eka.cli.children import follow_parent\nfollow_parent()\nprint('running')",
        environment={PARENT_VARIABLE: "1"},
    )
    said, _ = late.communicate()
    assert said == ""
    assert late.returncode == 128 + signal.SIGTERM
