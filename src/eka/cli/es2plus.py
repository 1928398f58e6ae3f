"""`eka es2plus`: where an SM-DP+ tells how far its profiles are (SGP.22, 5.3.5)."""

import contextlib
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eka import clock
from eka.cli.options import database_option
from eka.cli.problems import CallWrong

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from eka.gateways.suppliers.terms import Reply

FIRST_PORT = 8443
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("supplier")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=FIRST_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--certificate", required=True, type=FILE, help="Our server's, PEM, with its chain.")
@click.option("--key", required=True, type=FILE, help="Its private key, PEM.")
@click.option(
    "--clients",
    required=True,
    type=FILE,
    help="The SM-DP+'s client certificate, or an authority that certifies nobody else, PEM.",
)
@database_option
def es2plus(
    supplier: str, host: str, port: int, certificate: Path, key: Path, clients: Path
) -> None:
    """Listen for the notifications of SUPPLIER, a name of the suppliers file, until Ctrl-C.

    Whoever shows another client certificate, or none, is not let in: nothing else proves that a
    notification is authentic. So each SM-DP+ has a listener of its own. --port 0 takes a free one.
    """
    from django.db import close_old_connections

    from eka.api.es2plus import listener
    from eka.usecases.readiness import make_types_ready
    from eka.usecases.supplier_notices import hear

    protocol = _protocol(supplier)
    make_types_ready()  # notifications are heard in several threads

    def heard(headers: Mapping[str, str], body: bytes) -> "Reply":
        close_old_connections()  # as before and after each request of the portal
        try:
            return hear(supplier, headers, body, clock.now())
        finally:
            close_old_connections()

    server = mutual(listener(heard, protocol), certificate, key, clients)
    with bound(host, port) as taken, contextlib.suppress(KeyboardInterrupt):
        click.echo(f"es2plus: {supplier} on https://{host}:{taken.getsockname()[1]}")
        server.run(sockets=[taken])


def _protocol(name: str) -> str:
    """Which version the supplier of the suppliers file speaks. Errors: CallWrong."""
    from eka.gateways.suppliers.es2plus import Es2PlusSupplier
    from eka.gateways.suppliers.opening import UnreadableSuppliers
    from eka.usecases.suppliers import suppliers

    try:
        opened = suppliers().get(name)
    except UnreadableSuppliers as error:
        raise CallWrong(str(error)) from None
    if not isinstance(opened, Es2PlusSupplier):
        raise CallWrong(f"The suppliers file (EKA_SUPPLIERS) names no SM-DP+ {name}.")
    return opened.settings.protocol


def mutual(app: "ASGIApp", certificate: Path, key: Path, clients: Path) -> "uvicorn.Server":
    """A server that lets in only who has one of `clients`, or a certificate issued by one of them.

    Errors: CallWrong where the files cannot be used.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_ca_certs=str(clients),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise CallWrong(f"The certificate, the key or --clients is no good: {error}") from None
    assert config.ssl is not None
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    config.ssl.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return uvicorn.Server(config)


def bound(host: str, port: int) -> socket.socket:
    """Where to listen. Errors: CallWrong where it is taken."""
    try:
        return socket.create_server((host, port), reuse_port=False)
    except OSError as error:
        raise CallWrong(f"Cannot listen on {host} port {port}: {error.strerror}") from None
