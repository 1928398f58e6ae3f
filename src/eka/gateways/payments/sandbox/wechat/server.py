"""The server: WeChat Pay's addresses, and what its payers do."""

import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from eka.gateways.payments.sandbox.counter import Act, Sandbox, Shown
from eka.gateways.payments.sandbox.wechat.keys import Keys
from eka.gateways.payments.sandbox.wechat.orders import Orders
from eka.gateways.payments.sandbox.wechat.refunds import OUTCOMES, Refunds
from eka.gateways.payments.sandbox.wechat.statements import Statements
from eka.gateways.payments.sandbox.wechat.terms import (
    CloseAsk,
    OrderAsk,
    RefundAsk,
    Refusal,
    asked,
    beijing,
)
from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.rules.units import Money

H5_PAGE = "/cgi-bin/mmpayweb-bin/checkmweb"

Deed = Callable[[Request, bytes], bytes | None]


class WeChatSandbox(Sandbox):
    """WeChat Pay. `/sandbox/refunds/NUMBER/OUTCOME` gives a refund another end than success."""

    name = "WeChat Pay"
    acts: tuple[Act, ...] = ("pay", "fail", "pay_twice", "pay_late")
    retry_after_s = (
        *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800),
        *(3600, 10800, 10800, 10800, 21600, 21600),
    )

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self._keys = Keys(records)
        self._orders = Orders(records, self._keys, courier.now, self._post)
        self._refunds = Refunds(records, self._keys, courier.now, self._post)
        self._statements = Statements(records, self._keys, courier.now)

    def settings(self) -> dict[str, str]:
        """As `WeChatSettings` wants them."""
        return {**self._keys.settings(), "api_base": self.address}

    def routes(self) -> list[Route]:
        """Orders, refunds, bills, and the page that a phone's browser opens."""
        pay, refunds = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
        by_number = f"{pay}/out-trade-no/{{number}}"
        return [
            *(self._door(f"{pay}/{way}", self._begin(way)) for way in ("native", "h5", "jsapi")),
            self._door(by_number, self._look, "GET"),
            self._door(f"{pay}/id/{{transaction}}", self._look_at_payment, "GET"),
            self._door(f"{by_number}/close", self._close),
            self._door(refunds, self._refund),
            self._door(f"{refunds}/{{number}}", self._look_at_refund, "GET"),
            self._door("/v3/bill/tradebill", self._bill, "GET"),
            self._door("/v3/billdownload/file", self._download, "GET"),
            Route(H5_PAGE, self._phone),
            Route("/sandbox/refunds/{number}/{outcome}", self._outcome, methods=["POST"]),
        ]

    def payments(self) -> list[Shown]:
        """What was begun, oldest first."""
        return [_shown(order) for order in self.records.all("order")]

    def shown(self, number: str) -> Shown | None:
        """The payment of our number."""
        order = self.records.get("order", number)
        return None if order is None else _shown(order)

    def act(self, number: str, act: Act) -> None:
        """A number is paid once at WeChat; pay_twice lets the money move again all the same."""
        if act == "pay":
            self._orders.pay(number)
        elif act == "pay_twice":
            self._orders.pay(number)
            self._orders.pay(number, again=True)
        elif act == "pay_late":
            self._orders.pay(number, late=True)
        elif act == "fail":
            self._orders.fail(number)

    def envelope(self, event: Document, now: Any) -> Envelope:
        """The notification, encrypted and signed now."""
        body = self._sealed(event)
        return Envelope({**_JSON, **self._keys.signed(body, now)}, body)

    def forgery(self, event: Document, now: Any) -> Envelope:
        """From somebody who has the merchant's keys, but not WeChat's."""
        body = self._sealed(event)
        return Envelope({**_JSON, **self._keys.forged(body, now)}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        """200 or 204, whatever is in it."""
        return status in (200, 204)

    def out_of_order(self, status: int) -> Response:
        """As WeChat says it; nobody signs it."""
        return _answer(status, _refusal("SYSTEM_ERROR", "系统异常，请稍后重试"), {})

    def _post(self, url: str, kind: str, plain: Document) -> None:
        number = self.records.number("event")
        event = {
            "id": f"EV-{self._now():%Y%m%d%H%M%S}{number:08d}",
            "create_time": beijing(self._now()),
            "kind": kind,
            "plain": plain,
        }
        self.courier.post(url, event)

    def _sealed(self, event: Document) -> bytes:
        original = "transaction" if event["kind"].startswith("TRANSACTION") else "refund"
        return msgspec.json.encode(
            {
                "id": event["id"],
                "create_time": event["create_time"],
                "resource_type": "encrypt-resource",
                "event_type": event["kind"],
                "summary": "支付成功" if original == "transaction" else "退款通知",
                "resource": self._keys.seal(event["plain"], original),
            }
        )

    def _now(self) -> datetime:
        return self.courier.now()

    def _door(self, path: str, deed: Deed, method: str = "POST") -> Route:
        """A request that the merchant signed, and an answer that WeChat signs."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                self._check(request, body)
                content, status = deed(request, body), 200
            except Refusal as refusal:
                content, status = _refusal(refusal.code, refusal.message), refusal.status
            headers = {} if status == 401 else self._keys.signed(content or b"", self._now())
            return _answer(204 if content is None else status, content or b"", headers)

        return Route(path, endpoint, methods=[method])

    def _check(self, request: Request, body: bytes) -> None:
        path, query = request.scope["raw_path"], request.scope["query_string"]
        address = (path + (b"?" + query if query else b"")).decode()
        authorization = request.headers.get("authorization", "")
        self._keys.check(authorization, (request.method, address, body), self._now())

    def _begin(self, way: str) -> Deed:
        def deed(request: Request, body: bytes) -> bytes:
            order = self._orders.begin(way, asked(body, OrderAsk))
            prepay_id = order["prepay_id"]
            where = {
                "native": {"code_url": f"{self.address}/sandbox/pay/{order['number']}"},
                "h5": {"h5_url": f"{self.address}{H5_PAGE}?prepay_id={prepay_id}"},
                "jsapi": {"prepay_id": prepay_id},
            }
            return msgspec.json.encode(where[way])

        return deed

    def _look(self, request: Request, body: bytes) -> bytes:
        order = self._orders.get(request.path_params["number"], _mchid(request))
        return msgspec.json.encode(self._orders.told(order))

    def _look_at_payment(self, request: Request, body: bytes) -> bytes:
        transaction = request.path_params["transaction"]
        order, payment = self._orders.payment(transaction, _mchid(request))
        return msgspec.json.encode(self._orders.told(order, payment))

    def _close(self, request: Request, body: bytes) -> None:
        self._orders.close(request.path_params["number"], asked(body, CloseAsk).mchid)

    def _refund(self, request: Request, body: bytes) -> bytes:
        return msgspec.json.encode(self._refunds.begin(asked(body, RefundAsk)))

    def _look_at_refund(self, request: Request, body: bytes) -> bytes:
        refund = self._refunds.get(request.path_params["number"])
        return msgspec.json.encode(self._refunds.told(refund))

    def _bill(self, request: Request, body: bytes) -> bytes:
        day = request.query_params.get("bill_date", "")
        packed = request.query_params.get("tar_type", "")
        bill = self._statements.of(day)
        link = {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(bill).hexdigest(),
            "download_url": f"{self.address}/v3/billdownload/file?token={day}{packed}",
        }
        return msgspec.json.encode(link)

    def _download(self, request: Request, body: bytes) -> bytes:
        token = request.query_params.get("token", "")
        bill = self._statements.of(token.removesuffix("GZIP"))
        return gzip.compress(bill) if token.endswith("GZIP") else bill

    async def _phone(self, request: Request) -> Response:
        """Where WeChat would open on the phone; afterwards the browser goes to redirect_url."""
        prepay_id = request.query_params.get("prepay_id")
        for order in self.records.all("order"):
            if order["prepay_id"] == prepay_id:
                back = request.query_params.get("redirect_url", "")
                self.records.put("order", order["number"], {**order, "back": back})
                return RedirectResponse(f"/sandbox/pay/{order['number']}", 303)
        return Response("商家参数格式有误，请联系商家解决", 404)

    async def _outcome(self, request: Request) -> Response:
        number, outcome = request.path_params["number"], request.path_params["outcome"]
        if self.records.get("refund", number) is None or outcome not in OUTCOMES:
            return _answer(404, _refusal("RESOURCE_NOT_EXISTS", "no such refund or outcome"), {})
        self._refunds.end(number, outcome)
        return Response(status_code=204)


_JSON = {"Content-Type": "application/json"}


def _answer(status: int, content: bytes, headers: dict[str, str]) -> Response:
    return Response(content, status, {**_JSON, **headers})


def _refusal(code: str, message: str) -> bytes:
    return msgspec.json.encode({"code": code, "message": message, "detail": None})


def _mchid(request: Request) -> str:
    return request.query_params.get("mchid", "")


def _shown(order: Document) -> Shown:
    return Shown(
        number=order["number"],
        state=order["state"],
        amount=Money(order["total"], "CNY"),
        title=order["words"]["description"],
        back=order["back"],
        cancel=order["back"],
    )
