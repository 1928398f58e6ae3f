"""`eka sandbox`: the outside world's sandboxes, on this machine."""

import contextlib
import json
import os
import threading
from collections.abc import Mapping
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
    from eka.gateways.sandbox.box import Box
    from eka.gateways.sandbox.serving import Street

    Boxes = Mapping[str, Box]

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
@click.option("--prepare", is_flag=True, help="Make keys and settings files, and end.")
@click.option("--es2plus", default="", help="Where `eka es2plus` listens for the SM-DP+'s news.")
def sandbox(
    first_port: int, as_json: bool, follow_demo: bool, quiet: bool, prepare: bool, es2plus: str
) -> None:
    """Run the sandboxes of payment gateways and suppliers until Ctrl-C.

    Prints their addresses and public keys, and writes the payments file (EKA_PAYMENTS) and the
    suppliers file (EKA_SUPPLIERS) with which Eka uses them, secrets and all. --first-port 0 takes
    free ports.
    """
    from eka.gateways.payments.sandbox.market import open_market
    from eka.gateways.sandbox.serving import UnableToServe, running
    from eka.gateways.suppliers.sandbox.market import open_suppliers_market

    folder = state_folder() / "sandbox"
    make_state_folder(state_folder())
    folder.mkdir(mode=0o700, exist_ok=True)  # the gateways' keys lie in it
    lock = Lock(folder / "lock")
    if not lock.take():
        raise CallWrong(f"Sandboxes run already from {folder}.")
    gateways = open_market(folder, clock.now)
    suppliers = open_suppliers_market(folder, clock.now)
    boxes = [*gateways.values(), *suppliers.values()]
    for box in boxes if follow_demo else ():
        box.courier.mischief.pace = DEMO_PACE
    _introduce(suppliers["es2plus"], folder, es2plus)
    try:
        street = _street(boxes, first_port, steps=DEMO_STEPS if follow_demo else 1)
        files = {
            "payments": write_settings(folder / "payments.toml", _tables(gateways)),
            "suppliers": write_settings(folder / "suppliers.toml", _tables(suppliers)),
        }
        if prepare:
            return
        with contextlib.suppress(KeyboardInterrupt), running(street):
            if not quiet:
                _tell({"gateways": gateways, "suppliers": suppliers}, files, as_json)
            _wait(follow_demo)
    except UnableToServe as error:
        raise CallWrong(f"{error}: choose others with --first-port.") from error
    finally:
        lock.release()


def _introduce(smdp: "Box", folder: Path, listener: str) -> None:
    """The SM-DP+ hears where its news go; what proves all of them to each other lies in files.

    `eka es2plus` needs the listener's, and other people's ES2+ clients may use the operator's.
    """
    from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox

    assert isinstance(smdp, SmdpSandbox)
    if listener:
        smdp.tell(listener)
    operator = smdp.settings()
    files = {
        **smdp.listener(),
        "ca": operator["ca"],
        "operator": operator["certificate"],
        "operator-key": operator["private_key"],
    }
    for name, text in files.items():
        write_private(folder / f"es2plus-{name}.pem", text)


def _tables(boxes: "Boxes") -> dict[str, dict[str, Any]]:
    return {name: box.settings() for name, box in boxes.items()}


def _street(sandboxes: "list[Box]", first_port: int, steps: int) -> "Street":
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


def write_settings(path: Path, tables: dict[str, dict[str, Any]]) -> Path:
    """Writes a settings file that nobody else may read; keys of several lines are kept whole."""
    lines = []
    for name, settings in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in settings.items()]
    return write_private(path, "\n".join(lines) + "\n")


def write_private(path: Path, text: str) -> Path:
    """Writes a file that nobody else may read, in place of what was there."""
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
    return path


def _toml(value: Any) -> str:
    """A TOML value. JSON's escapes of a string are TOML's too."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _tell(kinds: "dict[str, Boxes]", files: dict[str, Path], as_json: bool) -> None:
    """Where everything is, and what is public of it."""
    shown = {
        kind: {
            name: {"address": box.address, **_public(box.settings())} for name, box in boxes.items()
        }
        for kind, boxes in kinds.items()
    }
    if as_json:
        echo_json({**shown, **{f"{kind}_file": str(file) for kind, file in files.items()}})
        return
    pages = {"gateways": "payments", "suppliers": "profiles"}
    for kind, boxes in shown.items():
        for name, table in boxes.items():
            click.echo(f"{name:<10} {table.pop('address')}/sandbox/{pages[kind]}")
            for key, value in table.items():
                click.echo(f"  {key} = {value}")
    click.echo(
        f"Eka uses them with EKA_PAYMENTS={files['payments']} and"
        f" EKA_SUPPLIERS={files['suppliers']}. Ctrl-C stops them."
    )


def _public(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if not _is_secret(key)}


def _is_secret(key: str) -> bool:
    return any(part in key for part in SECRET)
