"""What all suppliers' sandboxes have in common: a phone for each profile, and trouble on purpose.

Beside what every sandbox has (`eka.gateways.sandbox.box`) each answers:

- `GET  /sandbox/profiles`             what was sold, as JSON
- `POST /sandbox/profiles/ICCID/ACT`   what happens on the phone; the acts are in `ACTS`, and `use`
                                       takes the bytes as `{"bytes": 1000}` or a form's `bytes`
- `GET  /sandbox/phone/ICCID`          the same, as a page with buttons for a person
- `GET|POST /sandbox/trouble`          what is wrong at the supplier (`Trouble`)
"""

import html
from abc import abstractmethod
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from eka.gateways.sandbox.box import Box
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records
from eka.rules.units import format_data

Act = Literal["download", "install", "enable", "disable", "delete", "fail", "use", "expire"]
ACTS: tuple[Act, ...] = get_args(Act)
USE_BYTES = 100_000_000
PERCENT = 100


class Trouble(Struct, forbid_unknown_fields=True):
    """What is wrong at the supplier. It is kept until other trouble is asked for.

    stock: so many profiles are left, None any number. credit: our money with it, in minor units;
    None leaves it as it is. pending_s: so long an order waits before its profile is allocated.
    price_percent: what everything costs now, of its price in the list. recycled: the ICCIDs in hand
    are no longer ours. quiet: no notifications at all.
    """

    stock: int | None = None
    credit: int | None = None
    maintenance: bool = False
    pending_s: int = 0
    price_percent: int = PERCENT
    recycled: bool = False
    quiet: bool = False


class Shown(Struct, frozen=True, kw_only=True):
    """A profile as the sandbox shows it; its code leads to no network."""

    iccid: str
    package: str
    state: str
    code: str
    used: int = 0
    total: int | None = None
    number: str = ""  # ours, of the order that brought it


class SupplierSandbox(Box):
    """One supplier's server."""

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self.trouble = Trouble()

    @abstractmethod
    def profiles(self) -> list[Shown]:
        """What was sold, oldest first."""

    @abstractmethod
    def shown(self, iccid: str) -> Shown | None:
        """One of them."""

    @abstractmethod
    def act(self, iccid: str, act: Act, amount: int) -> None:
        """What happens on the phone; `amount` bytes for `use`. What cannot be is ignored."""

    def own(self) -> list[Route]:
        """The phone's acts and page, and the trouble."""
        return [
            Route("/sandbox/profiles", self._profiles),
            Route("/sandbox/profiles/{iccid}/{act}", self._act, methods=["POST"]),
            Route("/sandbox/phone/{iccid}", self._page),
            Route("/sandbox/trouble", self._trouble, methods=["GET", "POST"]),
        ]

    async def _profiles(self, request: Request) -> Response:
        return JSONResponse(msgspec.to_builtins(self.profiles()))

    async def _act(self, request: Request) -> Response:
        iccid, act = request.path_params["iccid"], request.path_params["act"]
        if self.shown(iccid) is None or act not in ACTS:
            return JSONResponse({"error": "no such profile or act"}, 404)
        amount = await _amount(request)
        with self.records.together():
            self.act(iccid, act, amount)
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"/sandbox/phone/{iccid}", 303)
        return JSONResponse(msgspec.to_builtins(self.shown(iccid)))

    async def _page(self, request: Request) -> Response:
        shown = self.shown(request.path_params["iccid"])
        if shown is None:
            return HTMLResponse("<h1>No such profile</h1>", 404)
        return HTMLResponse(page(self.name, shown))

    async def _trouble(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.trouble = msgspec.json.decode(await request.body(), type=Trouble)
            except msgspec.DecodeError as error:
                return JSONResponse({"error": str(error)}, 400)
            self.troubled()
        return JSONResponse(msgspec.to_builtins(self.trouble))

    def troubled(self) -> None:
        """Other trouble was asked for: what has to be changed at once is changed here."""


async def _amount(request: Request) -> int:
    """The bytes of an act, from JSON or a form."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        said: dict[str, Any] = msgspec.json.decode(body)
    else:
        said = dict(parse_qsl(body.decode()))
    text = str(said.get("bytes") or USE_BYTES)
    return int(text) if text.isascii() and text.isdigit() else USE_BYTES


BUTTONS: dict[Act, str] = {
    "download": "Download · 下载",
    "install": "Install · 安装",
    "enable": "Switch on · 开启",
    "use": "Use 100 MB · 使用 100 MB",
    "disable": "Switch off · 关闭",
    "delete": "Delete · 删除",
    "fail": "Download fails · 下载失败",
    "expire": "Expire · 到期",
}

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:2rem auto;padding:0 1rem}
strong{display:block;font-size:1.5rem}code{overflow-wrap:anywhere}
form{margin:.5rem 0}button{font:inherit;width:100%;padding:.75rem;border:1px solid #1b1f23;
border-radius:.25rem;background:#fff}small{color:#57606a}
"""


def page(name: str, shown: Shown) -> str:
    """The phone of a profile."""
    forms = "".join(
        f'<form method="post" action="/sandbox/profiles/{html.escape(shown.iccid)}/{act}">'
        f"<button>{BUTTONS[act]}</button></form>"
        for act in BUTTONS
    )
    total = "" if shown.total is None else f" / {format_data(shown.total)}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(name)} sandbox</title><style>{STYLE}</style>"
        f"<h1>{html.escape(name)} <small>phone · 手机</small></h1>"
        f"<p>{html.escape(shown.iccid)}<strong>{html.escape(shown.state)}</strong>"
        f"<small>{format_data(shown.used)}{total}</small></p>"
        f"<p><code>{html.escape(shown.code)}</code></p>{forms}</html>"
    )
