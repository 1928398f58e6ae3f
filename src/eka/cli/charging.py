"""`eka charging`: online charging over Diameter Gy and 5G Nchf."""

import asyncio
import gc
import ipaddress
import logging
import os
import signal
import ssl
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg

from eka.cli.options import database_address, database_url_option
from eka.cli.problems import CallWrong
from eka.cli.serve import is_free

ORIGIN_HOST = "eka.localdomain"
ORIGIN_REALM = "localdomain"
FINAL_ACTIONS = ("terminate", "restrict")

# The hot path makes no cycles, but many values: looking through all of them for cycles often would
# cost a fifth of the time.
OBJECTS_BEFORE_COLLECTION = 100_000


@click.command()
@click.option("--gy", metavar="HOST:PORT", help="Listen for Diameter Gy, such as 127.0.0.1:3868.")
@click.option("--nchf", metavar="HOST:PORT", help="Listen for 5G Nchf (HTTP/2).")
@click.option("--origin-host", help=f"Our Diameter name; default {ORIGIN_HOST}, any is served.")
@click.option("--origin-realm", help=f"Our realm; default {ORIGIN_REALM}, any is served.")
@click.option("--peer", "peers", multiple=True, help="An Origin-Host that may connect; repeatable.")
@click.option("--any-peer", is_flag=True, help="Let any peer connect, also from outside.")
@click.option("--tls-certificate", type=click.Path(path_type=Path), help="PEM; both doors use it.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="PEM.")
@click.option("--tls-clients", type=click.Path(path_type=Path), help="Authority of our clients.")
@click.option(
    "--final-unit",
    default="terminate",
    show_default=True,
    help="When the last grant is used: terminate, restrict, or a URL to redirect to.",
)
@click.option(
    "--silence",
    default=300,
    show_default=True,
    type=click.IntRange(0),
    help="Seconds after a grant's validity before a silent session is ended.",
)
@click.option(
    "--lanes",
    default=2,
    show_default=True,
    type=click.IntRange(1, 16),
    help="Database connections that write.",
)
@click.option(
    "--waiting-max",
    default=4096,
    show_default=True,
    type=click.IntRange(1),
    help="Requests that may wait; more are told to try again.",
)
@database_url_option
def charging(database_url: str | None, **given: Any) -> None:
    """Charge online: answer packet gateways over Diameter Gy and 5G Nchf.

    Several such processes may run on one database. SIGTERM ends it properly: what has arrived is
    answered, then peers are disconnected.
    """
    gy, nchf = _address("--gy", given["gy"]), _address("--nchf", given["nchf"])
    if gy is None and nchf is None:
        raise CallWrong("Nothing to listen on: give --gy HOST:PORT, --nchf HOST:PORT, or both.")
    allowed = _allowed(gy, given["peers"], given["any_peer"])
    with database_address(database_url) as url:
        _run(url, gy, nchf, allowed, given)


def _look_at_tables(url: str) -> None:
    """Later a database that is away is waited for; at the start, whoever calls is told."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT revision FROM line_state LIMIT 0")


def _run(url: str, gy: Any, nchf: Any, allowed: frozenset[str] | None, given: Any) -> None:
    from eka.charging.server import Options
    from eka.wire.diameter.nodes import Node

    host, realm = given["origin_host"], given["origin_realm"]
    options = Options(
        database_url=url,
        gy=gy,
        nchf=nchf,
        node=Node(
            host=host or ORIGIN_HOST,
            realm=realm or ORIGIN_REALM,
            any_host=host is None,
            any_realm=realm is None,
        ),
        allowed=allowed,
        tls=_tls(given["tls_certificate"], given["tls_key"], given["tls_clients"]),
        final_unit=_final_unit(given["final_unit"]),
        silence=timedelta(seconds=given["silence"]),
        lanes=given["lanes"],
        waiting_max=given["waiting_max"],
        follows_demo_clock=bool(os.environ.get("EKA_DEMO")),
    )
    _look_at_tables(url)
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, 50, 100)
    _runner()(_serve(options))


def _runner() -> Any:
    if sys.platform == "win32":
        return asyncio.run
    import uvloop

    return uvloop.run


async def _serve(options: Any) -> None:
    from eka.charging.nchf_server import UnableToListen
    from eka.charging.server import ChargingServer

    server = ChargingServer(options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    try:
        await server.run(_tell)
    except* (OSError, UnableToListen) as group:
        raise CallWrong(f"Cannot listen: {group.exceptions[0]}") from None
    click.echo("charging: stopped")


def _tell(door: str, at: tuple[str, int]) -> None:
    # granian sets up logging its own way when it listens: ours comes after it.
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    click.echo(f"charging: {door} on {at[0]}:{at[1]}")


def _address(option: str, text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise CallWrong(f"{option} {text!r} is not HOST:PORT, such as 127.0.0.1:3868.")
    if int(port) and not is_free(host, int(port)):
        raise CallWrong(f"Port {port} on {host} is taken: choose another with {option}.")
    return host, int(port)


def _allowed(
    gy: tuple[str, int] | None, peers: tuple[str, ...], any_peer: bool
) -> frozenset[str] | None:
    """On loopback any peer may come; elsewhere those that are named, unless any may."""
    if peers:
        return frozenset(peer.lower() for peer in peers)
    if gy is None or any_peer or _is_loopback(gy[0]):
        return None
    raise CallWrong(
        f"{gy[0]} can be reached from outside: name the gateways that may connect with"
        " --peer ORIGIN-HOST, or let any with --any-peer."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(certificate: Path | None, key: Path | None, clients: Path | None) -> Any:
    from eka.charging.nchf_server import Tls

    if certificate is None and key is None and clients is None:
        return None
    if certificate is None or key is None:
        raise CallWrong("TLS needs both --tls-certificate and --tls-key.")
    for path in (certificate, key, clients):
        if path is not None and not path.is_file():
            raise CallWrong(f"There is no file {path}.")
    try:
        ssl.create_default_context().load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise CallWrong(f"Cannot listen: the certificate or its key is no good: {error}") from None
    return Tls(certificate, key, clients)


def _final_unit(text: str) -> Any:
    from eka.charging.requests import FinalUnit

    if text.startswith(("http://", "https://")):
        return FinalUnit(action="redirect", redirect_to=text)
    if text not in FINAL_ACTIONS:
        raise CallWrong(f"--final-unit {text!r} is neither terminate, restrict nor a URL.")
    return FinalUnit(action="terminate" if text == "terminate" else "restrict")
