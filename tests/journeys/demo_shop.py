"""A whole demo shop as `make run` starts it, for journeys and pictures, with its own data."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

START_S_MAX = 120


class DemoShop(NamedTuple):
    """A running demo shop: the address of its pages, and the folder of its state."""

    address: str
    state: Path

    @property
    def password(self) -> str:
        """That of everybody in it."""
        return (self.state / "demo-password").read_text(encoding="utf-8").strip()


@contextmanager
def demo_shop() -> Iterator[DemoShop]:
    """A running demo shop; all of it is gone afterwards."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="eka-shop-") as state:
        environment = {**os.environ, "EKA_STATE": state}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "eka.cli", "dev", "--port", str(port)]
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_for(address, running)
            yield DemoShop(address, Path(state))
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    for _ in range(START_S_MAX):
        if running.poll() is not None:
            raise RuntimeError(f"`eka dev` ended with {running.returncode} before it answered")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(1)
        else:
            return
    raise RuntimeError(f"no demo shop answered at {address} within {START_S_MAX} s")
