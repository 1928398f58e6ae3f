"""The cast: Olga's adapter, an SM-DP+ that says odd things, and where Olga listens."""

import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.api.es2plus import listener
from eka.cli.es2plus import bound, mutual
from eka.gateways.suppliers.es2plus import Es2PlusSettings, Es2PlusSupplier
from eka.gateways.suppliers.es2plus.door import proven
from eka.gateways.suppliers.sandbox.counter import Act
from eka.gateways.suppliers.sandbox.smdp import SmdpSandbox
from eka.gateways.suppliers.terms import Notice, ProfileAsk, Reply, Supplied
from eka.wire.es2plus import codec

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
EID = "89049032123451234512345678901235"
OTHER_EID = "89049032000000000000000000000084"
START_S_MAX = 20


class Clock:
    """What time it is at the SM-DP+."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def opened(settings: Mapping[str, Any]) -> Es2PlusSupplier:
    """Olga's adapter, as her suppliers file says it."""
    return Es2PlusSupplier("our-smdp", msgspec.convert(settings, Es2PlusSettings))


@cache  # reading certificates takes longer than most stories
def supplier_of(settings: bytes) -> Es2PlusSupplier:
    return opened(msgspec.json.decode(settings))


class Smdp:
    """The sandbox, the operator's adapter to it, and the hands of those with phones."""

    def __init__(self, sandbox: SmdpSandbox, clock: Clock, browser: httpx.Client) -> None:
        self.sandbox, self.clock, self.browser = sandbox, clock, browser
        self.supplier = self.supplier_with()

    def supplier_with(self, **changed: Any) -> Es2PlusSupplier:
        """An adapter of which some settings are others."""
        settings = {**self.sandbox.settings(), **changed}
        return supplier_of(msgspec.json.encode(settings))

    def post(self, path: str, **body: object) -> Any:
        answer = self.browser.post(self.sandbox.address + path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.browser.get(self.sandbox.address + path).json()

    def act(self, iccid: str, *acts: Act) -> None:
        for act in acts:
            self.post(f"/sandbox/profiles/{iccid}/{act}")

    def state(self, iccid: str) -> str:
        states = {one["iccid"]: str(one["state"]) for one in self.get("/sandbox/profiles")}
        return states[iccid]

    def sold(self, number: str = "EKA0001", **more: Any) -> Supplied:
        """Alice's profile is ready."""
        asked = ask(number, **more)
        return self.supplier.look(asked, self.supplier.order(asked).reference)

    def deliver(self) -> int:
        """The SM-DP+ tells what it has to tell; how much of it still waits."""
        return int(self.post("/sandbox/deliver")["waiting"])


def ask(number: str = "EKA0001", package: str = "eka-test", **more: Any) -> ProfileAsk:
    return ProfileAsk(number=number, package=package, asked_at=NOON, **more)


class Listener:
    """Where Olga listens: the server of `eka es2plus`, which notes what it hears."""

    def __init__(self, sandbox: SmdpSandbox) -> None:
        self.supplier = opened(sandbox.settings())
        self.pem = sandbox.listener()
        self.heard: list[Notice] = []
        self.fails: list[Exception] = []  # what goes wrong with the next ones

    def hear(self, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.fails:
            raise self.fails.pop(0)
        self.heard.append(self.supplier.read_notice(headers, body, NOON))
        return self.supplier.reply(True)

    def clear(self) -> None:
        self.heard.clear()
        self.fails.clear()

    def events(self) -> list[str]:
        return [one.progress.event for one in self.heard if one.progress]

    def post(self, body: bytes, pem: Mapping[str, str], name: str = "notifier") -> httpx.Response:
        """A notification from whoever has this certificate."""
        tls = proven(pem[name], pem[f"{name}_key"], self._ca)
        with httpx.Client(verify=tls, trust_env=False) as client:
            return client.post(self.address + PATH, content=body, headers=codec.headers())

    def __enter__(self) -> Self:
        folder = tempfile.TemporaryDirectory()
        with folder:
            files = {name: Path(folder.name) / name for name in self.pem}
            for name, file in files.items():
                file.write_text(self.pem[name])
            self._server = mutual(listener(self.hear), **files)
        taken = bound("127.0.0.1", 0)
        self._ca = self.supplier.settings.ca
        self.address = f"https://127.0.0.1:{taken.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([taken],), daemon=True)
        self._thread.start()
        waited = threading.Event()
        for _ in range(START_S_MAX * 100):
            if self._server.started:
                return self
            waited.wait(0.01)
        raise AssertionError("the listener did not start")

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_S_MAX)


PATH = codec.PATH + "handleDownloadProgressInfo"


class OddSmdp(SmdpSandbox):
    """Answers every function with what it is told to: status, body, headers."""

    says: tuple[int, bytes, dict[str, str]] = (200, b"", {})

    def routes(self) -> list[Route]:
        return [Route(codec.PATH + "{function}", self._say, methods=["POST"])]

    async def _say(self, request: Request) -> Response:
        status, body, headers = self.says
        return Response(body, status, headers)
