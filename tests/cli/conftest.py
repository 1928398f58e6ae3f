"""The cast of the command line's tests: state folders, ordinary users, other processes."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from eka.cli.places import wheel_binaries

Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any system user may pass through (pytest's own tmp_path is closed)."""
    folder = Path(tempfile.mkdtemp(prefix="eka-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def state(open_folder: Path) -> Path:
    """A state folder that does not exist yet."""
    return open_folder / "state"


@pytest.fixture
def program() -> Iterator[Program]:
    """Starts Python programs as other processes; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(
        code: str,
        *arguments: str | Path | int,
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env={**os.environ, **(environment or {})},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def copied_wheel() -> Callable[[Path], None]:
    """Copies the installed PostgreSQL into a folder, as an environment there would have it."""

    def copy(folder: Path) -> None:
        package = wheel_binaries().parents[1]
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include"))

    return copy


def run_eka(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the `eka` command as a shell would, without a DATABASE_URL of this test run."""
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command: Sequence[str] = [sys.executable, "-m", "eka.cli", *arguments]
    return subprocess.run(
        command, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def eka() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The command line: eka("doctor", "--json", EKA_STATE=...)."""
    return run_eka


def ordinary_user() -> int:
    """The uid of a user that is not root."""
    return pwd.getpwnam("nobody").pw_uid
