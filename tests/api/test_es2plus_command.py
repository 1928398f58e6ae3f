"""`eka es2plus` as a process: what an SM-DP+ tells reaches the ledger, once."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from django.db import connection
from psycopg.conninfo import make_conninfo

from eka.cli.es2plus import es2plus
from eka.cli.problems import CallWrong
from eka.cli.sandbox import write_settings
from eka.gateways.sandbox.courier import Courier, Mischief
from eka.gateways.sandbox.records import Records
from eka.gateways.sandbox.serving import opened
from eka.gateways.suppliers.es2plus.door import proven
from eka.gateways.suppliers.opening import open_tables
from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox
from eka.gateways.suppliers.sandbox.smdp.keys import made
from eka.gateways.suppliers.terms import ProfileAsk
from eka.ledger import models
from eka.wire.es2plus import codec
from eka.wire.es2plus.messages import (
    HandleDownloadProgressInfo,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
COMMAND = "import sys; from eka.cli.es2plus import es2plus; sys.exit(es2plus())"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SmdpSandbox]:
    records = Records()
    sandbox = SmdpSandbox(records, Courier(records, lambda: NOON))
    sandbox.courier.mischief = Mischief(held=True)
    with opened([sandbox]):
        yield sandbox


@pytest.fixture
def files(sandbox: SmdpSandbox, tmp_path: Path) -> list[str]:
    """The options that name the listener's certificate, key and clients."""
    options = []
    for name, text in sandbox.listener().items():
        (tmp_path / f"{name}.pem").write_text(text)
        options += [f"--{name}", str(tmp_path / f"{name}.pem")]
    return options


@pytest.fixture
def address(
    sandbox: SmdpSandbox,
    files: list[str],
    tmp_path: Path,
    postgres_url: str,
    committed_ledger: None,
) -> Iterator[str]:
    """Where the command listens."""
    file = write_settings(
        tmp_path / "suppliers.toml", {"our-smdp": {"kind": "es2plus", **sandbox.settings()}}
    )
    name = connection.settings_dict["NAME"]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "our-smdp", "--port", "0", *files],
        env={
            **os.environ,
            "DATABASE_URL": make_conninfo(postgres_url, dbname=name),
            "EKA_SUPPLIERS": str(file),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("es2plus: our-smdp on https://127.0.0.1:")
        yield said.split()[-1]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_what_the_sm_dp_tells_twice_is_kept_once_and_a_stranger_s_word_never(
    sandbox: SmdpSandbox, address: str
) -> None:
    supplier = open_tables({"es2plus": sandbox.settings()})["es2plus"]
    theirs = made()
    tls = proven(theirs["notifier"], theirs["notifier_key"], sandbox.settings()["ca"])
    with httpx.Client(verify=tls, trust_env=False) as strange, pytest.raises(httpx.TransportError):
        strange.post(address + codec.path(HandleDownloadProgressInfo))
    ask = ProfileAsk(number="EKA0001", package="eka-test", asked_at=NOON)
    iccid = supplier.look(ask, "").reference
    sandbox.tell(address)
    sandbox.courier.mischief = Mischief(double=1000, held=True)
    sandbox.act(iccid, "download", 0)
    ours = ssl.create_default_context(cadata=sandbox.settings()["ca"])
    with httpx.Client(verify=ours, trust_env=False) as browser:
        answer = browser.post(sandbox.address + "/sandbox/deliver")
    assert answer.json() == {"accepted": 4, "waiting": 0}
    kept = models.SupplierNotice.objects.order_by("event")
    assert [(one.supplier, one.kind[-1]) for one in kept] == [("our-smdp", "1"), ("our-smdp", "3")]


def test_a_supplier_that_is_no_sm_dp(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EKA_SUPPLIERS", raising=False)
    told = CliRunner().invoke(es2plus, ["nobody", *files])
    assert isinstance(told.exception, CallWrong)
    assert "names no SM-DP+ nobody" in str(told.exception)
