"""What all payment sandboxes have in common: acts of the payer, and the page to pay on.

Beside what every sandbox has (`eka.gateways.sandbox.box`) each answers:

- `GET  /sandbox/payments`               what was begun, as JSON
- `POST /sandbox/payments/NUMBER/ACT`    what the payer does; the acts are in `ACTS`
- `GET  /sandbox/pay/NUMBER`             the same, as a page with buttons for a person
"""

import html
from abc import abstractmethod
from typing import Any, Literal

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from eka.gateways.sandbox.box import Box
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


class Sandbox(Box):
    """One gateway's server."""

    acts: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late")

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

    def own(self) -> list[Route]:
        """The payer's acts and page."""
        return [
            Route("/sandbox/payments", self._payments),
            Route("/sandbox/payments/{number}/{act}", self._act, methods=["POST"]),
            Route("/sandbox/pay/{number}", self._page),
        ]

    async def _payments(self, request: Request) -> Response:
        return JSONResponse([_plain(payment) for payment in self.payments()])

    async def _act(self, request: Request) -> Response:
        number, act = request.path_params["number"], request.path_params["act"]
        if self.shown(number) is None or act not in ACTS:
            return JSONResponse({"error": "no such payment or act"}, 404)
        with self.records.together():  # money that moves is told of, or it did not move
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
