"""The house rules that no linter knows. CONTRIBUTING.md gives the reason of each."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "src" / "eka"

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

ASKS_THE_TIME = re.compile(
    r"\b(datetime|date)\.(now|today|utcnow)\(|\btimezone\.(now|localdate|localtime)\("
    r"|\btime\.(time|time_ns|localtime|gmtime)\("
)
MEANINGLESS = {"base", "common", "helpers", "manager", "managers", "misc", "util", "utils"}


def python_files(*folders: Path) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts
    )


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def shown(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def test_only_the_clock_reads_the_time() -> None:
    guilty = [
        f"{shown(path)}:{number}"
        for path in python_files(SOURCES)
        if path != SOURCES / "clock.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ASKS_THE_TIME.search(line)
    ]
    assert guilty == [], "take `now` as an argument; it comes from eka.clock"


@pytest.mark.parametrize(
    ("line", "guilty"),
    [
        ("datetime.now(UTC)", True),
        ("timezone.now()", True),
        ("started = time.time()", True),
        ("date.today()", True),
        ("time.monotonic()", False),
        ("clock.now()", False),
    ],
)
def test_what_counts_as_reading_the_time(line: str, guilty: bool) -> None:
    assert bool(ASKS_THE_TIME.search(line)) is guilty


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    long = {
        shown(path): lines
        for path in python_files(SOURCES, PROJECT / "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert long == {}, "split by concept, not by size"


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{shown(path)}:{function.name}": lines
        for path in python_files(SOURCES)
        for function in functions_of(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_every_package_says_what_it_is() -> None:
    folders = {path.parent for path in python_files(SOURCES)}
    missing = [
        shown(folder)
        for folder in sorted(folders)
        if not (folder / "__init__.py").exists()
        or not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    ]
    assert missing == [], "give the package an __init__.py with a sentence"


def test_no_module_has_a_name_that_means_nothing() -> None:
    guilty = [shown(path) for path in python_files(SOURCES) if path.stem in MEANINGLESS]
    assert guilty == [], "name it after what it knows"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        shown(path)
        for path in python_files(SOURCES, PROJECT / "tests")
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    guilty = [
        f"{shown(path)}:{number}"
        for path in python_files(SOURCES, PROJECT / "tests")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert guilty == []


def test_the_lock_names_no_place_to_download_from() -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in lock.splitlines() if "://" in line or line.startswith("-")]
    assert lines == []


def test_every_locked_package_is_held_to_its_hashes() -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    loose = [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert loose == []
