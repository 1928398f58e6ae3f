"""Alipay's server over HTTP: the gateway, the cashier's page, the code's page, the bill."""

import contextlib
import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from eka.gateways.payments.sandbox.alipay import bills
from eka.gateways.payments.sandbox.alipay.keys import Keys, joined
from eka.gateways.payments.sandbox.alipay.methods import PAGES, Methods
from eka.gateways.payments.sandbox.alipay.trades import CLOSED, PAID, WAITING, Refused, Trades
from eka.gateways.payments.sandbox.alipay.writing import beijing, instant, yuan
from eka.gateways.payments.sandbox.counter import Act, Sandbox, Shown
from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.rules.units import Money

APP_ID = "9021000100000001"
SELLER_ID = "2088000100000001"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
NOT_SIGNED = ("sign", "sign_type")


class AlipaySandbox(Sandbox):
    """Alipay, as one seller with one application sees it."""

    name = "Alipay"
    retry_after_s = (240, 600, 600, 3600, 7200, 21600, 54000)

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self._keys = Keys(records)
        self._trades = Trades(records, courier)
        self._link = bills.Link(self._keys, SELLER_ID)
        self._methods = Methods(self._trades, lambda: self.address, self._link)

    def settings(self) -> dict[str, str]:
        """What `AlipaySettings` needs."""
        return {
            "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "private_key": self._keys.seller_private,
            "alipay_public_key": self._keys.alipay_public,
            "gateway_url": f"{self.address}/gateway.do",
        }

    def routes(self) -> list[Route]:
        """The gateway, and where a code and a bill's link lead."""
        return [
            Route("/gateway.do", self._gateway, methods=["GET", "POST"]),
            Route("/qr/{number}", self._scanned),
            Route(bills.PATH, self._bill),
        ]

    # Notices.

    def envelope(self, event: Document, now: datetime) -> Envelope:
        """A notice: its number stays when it is sent again, its time does not."""
        fields = self._notice(event, now)
        return _letter({**fields, "sign": self._keys.sign(joined(fields, without=NOT_SIGNED))})

    def forgery(self, event: Document, now: datetime) -> Envelope:
        """A notice that is signed, though not by Alipay."""
        fields = self._notice(event, now)
        return _letter({**fields, "sign": self._keys.forge(joined(fields, without=NOT_SIGNED))})

    def accepted(self, status: int, body: bytes) -> bool:
        """Exactly `success`."""
        return body == b"success"

    def _notice(self, event: Document, now: datetime) -> dict[str, str]:
        return {
            **event,
            "notify_time": beijing(now),
            "notify_type": "trade_status_sync",
            "app_id": APP_ID,
            "auth_app_id": APP_ID,
            "seller_id": SELLER_ID,
            "buyer_id": "2088000200000002",
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
        }

    # The payer.

    def payments(self) -> list[Shown]:
        """Pages that were opened, and codes, scanned or not."""
        return [self._shown(trade) for trade in self._trades.all()]

    def shown(self, number: str) -> Shown | None:
        """The payment of our number; None before its page was opened."""
        trade = self._trades.find(number) or self._trades.offered(number)
        return self._shown(trade) if trade else None

    def act(self, number: str, act: Act) -> None:
        """fail: the payer gives up and closes the trade, in the list of payments of the app.

        pay_twice makes a second trade of the same number, which Alipay itself would not do.
        """
        trade = self._trades.find(number) or self._scan(number, late=act == "pay_late")
        if trade is None:
            return
        if trade["state"] == WAITING:
            if act == "fail":
                self._trades.close(trade)
                return
            trade = self._trades.pay(trade)
        elif trade["state"] == CLOSED and "paid" not in trade and act == "pay_late":
            self._trades.pay({name: trade[name] for name in trade if name != "closed"})
            return
        if act == "pay_twice" and trade["state"] == PAID:
            self._trades.pay_again(trade)

    def _scan(self, number: str, *, late: bool = False) -> Document | None:
        """The trade that comes into being when a code is scanned, if it may still be."""
        offer = self._trades.offered(number)
        with contextlib.suppress(Refused):
            return self._trades.open(offer, late=late) if offer else None
        return None

    def _shown(self, trade: Document) -> Shown:
        return Shown(
            number=trade["number"],
            state=trade.get("state", "NOT_SCANNED"),
            amount=Money(trade["total"], "CNY"),
            title=trade["subject"],
            back=self._back(trade),
            cancel=trade["quit_url"],
        )

    def _back(self, trade: Document) -> str:
        """The way back to the shop: after a payment with signed facts, as Alipay does it."""
        url: str = trade["return_url"]
        if not url or "paid" not in trade:
            return url
        fields = {
            "app_id": APP_ID,
            "auth_app_id": APP_ID,
            "charset": "utf-8",
            "method": f"alipay.trade.{'wap' if trade['product'] == 'phone' else 'page'}.pay.return",
            "out_trade_no": trade["number"],
            "seller_id": SELLER_ID,
            "sign_type": "RSA2",
            "timestamp": beijing(self.now()),
            "total_amount": yuan(trade["total"]),
            "trade_no": trade["trade_no"],
            "version": "1.0",
        }
        fields["sign"] = self._keys.sign(joined(fields, without=NOT_SIGNED))
        return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"

    # The API.

    async def _gateway(self, request: Request) -> Response:
        text = f"{request.url.query}&{(await request.body()).decode()}"
        parameters = dict(parse_qsl(text))
        method = parameters.get("method", "")
        try:
            content = self._checked(parameters)
            if method in PAGES:
                return self._cashier(content, parameters)
            fields = {"code": "10000", "msg": "Success"}
            fields |= self._methods.table[method](content, parameters)
        except Refused as refused:
            if method in PAGES:
                return HTMLResponse(f"<h1>{html.escape(str(refused))}</h1>")
            fields = _refusal(str(refused))
        return self._answer(method, fields)

    def _checked(self, parameters: Mapping[str, str]) -> Document:
        """The content of a call that is in order. Raises Refused."""
        if parameters.get("app_id") != APP_ID:
            raise Refused("isv.invalid-app-id")
        if parameters.get("sign_type") != "RSA2":
            raise Refused("isv.invalid-signature-type")
        signed = joined(parameters, without=("sign",))
        if not self._keys.from_seller(signed, parameters.get("sign", "")):
            raise Refused("isv.invalid-signature")
        if not instant(parameters.get("timestamp")):
            raise Refused("isv.invalid-timestamp")
        method = parameters.get("method", "")
        if method not in PAGES and method not in self._methods.table:
            raise Refused("isv.invalid-method")
        try:
            return msgspec.json.decode(parameters.get("biz_content", ""), type=dict[str, Any])
        except msgspec.DecodeError:
            raise Refused("isv.invalid-parameter") from None

    def _cashier(self, content: Document, parameters: Mapping[str, str]) -> Response:
        code, product = PAGES[parameters["method"]]
        if content.get("product_code") != code:
            raise Refused("ACQ.INVALID_PARAMETER")
        trade = self._trades.open(self._methods.asked(content, parameters, product))
        return RedirectResponse(f"/sandbox/pay/{trade['number']}", 302)

    def _answer(self, method: str, fields: dict[str, str]) -> Response:
        """JSON, signed as it is written; an application that is not known has no key to sign for"""
        if fields.get("sub_code") == "isv.invalid-app-id":
            return _json(f'{{"error_response":{_text(fields)}}}')
        text = _text(fields)
        name = f"{method.replace('.', '_')}_response" if method else "error_response"
        return _json(f'{{"{name}":{text},"sign":"{self._keys.sign(text)}"}}')

    async def _scanned(self, request: Request) -> Response:
        number = request.path_params["number"]
        if self._trades.find(number) is None and self._scan(number) is None:
            return HTMLResponse("<h1>ACQ.TRADE_NOT_EXIST</h1>", 404)
        return RedirectResponse(f"/sandbox/pay/{number}", 302)

    async def _bill(self, request: Request) -> Response:
        day = self._link.day(request.query_params, self.now())
        if day is None:
            return HTMLResponse("<h1>The link is not good, or no more</h1>", 403)
        return Response(bills.archive(self._trades, day, SELLER_ID), media_type="application/zip")

    def out_of_order(self, status: int) -> Response:
        """Not signed, as what comes from in front of the real gateway."""
        fields = {"code": "20000", "msg": "Service Currently Unavailable"}
        return _json(f'{{"error_response":{_text(fields)}}}', status)


def _refusal(code: str) -> dict[str, str]:
    business = code.startswith(("ACQ.", "isp.")) or "." not in code
    said = ("40004", "Business Failed") if business else ("40002", "Invalid Arguments")
    return {"code": said[0], "msg": said[1], "sub_code": code, "sub_msg": "业务处理失败"}


def _letter(fields: Mapping[str, str]) -> Envelope:
    return Envelope({"content-type": FORM}, urlencode(fields).encode())


def _text(fields: Mapping[str, str]) -> str:
    return msgspec.json.encode(fields).decode()


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="application/json;charset=utf-8")
