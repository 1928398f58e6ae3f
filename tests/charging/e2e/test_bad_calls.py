"""`eka charging` called wrongly: status 2, and one sentence that says what would be right."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from tests.faults.conftest import PROJECT

# All calls in one process, which is quicker than a process for each.
CALLS = """
import contextlib, io, json, sys
from eka.cli.main import main
for words in json.loads(sys.argv[1]):
    told, status = io.StringIO(), None
    with contextlib.redirect_stderr(told):
        try:
            main(["charging", *words, "--database=postgresql://127.0.0.1:1/nothing"])
        except SystemExit as end:
            status = end.code
    print(json.dumps([status, told.getvalue()]))
"""
GY, NCHF = "--gy=127.0.0.1:0", "--nchf=127.0.0.1:0"

WRONG: dict[str, tuple[Sequence[str], str]] = {
    "no door": ([], "Nothing to listen on: give --gy HOST:PORT, --nchf HOST:PORT, or both."),
    "no port": (["--gy=here"], "--gy 'here' is not HOST:PORT, such as 127.0.0.1:3868."),
    "no host": (["--nchf=:80"], "--nchf ':80' is not HOST:PORT"),
    "no such port": (["--gy=127.0.0.1:99999"], "--gy '127.0.0.1:99999' is not HOST:PORT"),
    "no such host": (["--gy=nowhere.invalid:1"], "nowhere.invalid is not an address to listen on"),
    "open to all": (["--gy=0.0.0.0:0"], "0.0.0.0 can be reached from outside: name the gateways"),
    "no key": ([GY, "--tls-certificate=a"], "TLS needs both --tls-certificate and --tls-key."),
    "no certificate": ([NCHF, "--tls-key=a"], "TLS needs both --tls-certificate and --tls-key."),
    "clients alone": ([GY, "--tls-clients=a"], "TLS needs both --tls-certificate and --tls-key."),
    "no files": ([GY, "--tls-certificate=a", "--tls-key=b"], "There is no file a."),
    "no action": ([GY, "--final-unit=x"], "--final-unit 'x' is neither terminate, restrict nor"),
    "taken by gy": (["--gy=127.0.0.1:{taken}"], "{taken} on 127.0.0.1 is taken: choose another"),
    "taken by nchf": (["--nchf=127.0.0.1:{taken}"], "is taken: choose another with --nchf."),
    "gy no PEM": ([GY, "--tls-certificate={pem}", "--tls-key={pem}"], "Cannot listen: "),
    "nchf no PEM": ([NCHF, "--tls-certificate={pem}", "--tls-key={pem}"], "Cannot listen: "),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Of each call its status, what was said, and what was to be said."""
    pem: Path = tmp_path_factory.mktemp("tls") / "nothing.pem"
    pem.write_text("nothing")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        names = {"taken": other.getsockname()[1], "pem": pem}
        calls = [[word.format(**names) for word in words] for words, _ in WRONG.values()]
        done = subprocess.run(
            [sys.executable, "-c", CALLS, json.dumps(calls)],
            cwd=PROJECT,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        name: (status, text, sentence.format(**names))
        for (name, (_, sentence)), (status, text) in zip(WRONG.items(), told, strict=True)
    }


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call(call: str, said: dict[str, tuple[int, str, str]]) -> None:
    status, text, sentence = said[call]
    assert status == 2
    assert sentence in text
    assert len(text.splitlines()) == 1, text


def test_tables_that_are_not_there(postgres_url: str) -> None:
    empty = make_conninfo(postgres_url, dbname="postgres")
    done = subprocess.run(
        [sys.executable, "-m", "eka.cli", "charging", GY, "--database", empty],
        cwd=PROJECT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "run `eka migrate`" in done.stderr
