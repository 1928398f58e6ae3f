"""`eka serve`: the web pages, by granian."""

import os
import socket
from typing import Any

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from eka.cli.children import die_with_parent
from eka.cli.options import database_address, database_url_option
from eka.cli.problems import CallWrong

# Each thread may hold one database connection, and a PostgreSQL as delivered has a hundred. More
# than granian advises for the cores would only wait for each other.
THREADS_PER_WORKER = min(8, 2 * (os.cpu_count() or 1) + 1)
STOP_SECONDS_MAX = 5


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@database_url_option
def serve(host: str, port: int, workers: int, database_url: str | None) -> None:
    """Serve the web pages."""
    if not is_free(host, port):
        raise CallWrong(f"Port {port} on {host} is taken: choose another with --port.")
    with database_address(database_url):
        Server(
            "eka.web.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS_PER_WORKER,
            workers_kill_timeout=STOP_SECONDS_MAX,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        ).serve(target_loader=_application, wrap_loader=False)


def _application(*_: Any) -> Any:
    """Load the application in a worker, which is not to outlive the server."""
    die_with_parent()
    from eka.web.wsgi import application

    return application


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now.

    Errors: CallWrong if `host` is not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CallWrong(f"{host} is not an address to listen on: {error.strerror}.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether a server accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
