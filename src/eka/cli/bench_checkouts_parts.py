"""The shop under measurement as processes: the gateways' sandboxes, the web server, the jobs."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from eka.cli.children import PARENT_VARIABLE
from eka.cli.problems import AnswerIsNo
from eka.cli.serve import answers

HOST = "127.0.0.1"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10
QUESTIONS = 16
SANDBOXES = ("stripe", "paypal", "wechat", "alipay")  # in the order of their ports
SUPPLIERS = 3  # whose ports follow

Process = subprocess.Popen[bytes]


class Parts(NamedTuple):
    """The processes by name, what they need to know of each other, and the sandboxes' addresses."""

    processes: Mapping[str, Process]
    environment: Mapping[str, str]
    addresses: Mapping[str, str]


@contextmanager
def running_parts(url: str, folder: Path) -> Iterator[Parts]:
    """Starts all of them on the database, with their state in `folder`; they end with the block.

    Errors: AnswerIsNo where one does not start.
    """
    web, *sandboxes = _free_ports(1 + len(SANDBOXES) + SUPPLIERS)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "eka.web.settings",
        "EKA_STATE": str(folder),
        "EKA_ADDRESS": f"http://{HOST}:{web}",
        "EKA_PAYMENTS": str(folder / "sandbox" / "payments.toml"),
        "EKA_SUPPLIERS": str(folder / "sandbox" / "suppliers.toml"),
        PARENT_VARIABLE: str(os.getpid()),
    }
    with ExitStack() as stack:

        def start(*words: str) -> Process:
            process = subprocess.Popen(
                [sys.executable, "-m", "eka.cli", *words],
                env=environment,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is ours to answer
            )
            stack.callback(_stop, process)
            return process

        processes = {
            "sandboxes": start("sandbox", "--first-port", str(sandboxes[0]), "--quiet"),
            "web server": start("serve", "--port", str(web), "--workers", "2"),
            "jobs": start("jobs", "run"),
        }
        for port in (web, *sandboxes):
            _wait_for(port, processes)
        _wake(web)
        addresses = {
            name: f"http://{HOST}:{port}" for name, port in zip(SANDBOXES, sandboxes, strict=False)
        }
        yield Parts(processes, environment, addresses)


def cpu_seconds(process_id: int) -> float:
    """What a process has consumed with all its descendants, also those that are gone."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(process_id)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that are free, the later ones in a row."""
    for first in range(20_000, 30_000, count):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind((HOST, port))
            except OSError:
                continue
            return list(range(first, first + count))
    raise AnswerIsNo("No ports are free on this machine.")


def _wait_for(port: int, processes: Mapping[str, Process]) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while not answers(HOST, port):
        for name, process in processes.items():
            if process.poll() is not None:
                raise AnswerIsNo(f"The {name} did not start; the reason stands above.")
        if time.monotonic() > until:
            raise AnswerIsNo(f"Nobody listens on port {port} after {START_SECONDS_MAX} s.")
        time.sleep(0.05)


def _wake(web: int) -> None:
    """The server listens before its workers have read their code: all of them are to answer."""
    asked = [threading.Thread(target=_ask, args=(web,)) for _ in range(QUESTIONS)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()


def _ask(web: int) -> None:
    with suppress(httpx.HTTPError):
        httpx.get(f"http://{HOST}:{web}/pay/notify/stripe", timeout=START_SECONDS_MAX)


def _stop(process: Process) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
