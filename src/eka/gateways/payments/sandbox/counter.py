"""What all payment sandboxes have in common: acts of the payer, mischief, and the page to pay on.

Beside its gateway's own API each sandbox answers under `/sandbox/`:

- `GET  payments`               what was begun, as JSON
- `POST payments/NUMBER/ACT`    what the payer does; the acts are in `ACTS`
- `GET  pay/NUMBER`             the same, as a page with buttons for a person
- `GET|POST mischief`           what goes wrong on purpose (`courier.Mischief`)
- `POST deliver`                sends every notification that waits, now
- `POST take`                   hands over every notification that waits, without sending it
"""

import base64
import html
from abc import ABC, abstractmethod
from typing import Any, Literal

import httpx
import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from eka.gateways.payments.sandbox.courier import Courier, Envelope, read_mischief
from eka.gateways.payments.sandbox.records import Document, Records
from eka.rules.units import Money, format_money

Act = Literal["pay", "fail", "pay_twice", "pay_late", "approve", "dispute"]
ACTS: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late", "approve", "dispute")


class Shown(Struct, frozen=True, kw_only=True):
    """A payment as the sandbox shows it. `back` is where the payer's browser goes afterwards."""

    number: str
    state: str
    amount: Money
    title: str
    back: str = ""
    cancel: str = ""


class Sandbox(ABC):
    """One gateway's server. `address` is set when it listens, such as http://127.0.0.1:9101."""

    name: str
    retry_after_s: tuple[int, ...]
    acts: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late")

    def __init__(self, records: Records, courier: Courier) -> None:
        self.records, self.courier = records, courier
        self.address = ""
        courier.serve(self)

    @property
    def now(self) -> Any:
        """The sandbox's clock: call it."""
        return self.courier.now

    @abstractmethod
    def routes(self) -> list[Route]:
        """The gateway's own API."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
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
    def payments(self) -> list[Shown]:
        """What was begun, oldest first."""

    @abstractmethod
    def shown(self, number: str) -> Shown | None:
        """The payment of our number."""

    @abstractmethod
    def act(self, number: str, act: Act) -> None:
        """What the payer does with an existing payment; an act that cannot be is ignored.

        pay_late: the payer is about to pay, and the money arrives although the payment has been
        closed or has expired meanwhile.
        """

    @abstractmethod
    def out_of_order(self, status: int) -> Response:
        """The gateway's own way to say that it is out of order."""

    def app(self) -> ASGIApp:
        """The whole server."""
        own = [
            Route("/sandbox/payments", self._payments),
            Route("/sandbox/payments/{number}/{act}", self._act, methods=["POST"]),
            Route("/sandbox/pay/{number}", self._page),
            Route("/sandbox/mischief", self._mischief, methods=["GET", "POST"]),
            Route("/sandbox/deliver", self._deliver, methods=["POST"]),
            Route("/sandbox/take", self._take, methods=["POST"]),
        ]
        return _Moody(Starlette(routes=[*own, *self.routes()]), self)

    async def _payments(self, request: Request) -> Response:
        return JSONResponse([_plain(payment) for payment in self.payments()])

    async def _act(self, request: Request) -> Response:
        number, act = request.path_params["number"], request.path_params["act"]
        if self.shown(number) is None or act not in ACTS:
            return JSONResponse({"error": "no such payment or act"}, 404)
        self.act(number, act)
        shown = self.shown(number)
        assert shown is not None
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(_plain(shown))
        back = shown.cancel if act == "fail" else shown.back
        return RedirectResponse(back or f"/sandbox/pay/{number}", 303)

    async def _page(self, request: Request) -> Response:
        shown = self.shown(request.path_params["number"])
        if shown is None:
            return HTMLResponse("<h1>No such payment</h1>", 404)
        return HTMLResponse(page(self.name, shown, self.acts))

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

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return
        courier = self._sandbox.courier
        if courier.mischief.down:
            await self._sandbox.out_of_order(503)(scope, receive, send)
        elif courier.mute():
            await self._app(scope, receive, _nowhere)
            await self._sandbox.out_of_order(500)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _nowhere(message: Any) -> None:
    """Where an answer goes that nobody shall get."""


def _plain(shown: Shown) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(shown)
    return plain


BUTTONS: dict[Act, str] = {
    "pay": "Pay · 付款",
    "fail": "Fail · 付款失败",
    "pay_twice": "Pay twice · 重复付款",
    "pay_late": "Pay late · 超时后才付款",
    "approve": "Agree · 同意付款",
    "dispute": "Dispute · 发起争议",
}

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:2rem auto;padding:0 1rem}
strong{display:block;font-size:2rem;font-variant-numeric:tabular-nums}
form{margin:.5rem 0}button{font:inherit;width:100%;padding:.75rem;border:1px solid #1b1f23;
border-radius:.25rem;background:#fff}form:first-of-type button{background:#0b6b53;color:#fff}
small{color:#57606a}
"""


def page(name: str, shown: Shown, acts: tuple[Act, ...]) -> str:
    """The page on which a person pays at a sandbox."""
    forms = "".join(
        f'<form method="post" action="/sandbox/payments/{html.escape(shown.number)}/{act}">'
        f"<button>{BUTTONS[act]}</button></form>"
        for act in acts
    )
    back = f'<p><a href="{html.escape(shown.back)}">Back to the shop · 返回商店</a></p>'
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{name} sandbox</title><style>{STYLE}</style>"
        f"<h1>{name} <small>sandbox · 沙箱</small></h1>"
        f"<p>{html.escape(shown.title)}<strong>{html.escape(format_money(shown.amount))}</strong>"
        f"<small>{html.escape(shown.number)} · {html.escape(shown.state)}</small></p>"
        f"{forms}{back if shown.back else ''}</html>"
    )
