"""Usage files: each record is debited once, the others are refused with a reason."""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.shop import (
    ALICE,
    ALICE_CALLS,
    BOB,
    CAROL,
    COLUMNS,
    DORA,
    OPENING,
    add,
    open_shop,
    record,
    write_csv,
)

from eka import clock
from eka.cli.usage_files import UsageFile
from eka.cli.usage_lanes import Lane, run_lane, run_lanes
from eka.ledger import audit, history, reading
from eka.ledger.people import find_line
from eka.rules.buckets import left
from eka.rules.requests import Change
from eka.usecases.commands import carry_out
from eka.usecases.usage import begin

Import = Callable[..., Any]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    open_shop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.csv"


def id_of(imsi: str) -> int:
    found = find_line(imsi)
    assert found is not None
    return found


def rest(imsi: str) -> int | None:
    return left(reading.read([id_of(imsi)])[0].line)


def uses(imsi: str) -> list[tuple[int, dict[str, Any]]]:
    return [(e.bytes, e.figures) for e in history.entries(id_of(imsi), codes=["used"])]


def failures() -> list[audit.Failure]:
    return [failure for part in audit.ranges() for failure in audit.audit(part)]


def test_a_record_is_debited_at_its_end_and_remembered(path: Path, import_usage: Import) -> None:
    answer = import_usage(write_csv(path, [record(ALICE, "r1", day=3)]))

    assert answer.exit_code == 0
    assert answer.said["accepted"] == 1
    assert rest(ALICE) == 9_000
    entry = history.entries(id_of(ALICE), codes=["used"])[0]
    assert entry.at == OPENING + timedelta(days=3)
    assert entry.figures == {"record": "r1", "network": "310410"}


def test_a_line_may_be_called_by_its_id_imsi_or_telephone_number(
    path: Path, import_usage: Import
) -> None:
    names = [ALICE, ALICE_CALLS, f"+{ALICE_CALLS}", str(id_of(ALICE))]
    write_csv(path, [record(name, f"r{i}") for i, name in enumerate(names)])

    assert import_usage(path).said["accepted"] == 4
    assert rest(ALICE) == 6_000


def test_records_are_debited_in_the_order_of_time(path: Path, import_usage: Import) -> None:
    write_csv(path, [record(ALICE, "second", day=2), record(ALICE, "first", day=1)])
    import_usage(path)

    assert [figures["record"] for _, figures in uses(ALICE)] == ["first", "second"]
    assert all("occurred" not in figures for _, figures in uses(ALICE))


def test_a_late_record_is_debited_from_what_is_usable_now(path: Path, import_usage: Import) -> None:
    import_usage(write_csv(path, [record(ALICE, "today", day=31)]))
    import_usage(write_csv(path, [record(ALICE, "late", day=29)]))

    late = uses(ALICE)[-1]
    assert late == (1_000, late[1])
    assert late[1]["occurred"] == "2025-03-30T00:00:00Z"
    assert failures() == []


def test_the_same_file_again_changes_nothing_and_says_so(path: Path, import_usage: Import) -> None:
    write_csv(path, [record(ALICE, "r1"), record("nobody", "r2")])
    first, again = import_usage(path), import_usage(path)

    assert (first.said["already_imported"], again.said["already_imported"]) == (False, True)
    assert first.exit_code == again.exit_code == 1
    assert rest(ALICE) == 9_000


def test_a_record_in_two_files_or_twice_in_one_is_debited_once(
    tmp_path: Path, import_usage: Import
) -> None:
    monday = write_csv(tmp_path / "monday", [record(ALICE, "r1"), record(ALICE, "r1")])
    tuesday = write_csv(tmp_path / "tuesday", [record(ALICE, "r1"), record(ALICE, "r2")])

    assert import_usage(monday).said["repeated"] == 1
    assert import_usage(tuesday).said["repeated"] == 1
    assert rest(ALICE) == 8_000


def test_the_same_id_on_two_lines_is_two_records(path: Path, import_usage: Import) -> None:
    assert import_usage(write_csv(path, [record(ALICE, "r"), record(BOB, "r")])).exit_code == 0
    assert (rest(ALICE), rest(BOB)) == (9_000, 9_000)


def test_an_instant_in_another_zone_is_the_same_record(
    tmp_path: Path, import_usage: Import
) -> None:
    row = record(ALICE, "r1")
    import_usage(write_csv(tmp_path / "utc", [row]))
    row[1:3] = ["2025-03-02T07:30:00+08:00", "2025-03-02T08:00:00+08:00"]

    assert import_usage(write_csv(tmp_path / "china", [row])).said["repeated"] == 1


def test_a_record_that_says_something_else_under_a_known_id_is_refused(
    tmp_path: Path, import_usage: Import
) -> None:
    import_usage(write_csv(tmp_path / "monday", [record(ALICE, "r1")]))
    rows = [record(ALICE, "r1", down=901), record(BOB, "b", day=2), record(BOB, "b", day=1)]
    answer = import_usage(write_csv(tmp_path / "tuesday", rows))

    assert answer.said["reasons"] == {"conflict": 2}
    assert [refused["row"] for refused in answer.said["rejections"]] == [2, 4]
    assert rest(ALICE) == 9_000


def test_use_with_nothing_left_is_unserved_and_unlimited_data_serves_all(
    path: Path, import_usage: Import
) -> None:
    write_csv(path, [record(ALICE, "a", down=20_000), record(CAROL, "c", down=20_000)])

    assert import_usage(path).said["unserved"] == 10_100
    assert failures() == []


def future() -> str:
    return (clock.now() + timedelta(minutes=6)).isoformat()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("line", "999999999999999", "unknown_line"),
        ("line", "0x1", "unknown_line"),
        ("line", "99999999999999999999", "unknown_line"),
        ("line", "", "line_missing"),
        ("line", DORA, "not_activated"),
        ("record_id", "", "record_id"),
        ("record_id", "r" * 129, "record_id"),
        ("start", "yesterday", "start"),
        ("start", "2025-03-01T00:00:00", "start"),
        ("start", "0001-01-01T00:00:00+08:00", "start"),
        ("start", "2025-03-02T00:00:01Z", "end_before_start"),
        ("end", "", "end"),
        ("end", "future", "in_future"),
        ("bytes_up", "-1", "bytes"),
        ("bytes_up", "1.5", "bytes"),
        ("bytes_up", "1e3", "bytes"),
        ("bytes_down", "", "bytes"),
        ("bytes_down", "١", "bytes"),
        ("bytes_down", "9" * 5000, "bytes"),
        ("network", "AT&T", "network"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_and_the_others_are_taken(
    path: Path, import_usage: Import, column: str, value: str, code: str
) -> None:
    wrong = record(ALICE, "wrong")
    wrong[COLUMNS.index(column)] = future() if value == "future" else value
    answer = import_usage(write_csv(path, [record(ALICE, "r1"), wrong, record(ALICE, "r2")]))

    assert answer.exit_code == 1
    assert (answer.said["accepted"], answer.said["reasons"]) == (2, {code: 1})
    assert answer.said["rejections"][0]["row"] == 3
    assert rest(ALICE) == 8_000


def test_a_closed_line_uses_nothing(path: Path, import_usage: Import) -> None:
    carry_out(id_of(BOB), Change("cancel"), now=OPENING, key="cancel")
    assert import_usage(write_csv(path, [record(BOB, "b")])).said["reasons"] == {"closed": 1}


def test_a_number_that_two_lines_bear_means_neither(path: Path, import_usage: Import) -> None:
    add("310410000000009", msisdn=ALICE_CALLS)
    answer = import_usage(write_csv(path, [record(ALICE_CALLS, "r1")]))
    assert answer.said["reasons"] == {"ambiguous_line": 1}


def test_the_report_can_be_mended_and_imported(
    path: Path, tmp_path: Path, import_usage: Import
) -> None:
    report = tmp_path / "refused.csv"
    write_csv(path, [record(ALICE, "r1", up="many"), [ALICE, "short"], record(BOB, "b1")])
    assert import_usage(path, "--report", report).said["rejected"] == 2

    with report.open(newline="") as file:
        head, many, short = csv.reader(file)
    assert head == ["row", "reason", *COLUMNS]
    assert many[:3] == ["2", "bytes_up 'many' is not a whole number of bytes, 0 or more", ALICE]
    assert short[1:] == ["the row has 2 fields; the header names 7", ALICE, "short"]

    many[head.index("bytes_up")] = "1"
    assert import_usage(write_csv(tmp_path / "mended.csv", [many], head)).exit_code == 0
    assert rest(ALICE) == 9_099


def test_columns_in_any_order_a_mark_at_the_start_quotes_and_empty_lines(
    path: Path, import_usage: Import
) -> None:
    path.write_bytes(
        b"\xef\xbb\xbfend,record_id,bytes_down,line,bytes_up,start\r\n"
        b'2025-03-02T00:00:00Z,"r,1",900,"310410000000001", 100 ,2025-03-01T23:00:00Z\r\n'
        b"\r\n,,,,,\r\n"
        b"2025-03-02T00:00:00Z,r2,0,310410000000001,0,2025-03-02T00:00:00Z"
    )
    assert import_usage(path).said["accepted"] == 2
    assert uses(ALICE) == [(1_000, {"record": "r,1"})]


GOOD = b"line,start,end,bytes_up,bytes_down,record_id\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n\n", "line 1: the file is empty"),
        (b"line,start,end,bytes_up,record_id\n", "line 1: column `bytes_down` is missing"),
        (GOOD.replace(b"bytes_up", b"bytes-up"), "line 1: unknown column `bytes-up`; did you mean"),
        (GOOD.replace(b"start", b"line"), "line 1: column `line` stands there twice"),
        (GOOD.replace(b",", b";"), "line 1: columns are separated by commas"),
        (GOOD + b"1,\x00", "line 2: a NUL byte stands here"),
        (GOOD + b"\n1,\xff", "line 3: byte 0xff is not UTF-8"),
        (GOOD + b"1,\xc3", "line 2: byte 0xc3 is not UTF-8"),
        (GOOD.decode().encode("utf-16"), "line 1: a NUL byte"),
        (GOOD + b'1,"open,\n\n', "line 3: this is not CSV"),
        (GOOD + b'1,"a"b,\n', "line 2: this is not CSV"),
        (GOOD + b"1" * 200_000, "line 2: this is not CSV"),
    ],
)
def test_what_is_no_usage_file_is_refused_whole(
    path: Path, import_usage: Import, content: bytes, complaint: str
) -> None:
    path.write_bytes(content)
    answer = import_usage(path)

    assert answer.exit_code == 2
    assert answer.complaint.startswith(f"{path}: {complaint}")


def test_a_file_that_is_not_there_and_a_report_that_cannot_be_written(
    path: Path, tmp_path: Path, import_usage: Import
) -> None:
    assert import_usage(path).exit_code == 2
    write_csv(path, [])
    assert import_usage(path, "--report", path).exit_code == 2
    assert import_usage(path, "--report", tmp_path / "no" / "folder.csv").exit_code == 2
    assert import_usage(path).exit_code == 0


def test_an_import_goes_on_where_it_stopped(path: Path, import_usage: Import) -> None:
    write_csv(path, [record(ALICE, f"r{i}", up=0, down=1, day=i / 10) for i in range(100)])
    file = UsageFile(path)
    lanes = begin(file.digest, path.name, 1, clock.now())

    class Killed(Exception):
        pass

    def kill(rows_done: int) -> None:
        if rows_done >= 40:
            raise Killed

    with pytest.raises(Killed):
        run_lanes(file, lanes, kill, 20)

    answer = import_usage(path)
    assert (answer.said["resumed_at"], answer.said["accepted"]) == (40, 100)
    assert rest(ALICE) == 9_900
    assert failures() == []


def test_who_comes_second_leaves_out_what_was_taken_meanwhile(path: Path) -> None:
    write_csv(path, [record(ALICE, f"r{i}", up=0, down=1, day=i / 10) for i in range(50)])
    file = UsageFile(path)
    stale = begin(file.digest, path.name, 1, clock.now())
    run_lanes(file, stale, lambda _: None, 20)
    run_lanes(file, stale, lambda _: None, 15)

    assert rest(ALICE) == 9_950
    assert begin(file.digest, path.name, 1, clock.now())[0].accepted == 50


def test_lanes_take_each_row_once(path: Path) -> None:
    names = [ALICE, BOB, CAROL, "nobody", ALICE_CALLS]
    write_csv(path, [record(names[i % 5], f"r{i}", up=0, down=1, day=i / 10) for i in range(100)])
    file = UsageFile(path)
    begin(file.digest, path.name, 3, clock.now())
    for lane in range(3):
        run_lane(file, Lane(lane, 3, 0), lambda _: None, 7)

    lanes = begin(file.digest, path.name, 1, clock.now())
    assert [lane.finished for lane in lanes] == [True, True, True]
    assert sum(lane.accepted for lane in lanes) == 80
    assert sum(lane.rejected for lane in lanes) == 20
    assert (rest(ALICE), rest(BOB)) == (9_960, 9_980)
    assert failures() == []
