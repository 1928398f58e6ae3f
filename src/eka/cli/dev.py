"""`eka dev` (what `make run` runs): the whole platform on this machine, with demo data."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from eka.cli.children import PARENT_VARIABLE
from eka.cli.embedded import EmbeddedPostgres
from eka.cli.locks import Lock
from eka.cli.options import database_url_option, given_address
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.cli.serve import answers, is_free
from eka.cli.supervisor import Child, Supervisor
from eka.web.state import make_state_folder, state_folder

HOST = "127.0.0.1"
FIRST_PORT = 8000
FIRST_GY_PORT = 3868  # Diameter's own (RFC 6733, 2.1)
FIRST_NCHF_PORT = 7777
FIRST_SANDBOX_PORT = 9101
FIRST_ES2PLUS_PORT = 8443
SANDBOXES = ("Stripe", "PayPal", "WeChat Pay", "Alipay", "SM-DP+", "Airalo", "eSIM Access")
PORTS_TRIED = 100
SETTINGS = {"EKA_PAYMENTS": "payments.toml", "EKA_SUPPLIERS": "suppliers.toml"}

EKA = (sys.executable, "-m", "eka.cli")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the first free from 8000.")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Load demo data.")
@database_url_option
def dev(port: int | None, demo: bool, database_url: str | None) -> None:
    """Run everything on this machine, with demo data.

    Starts the embedded PostgreSQL (or uses --database or DATABASE_URL), brings its tables up to
    date, loads the demo, and runs the web pages and the jobs until Ctrl-C.
    """
    with only_one(state_folder()) as running, _database(database_url) as database:
        environment = {**os.environ, "DATABASE_URL": database.url}
        if demo:
            environment.setdefault("EKA_DEMO", "1")
        has_sandboxes = _has_sandboxes(demo)
        if has_sandboxes:
            for variable, name in SETTINGS.items():
                environment[variable] = str(state_folder() / "sandbox" / name)
            _step(environment, "sandbox", "--prepare", "--first-port", "0")
        _step(environment, "migrate")
        if demo:
            _step(environment, "demo", "load")
        ports = Ports(
            _port(port),
            _free_port(FIRST_GY_PORT),
            _free_port(FIRST_NCHF_PORT),
            _free_run(FIRST_SANDBOX_PORT, len(SANDBOXES)) if has_sandboxes else None,
            _free_port(FIRST_ES2PLUS_PORT),
        )
        environment.setdefault("EKA_ADDRESS", f"http://{HOST}:{ports.web}")
        running.tell(f"http://{HOST}:{ports.web}")
        announce = Announcement(ports.web, _greeting(ports))
        Supervisor(_children(ports), environment, _watch(announce, database)).run()
        click.echo("Stopped.")


def _watch(announce: "Announcement", database: "Database") -> Callable[[], str | None]:
    def watch() -> str | None:
        announce()
        return database.trouble()

    return watch


class Ports(NamedTuple):
    """Where the parts listen."""

    web: int
    gy: int
    nchf: int
    sandbox: int | None  # the first of the sandboxes' ports; None: real gateways, or none
    es2plus: int


def _children(ports: Ports) -> list[Child]:
    doors = ("--gy", f"{HOST}:{ports.gy}", "--nchf", f"{HOST}:{ports.nchf}")
    children = [
        Child("The web server", [*EKA, "serve", "--host", HOST, "--port", str(ports.web)]),
        Child("The jobs", [*EKA, "jobs", "run"]),
        Child("Charging", [*EKA, "charging", *doors]),
    ]
    if ports.sandbox is not None:
        first = ("--first-port", str(ports.sandbox), "--follow-demo")
        told = ("--es2plus", f"https://{HOST}:{ports.es2plus}", "--quiet")
        children.append(Child("The sandboxes", [*EKA, "sandbox", *first, *told]))
        children.append(Child("ES2+ news", [*EKA, "es2plus", "es2plus", *_es2plus(ports.es2plus)]))
    return children


def _es2plus(port: int) -> list[str]:
    """Where the sandbox's SM-DP+ is heard, and with what both prove themselves."""
    words = ["--port", str(port)]
    for option in ("certificate", "key", "clients"):
        file = state_folder() / "sandbox" / f"es2plus-{option}.pem"
        words += [f"--{option}", str(file)]
    return words


def _has_sandboxes(demo: bool) -> bool:
    """The demo has sandboxes, unless it was given gateways or suppliers of its own."""
    return demo and not any(os.environ.get(variable) for variable in SETTINGS)


def _greeting(ports: Ports) -> str:
    outside = ""
    if ports.sandbox is not None:
        shown = ", ".join(f"{name} {ports.sandbox + nth}" for nth, name in enumerate(SANDBOXES))
        outside = f"The outside world is sandboxes at {HOST}: {shown}\n"
    return (
        f"\nEka runs at http://{HOST}:{ports.web}\n"
        f"Gateways: Diameter Gy at {HOST}:{ports.gy}, 5G Nchf (HTTP/2) at {HOST}:{ports.nchf}\n"
        f"{outside}"
        "Ctrl-C stops it.\n"
    )


class Announcement:
    """Says a sentence once, when the web server first answers."""

    def __init__(self, port: int, sentence: str) -> None:
        self._port = port
        self._sentence: str | None = sentence

    def __call__(self) -> None:
        """Say it if it is time and it has not been said."""
        if self._sentence is not None and answers(HOST, self._port):
            click.echo(self._sentence)
            self._sentence = None


class Running:
    """The lock that lets one `eka dev` run per state folder, and what it tells the next."""

    def __init__(self, state: Path) -> None:
        self._lock = Lock(state / "dev.lock")
        self._note = state / "dev.running"

    def begin(self) -> None:
        """Take the lock.

        Errors: CallWrong, saying where the other one runs, if there is one.
        """
        if not self._lock.take():
            where = self._note.read_text(encoding="utf-8") if self._note.exists() else "starting"
            raise CallWrong(
                f"Eka is running already from {self._note.parent} ({where})."
                " Use that one, or stop it with Ctrl-C where it was started."
            )
        self.tell("starting")

    def tell(self, where: str) -> None:
        """Write down where this one can be found."""
        self._note.write_text(f"process {os.getpid()}, {where}", encoding="utf-8")

    def end(self) -> None:
        """Let the next one run."""
        self._note.unlink(missing_ok=True)
        self._lock.release()


@contextmanager
def only_one(state: Path) -> Iterator[Running]:
    """Make sure that this is the only `eka dev` of the state folder."""
    running = Running(state)
    try:
        make_state_folder(state)
        running.begin()
    except OSError as error:
        raise CallWrong(
            f"The state folder {state} cannot be used ({error.strerror}):"
            " set EKA_STATE to a folder of your own."
        ) from error
    try:
        yield running
    finally:
        running.end()


class Database:
    """The database that everything runs on; its server is ours if it is the embedded one."""

    def __init__(self, url: str, embedded: EmbeddedPostgres | None) -> None:
        self.url = url
        self._embedded = embedded

    def trouble(self) -> str | None:
        """A sentence if the embedded server died; None while it lives, or if it is not ours."""
        if self._embedded is None or self._embedded.is_alive():
            return None
        return f"PostgreSQL ended by itself. Its log: {self._embedded.log}"


@contextmanager
def _database(chosen: str | None) -> Iterator[Database]:
    if given := given_address(chosen):
        yield Database(given, None)
        return
    click.echo("Starting the embedded PostgreSQL ...")
    with EmbeddedPostgres() as embedded:
        if embedded.home != embedded.state:
            click.echo(
                f"Its data lies in {embedded.home}: the system user that runs it"
                f" may not enter {embedded.state}."
            )
        yield Database(embedded.url, embedded)


def _step(environment: dict[str, str], *arguments: str) -> None:
    """Run an `eka` command to its end, its output on our terminal."""
    done = subprocess.run(
        [*EKA, *arguments], env={**environment, PARENT_VARIABLE: str(os.getpid())}, check=False
    )
    if done.returncode != 0:
        raise AnswerIsNo(f"`eka {' '.join(arguments)}` failed; its reason stands above.")


def _port(chosen: int | None) -> int:
    if chosen is not None:
        if not is_free(HOST, chosen):
            raise CallWrong(f"Port {chosen} is taken: choose another with --port.")
        return chosen
    return _free_port(FIRST_PORT)


def _free_port(first: int) -> int:
    for port in range(first, first + PORTS_TRIED):
        if is_free(HOST, port):
            return port
    raise CallWrong(f"No port from {first} to {first + PORTS_TRIED - 1} is free.")


def _free_run(first: int, length: int) -> int:
    """The first of `length` ports in a row that are free."""
    for start in range(first, first + PORTS_TRIED):
        if all(is_free(HOST, start + nth) for nth in range(length)):
            return start
    raise CallWrong(f"No {length} ports in a row from {first} are free.")
