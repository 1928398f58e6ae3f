"""`eka sandbox`: the four gateways as a process of their own, which may be killed at any moment."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eka.cli.sandbox import SECRET
from eka.gateways.payments.opening import open_gateways
from eka.gateways.payments.terms import PaymentAsk
from eka.rules.instants import parse_instant
from eka.rules.units import Money

Started = tuple["subprocess.Popen[str]", dict[str, Any]]


@pytest.fixture
def start(state: Path) -> Iterator[Callable[[], Started]]:
    """Starts the sandboxes on free ports; what still runs at the end is stopped."""
    running: list[subprocess.Popen[str]] = []

    def begin() -> Started:
        command = [sys.executable, "-m", "eka.cli", "sandbox", "--json", "--first-port", "0"]
        process = subprocess.Popen(
            command,
            env={**os.environ, "EKA_STATE": str(state)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        return process, json.loads(line) if line.strip() else {}

    yield begin
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def secrets_of(state: Path) -> list[str]:
    import tomllib

    folder = state / "sandbox"
    files = [(folder / f"{name}.toml").read_text("utf-8") for name in ("payments", "suppliers")]
    return [
        value
        for text in files
        for table in tomllib.loads(text).values()
        for key, value in table.items()
        if any(part in key for part in SECRET)
    ]


def test_it_tells_addresses_and_public_keys_and_no_secret(
    start: Callable[[], Started], state: Path
) -> None:
    process, told = start()
    assert list(told["gateways"]) == ["stripe", "paypal", "wechat", "alipay"]
    file = Path(told["payments_file"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0
    shown = json.dumps(told)
    secrets = secrets_of(state)
    assert len(secrets) >= 5
    assert not any(json.dumps(secret)[1:-1] in shown for secret in secrets)
    for gateway in told["gateways"].values():
        assert gateway["address"].startswith("http://127.0.0.1:")
        assert httpx.get(f"{gateway['address']}/sandbox/payments", trust_env=False).json() == []
    assert list(told["suppliers"]) == ["es2plus", "airalo", "esimaccess"]
    for supplier in told["suppliers"].values():
        profiles = f"{supplier['address']}/sandbox/profiles"
        assert httpx.get(profiles, trust_env=False, verify=False).json() == []
    assert "PUBLIC KEY" in told["gateways"]["wechat"]["public_key"]
    second, nothing = start()
    assert nothing == {}
    _, sentence = second.communicate()
    assert (second.returncode, "run already" in sentence) == (2, True)
    assert process.poll() is None


def test_killed_and_started_again_it_knows_what_it_knew(start: Callable[[], Started]) -> None:
    process, told = start()
    keys = Path(told["payments_file"]).read_text(encoding="utf-8")
    ask = PaymentAsk(
        number="PKILLED1",
        amount=Money(7200, "CNY"),
        title="Eka",
        way="qr",
        expires_at=parse_instant("2100-01-01T00:00:00Z"),
        return_url="",
        cancel_url="",
        notify_url="http://127.0.0.1:9/nobody",
    )
    open_gateways(Path(told["payments_file"]))["wechat"].begin(ask)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, again = start()
    file = Path(again["payments_file"])
    secrets = [line for line in keys.splitlines() if "http" not in line]
    assert [line for line in file.read_text("utf-8").splitlines() if "http" not in line] == secrets
    address = again["gateways"]["wechat"]["address"]
    pay = f"{address}/sandbox/payments/PKILLED1/pay"
    assert httpx.post(pay, trust_env=False).json()["number"] == "PKILLED1"
    report = open_gateways(file)["wechat"].look("PKILLED1", "")
    assert (report.status, report.amount) == ("paid", Money(7200, "CNY"))


def test_other_peoples_clients_find_what_proves_them_to_the_sm_dp_plus(
    start: Callable[[], Started], state: Path
) -> None:
    _, told = start()
    folder = state / "sandbox"
    trusting = ssl.create_default_context(cafile=folder / "es2plus-ca.pem")
    order = f"{told['suppliers']['es2plus']['address']}/gsma/rsp2/es2plus/downloadOrder"
    requester = told["suppliers"]["es2plus"]["requester"]
    header = {"functionRequesterIdentifier": requester, "functionCallIdentifier": "1"}
    body = {"header": header, "profileType": "eka-travel"}
    protocol = {"X-Admin-Protocol": "gsma/rsp/v2.5.0"}
    with httpx.Client(verify=trusting, trust_env=False) as nobody:
        assert nobody.post(order, json=body, headers=protocol).status_code == 403
    trusting.load_cert_chain(folder / "es2plus-operator.pem", folder / "es2plus-operator-key.pem")
    with httpx.Client(verify=trusting, trust_env=False) as client:
        answer = client.post(order, json=body, headers=protocol).json()
    assert answer["header"]["functionExecutionStatus"]["status"] == "Executed-Success"
    assert len(answer["iccid"]) == 20


def test_ctrl_c_ends_it(start: Callable[[], Started]) -> None:
    process, _ = start()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")
