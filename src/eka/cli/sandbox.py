"""`eka sandbox`: the gateways' sandboxes, on this machine."""

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eka import clock
from eka.cli.children import die_with_parent
from eka.cli.locks import Lock
from eka.cli.options import opened_database
from eka.cli.output import echo_json
from eka.cli.problems import CallWrong
from eka.web.state import make_state_folder, state_folder

if TYPE_CHECKING:
    from eka.gateways.payments.sandbox.counter import Sandbox
    from eka.gateways.sandbox.serving import Street

FIRST_PORT = 9101
CLOCK_EVERY_S = 1.0
DEMO_STEPS = 25  # in the demo nobody chooses ports: two that start at once pass each other by
DEMO_PACE = 60  # in the demo nobody waits an hour for the next try
SECRET = ("secret", "private", "apiv3_key")  # what a setting's name has that nobody is shown


@click.command()
@click.option("--first-port", default=FIRST_PORT, show_default=True, type=click.IntRange(0, 65000))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
@click.option("--follow-demo", is_flag=True, help="Go by the demo's clock.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def sandbox(first_port: int, as_json: bool, follow_demo: bool, quiet: bool) -> None:
    """Run the payment gateways' sandboxes until Ctrl-C.

    Prints their addresses and public keys, and writes the payments file (EKA_PAYMENTS) with which
    Eka uses them, secrets and all. --first-port 0 takes free ports.
    """
    from eka.gateways.payments.sandbox.market import open_market
    from eka.gateways.sandbox.serving import UnableToServe, running

    folder = state_folder() / "sandbox"
    make_state_folder(state_folder())
    folder.mkdir(mode=0o700, exist_ok=True)  # the gateways' keys lie in it
    lock = Lock(folder / "lock")
    if not lock.take():
        raise CallWrong(f"Sandboxes run already from {folder}.")
    market = open_market(folder, clock.now)
    if follow_demo:
        for box in market.values():
            box.courier.mischief.pace = DEMO_PACE
    try:
        street = _street(list(market.values()), first_port, steps=DEMO_STEPS if follow_demo else 1)
        with contextlib.suppress(KeyboardInterrupt), running(street):
            tables = {name: box.settings() for name, box in market.items()}
            file = write_payments(folder / "payments.toml", tables)
            if not quiet:
                _tell({name: box.address for name, box in market.items()}, tables, file, as_json)
            _wait(follow_demo)
    except UnableToServe as error:
        raise CallWrong(f"{error}: choose others with --first-port.") from error
    finally:
        lock.release()


def _street(sandboxes: "list[Sandbox]", first_port: int, steps: int) -> "Street":
    """The sandboxes on ports in a row, or on a later row where somebody was quicker.

    Raises UnableToServe where every row of so many steps is taken.
    """
    from eka.gateways.sandbox.serving import Street, UnableToServe

    size = len(sandboxes)
    for step in range(steps):
        first = first_port + step * size
        ports = [first + nth if first_port else 0 for nth in range(size)]
        try:
            return Street(sandboxes, ports)
        except UnableToServe:
            if step == steps - 1:
                raise
    raise AssertionError("there is at least one step")


def _wait(follow_demo: bool) -> None:
    """Until Ctrl-C; the demo's clock, if it is followed, is read from its database every second."""
    stopped = threading.Event()
    if not follow_demo:
        stopped.wait()
        return
    die_with_parent()
    with opened_database(None):
        from eka.usecases import demo

        while not stopped.wait(CLOCK_EVERY_S):
            ahead = demo.ahead()
            clock.set_offset_source(lambda ahead=ahead: ahead)  # type: ignore[misc]


def write_payments(path: Path, tables: dict[str, dict[str, str]]) -> Path:
    """Writes a payments file that nobody else may read; keys of several lines are kept whole."""
    lines = []
    for name, settings in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in settings.items()]
    text = "\n".join(lines) + "\n"
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
    return path


def _toml(value: Any) -> str:
    """A TOML value. JSON's escapes of a string are TOML's too."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _tell(
    addresses: dict[str, str], tables: dict[str, dict[str, str]], file: Path, as_json: bool
) -> None:
    public = {
        name: {key: value for key, value in table.items() if not _is_secret(key)}
        for name, table in tables.items()
    }
    if as_json:
        gateways = {name: {"address": addresses[name], **public[name]} for name in addresses}
        echo_json({"gateways": gateways, "payments_file": str(file)})
        return
    for name, address in addresses.items():
        click.echo(f"{name:<8} {address}/sandbox/payments")
        for key, value in public[name].items():
            click.echo(f"  {key} = {value}")
    click.echo(f"Eka uses them with EKA_PAYMENTS={file}. Ctrl-C stops them.")


def _is_secret(key: str) -> bool:
    return any(part in key for part in SECRET)
