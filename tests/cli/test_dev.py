"""`eka dev`, which `make run` runs: the whole platform from its start to its end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from eka.cli.serve import answers

Eka = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "Shop"]

SECONDS_MAX = 120

# With the journeys: two shops that start at once would vie for ports.
pytestmark = pytest.mark.xdist_group("demo shop")


class Shop:
    """A running `eka dev`."""

    def __init__(self, state: Path, *arguments: str) -> None:
        self.said = state.parent / "said.txt"
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "eka.cli", "dev", *arguments],
                env={**inherited, "EKA_STATE": str(state)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def address(self) -> str:
        """Where it can be reached; waits until it says so."""
        wait_until(lambda: "Eka runs at" in self.output or self.process.poll() is not None)
        found = re.search(r"Eka runs at (\S+)", self.output)
        assert found is not None, self.output
        return found[1]

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.said.read_text()

    def family(self) -> list[psutil.Process]:
        """Every process below it."""
        return psutil.Process(self.process.pid).children(recursive=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def start(state: Path) -> Iterator[Start]:
    """start("--port", "8123"): run `eka dev` on this test's state folder."""
    shops: list[Shop] = []

    def start_shop(*arguments: str) -> Shop:
        shops.append(Shop(state, *arguments))
        return shops[-1]

    yield start_shop
    for shop in shops:
        if shop.process.poll() is None:
            shop.process.terminate()
            shop.process.wait()


def test_it_serves_refuses_a_second_and_leaves_nothing_behind(
    start: Start, eka: Eka, state: Path
) -> None:
    shop = start()
    with urllib.request.urlopen(f"{shop.address}/") as page:
        assert page.status == 200
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]

    second = eka("dev", EKA_STATE=str(state))
    assert second.returncode == 2
    assert f"running already from {state}" in second.stderr
    assert shop.address in second.stderr

    family = shop.family()
    shop.process.send_signal(signal.SIGINT)
    assert shop.process.wait() == 0, shop.output
    assert all(is_dead(process) for process in family)
    assert shop.output.endswith("Stopped.\n")


def test_commands_share_its_database(start: Start, eka: Eka, state: Path) -> None:
    shop = start("--no-demo")
    assert shop.address
    assert eka("migrate", "--check", EKA_STATE=str(state)).returncode == 0
    with urllib.request.urlopen(f"{shop.address}/") as page:
        assert page.status == 200


def test_after_a_kill_only_the_database_lives_and_the_next_command_takes_it_over(
    start: Start, eka: Eka, state: Path
) -> None:
    shop = start("--no-demo")
    host, port = shop.address.removeprefix("http://").split(":")
    family = shop.family()
    shop.process.kill()
    shop.process.wait()
    wait_until(lambda: not answers(host, int(port)))
    ours = [process for process in family if "eka.cli" in command_line(process)]
    wait_until(lambda: all(is_dead(process) for process in ours))
    assert not all(is_dead(process) for process in family)

    assert eka("migrate", "--check", EKA_STATE=str(state)).returncode == 0
    wait_until(lambda: all(is_dead(process) for process in family))


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return "eka.cli"


def test_a_chosen_port_that_is_taken_is_refused(eka: Eka) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        answer = eka("serve", "--port", str(port))
    assert answer.returncode == 2
    assert f"Port {port} on 127.0.0.1 is taken" in answer.stderr
