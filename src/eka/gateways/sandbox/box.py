"""A sandbox: a server of somebody's real wire format, and the mischief that a script can ask for.

Beside that API each sandbox answers under `/sandbox/`:

- `GET|POST mischief`           what goes wrong on purpose (`courier.Mischief`)
- `POST deliver`                sends every notification that waits, now
- `POST take`                   hands over every notification that waits, without sending it
"""

import base64
import ssl
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from eka.gateways.sandbox.courier import Courier, Envelope, read_mischief
from eka.gateways.sandbox.records import Document, Records


class Tls(Struct, frozen=True):
    """With what a sandbox proves itself, and whose clients it lets in (mutual TLS), as PEM files.

    Without `clients` anybody may come.
    """

    certificate: Path
    key: Path
    clients: Path | None = None

    @property
    def wanted(self) -> ssl.VerifyMode:
        """Whether a client has to prove itself."""
        return ssl.CERT_REQUIRED if self.clients else ssl.CERT_NONE


class Box(ABC):
    """One server. `address` is set when it listens, such as http://127.0.0.1:9101."""

    name: str
    retry_after_s: tuple[int, ...]

    def __init__(self, records: Records, courier: Courier) -> None:
        self.records, self.courier = records, courier
        self.address = ""
        courier.serve(self)

    @property
    def now(self) -> Any:
        """The sandbox's clock: call it."""
        return self.courier.now

    @property
    def tls(self) -> Tls | None:
        """How it proves itself; None: it speaks plainly."""
        return None

    @abstractmethod
    def routes(self) -> list[Route]:
        """The real API, and what the sandbox has of its own."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What the adapter's settings need: address, keys, ids."""

    @abstractmethod
    def envelope(self, event: Document, now: Any) -> Envelope:
        """A notification, signed now."""

    @abstractmethod
    def forgery(self, event: Document, now: Any) -> Envelope:
        """The same from somebody who does not have the keys."""

    @abstractmethod
    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the seller's answer ends the retries."""

    @abstractmethod
    def out_of_order(self, status: int) -> Response:
        """The real server's own way to say that it is out of order."""

    def own(self) -> list[Route]:
        """What a kind of sandboxes has beside the real API, under /sandbox/."""
        return []

    def app(self) -> ASGIApp:
        """The whole server."""
        shared = [
            Route("/sandbox/mischief", self._mischief, methods=["GET", "POST"]),
            Route("/sandbox/deliver", self._deliver, methods=["POST"]),
            Route("/sandbox/take", self._take, methods=["POST"]),
        ]
        return _Moody(Starlette(routes=[*shared, *self.own(), *self.routes()]), self)

    async def _mischief(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.courier.mischief = read_mischief(await request.body())
            except msgspec.ValidationError as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(msgspec.to_builtins(self.courier.mischief))

    async def _deliver(self, request: Request) -> Response:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            done = await self.courier.deliver(client, all_of_them=True)
        return JSONResponse({"accepted": done, "waiting": len(self.courier.waiting())})

    async def _take(self, request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "url": url,
                    "headers": letter.headers,
                    "body": base64.b64encode(letter.body).decode(),
                }
                for url, letter in self.courier.take()
            ]
        )


class _Moody:
    """The server, as its mischief lets it answer: out of order, or mute after the deed."""

    def __init__(self, app: ASGIApp, box: Box) -> None:
        self._app, self._box = app, box

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return
        courier = self._box.courier
        if courier.mischief.down:
            await self._box.out_of_order(503)(scope, receive, send)
        elif courier.mute():
            await self._app(scope, receive, _nowhere)
            await self._box.out_of_order(500)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _nowhere(message: Any) -> None:
    """Where an answer goes that nobody shall get."""
