"""`eka simulate`: plays scenario files through the rules, or through the real tables.

eka simulate FILE...                     the rules alone
eka simulate --database [URL] FILE...    use cases and tables, in a schema that is thrown away
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from eka.charts.tide import draw
from eka.cli.options import json_option, opened_database
from eka.cli.output import for_terminal
from eka.cli.problems import CallWrong
from eka.cli.texts import read_text
from eka.rules.documents import BadInput
from eka.rules.expectations import data_text
from eka.rules.instants import format_instant
from eka.rules.lines import Entry
from eka.rules.play import Check, Played, RuleStage, Stage, play
from eka.rules.scenarios import Scenario, read_scenario
from eka.rules.tide import timeline_of_played
from eka.words import Words

StageMaker = Callable[[str], Stage]


class Run(NamedTuple):
    """One file that was played."""

    path: str
    scenario: Scenario
    played: Played


@click.command()
@click.option(
    "--database",
    "in_database",
    is_flag=True,
    help="Run the real use cases and tables in a throw-away schema. A URL may follow.",
)
@click.option("--svg", type=click.Path(path_type=Path), help="Draw the tide chart of the one FILE.")
@json_option
@click.argument("files", nargs=-1, required=True)
def simulate(files: tuple[str, ...], in_database: bool, svg: Path | None, as_json: bool) -> None:
    """Play scenario FILES and check what they expect.

    Exit 0: everything holds; 1: an expectation does not; 2: a file cannot be read or is not a
    scenario.
    """
    url = next((name for name in files if _is_url(name)), None) if in_database else None
    names = [name for name in files if name != url]
    if not names:
        raise CallWrong("Name at least one scenario file.")
    if svg is not None and len(names) != 1:
        raise CallWrong("--svg draws one file: name exactly one.")
    with _stages(in_database, url) as make_stage:
        codes = [_run_file(name, make_stage, svg, as_json) for name in names]
    sys.exit(max(codes))


def _is_url(name: str) -> bool:
    return name.startswith(("postgresql://", "postgres://"))


@contextmanager
def _stages(in_database: bool, url: str | None) -> Iterator[StageMaker]:
    if not in_database:
        yield RuleStage
        return
    with opened_database(url):
        from eka.cli.stages import LedgerStage, throwaway_schema

        with throwaway_schema():
            yield LedgerStage


def _run_file(name: str, make_stage: StageMaker, svg: Path | None, as_json: bool) -> int:
    """Plays one file and reports on it; returns the exit code that it asks for."""
    try:
        scenario = read_scenario(read_text(Path(name)))
    except BadInput as error:
        click.echo(f"{name}: {error}", err=True)
        if as_json:
            click.echo(_line({"file": name, "ok": False, "error": str(error)}))
        return 2
    run = Run(name, scenario, play(scenario, make_stage(scenario.timezone)))
    if svg is not None:
        _draw(run, svg)
    click.echo(_line(_as_plain(run)) if as_json else _as_text(run))
    return 0 if run.played.ok else 1


def _draw(run: Run, target: Path) -> None:
    picture = draw(
        timeline_of_played(run.played, run.scenario.plans),
        Words("en"),
        width=900,
        height=360,
        css=True,
    )
    try:
        target.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CallWrong(f"{target} cannot be written: {error.strerror}") from error


def _line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _as_plain(run: Run) -> dict[str, Any]:
    words = Words("en")
    checks = [
        {f: getattr(check, f) for f in ("at", "field", "expected", "actual", "ok")}
        for check in run.played.checks
    ]
    timeline = [_entry_plain(entry, words, run) for entry in run.played.entries]
    timeline += [
        {"at": format_instant(refusal.at), "code": "refused", "reason": refusal.code}
        for refusal in run.played.refusals
    ]
    timeline.sort(key=lambda told: told["at"])
    return {"file": run.path, "ok": run.played.ok, "checks": checks, "timeline": timeline}


def _entry_plain(entry: Entry, words: Words, run: Run) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at": format_instant(entry.at),
        "code": entry.code,
        "bytes": data_text(entry.bytes),
        "bucket": entry.bucket,
        "into": entry.into,
        "kind": entry.kind,
        "reason": entry.reason,
        "figures": dict(sorted(entry.figures.items())),
        "text": for_terminal(words.entry(entry, run.scenario.timezone)),
    }
    return {key: value for key, value in told.items() if value not in (None, "", {})}


def _as_text(run: Run) -> str:
    """The timeline of what happened and why, and each expectation that does not hold."""
    words = Words("en")
    lines = [f"{run.path}: {run.scenario.title}"]
    told = [(entry.at, words.entry(entry, run.scenario.timezone)) for entry in run.played.entries]
    told += [
        (refusal.at, f"line {refusal.line} is refused: {refusal.code}")
        for refusal in run.played.refusals
    ]
    lines += [f"  {format_instant(at)}  {text}" for at, text in sorted(told, key=lambda t: t[0])]
    wrong = [check for check in run.played.checks if not check.ok]
    lines += [_wrong(check) for check in wrong]
    count = len(run.played.checks)
    lines.append(f"  {count - len(wrong)} of {count} expectations hold")
    return for_terminal("\n".join(lines))


def _wrong(check: Check) -> str:
    where = f"line {check.line}, {check.at}"
    return f"  ✗ {where}: {check.field} should be {check.expected}, is {check.actual}"
