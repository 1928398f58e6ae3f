"""The server: eSIM Access's addresses, and what its account's owner does."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.gateways.sandbox.courier import LOOK_EVERY_S, Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.counter import Act, Shown, SupplierSandbox
from eka.gateways.suppliers.sandbox.esimaccess.catalogue import listed
from eka.gateways.suppliers.sandbox.esimaccess.desk import Desk
from eka.gateways.suppliers.sandbox.esimaccess.keys import Keys
from eka.gateways.suppliers.sandbox.esimaccess.life import Life
from eka.gateways.suppliers.sandbox.esimaccess.terms import (
    ListAsk,
    OrderAsk,
    QueryAsk,
    Refusal,
    TopUpAsk,
    WebhookAsk,
    WhichAsk,
    asked,
    stamped,
)

OPEN = "/api/v1/open"
UNITS_A_CENT = 100

Body = TypeVar("Body", bound=Struct)
Deed = Callable[[bytes], Document]


class EsimAccessSandbox(SupplierSandbox):
    """eSIM Access.

    `refuses_repeats`: a number that was used before is refused with 310402, whatever is asked for
    with it, instead of being taken for the same request.
    """

    name = "eSIM Access"
    retry_after_s = (60, 300, 1800, 7200)

    def __init__(self, records: Records, courier: Courier) -> None:
        super().__init__(records, courier)
        self._keys = Keys(records)
        self._life = Life(records, courier.now, self._tell)
        self._desk = Desk(records, courier.now, self._life, self._tell)
        self._is_waiting = False

    @property
    def refuses_repeats(self) -> bool:
        """See above."""
        return self._desk.refuses_repeats

    @refuses_repeats.setter
    def refuses_repeats(self, does: bool) -> None:
        self._desk.refuses_repeats = does

    def settings(self) -> dict[str, Any]:
        """As `EsimAccessSettings` wants them; notifications are signed, and need no token."""
        return {
            "access_code": self._keys.access_code,
            "secret_key": self._keys.secret_key,
            "address": self.address,
        }

    def routes(self) -> list[Route]:
        """The Partner API."""
        desk = self._desk
        deeds: dict[str, Deed] = {
            "package/list": _with(ListAsk, self._list),
            "esim/order": _with(OrderAsk, self._order),
            "esim/query": _with(QueryAsk, desk.query),
            "esim/topup": _with(TopUpAsk, desk.top_up),
            "esim/cancel": _with(WhichAsk, desk.cancel),
            "esim/suspend": _with(WhichAsk, desk.suspend),
            "esim/unsuspend": _with(WhichAsk, desk.unsuspend),
            "esim/revoke": _with(WhichAsk, desk.revoke),
            "balance/query": lambda body: {"balance": desk.balance},
            "webhook/save": _with(WebhookAsk, self._save),
        }
        return [self._door(f"{OPEN}/{path}", deed) for path, deed in deeds.items()]

    def profiles(self) -> list[Shown]:
        """What was allocated, oldest first."""
        return [_shown(profile) for profile in self._life.all()]

    def shown(self, iccid: str) -> Shown | None:
        """One of them."""
        profile = self._life.find(iccid)
        return None if profile is None else _shown(profile)

    def act(self, iccid: str, act: Act, amount: int) -> None:
        """A profile takes the phone's steps only in their order, and uses data when it is on."""
        self._pass_time()
        profile = self._life.find(iccid)
        if profile is not None:
            self._life.act(profile, act, amount)

    def troubled(self) -> None:
        """Other credit is there at once."""
        self._desk.trouble = self.trouble
        if self.trouble.credit is not None:
            self._desk.balance = self.trouble.credit * UNITS_A_CENT

    def envelope(self, event: Document, now: Any) -> Envelope:
        """The notification, signed now."""
        body = msgspec.json.encode(event)
        return Envelope({**_JSON, **self._keys.signed(body, now)}, body)

    def forgery(self, event: Document, now: Any) -> Envelope:
        """From somebody who knows the access code only."""
        body = msgspec.json.encode(event)
        return Envelope({**_JSON, **self._keys.forged(body, now)}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        """200, whatever is in it."""
        return status == 200

    def out_of_order(self, status: int) -> Response:
        """An HTTP error of the house before it, and no JSON."""
        return Response(b"<html><h1>Service Temporarily Unavailable</h1></html>", status)

    def _door(self, path: str, deed: Deed) -> Route:
        """A request that the reseller signed."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                if request.method != "POST":
                    raise Refusal("000103")
                self._keys.check(request.headers, body, self._now())
                if self.trouble.maintenance:
                    raise Refusal("900001")
                self._pass_time()
                return _answer(success=True, obj=deed(body))
            except Refusal as refusal:
                return _answer(success=False, code=refusal.code, message=refusal.message)

        return Route(path, endpoint, methods=["GET", "POST"])

    def _order(self, ask: OrderAsk) -> Document:
        answer = self._desk.order(ask)
        if not self._is_waiting:
            self._wait()
        return answer

    def _wait(self) -> None:
        """Allocates what is due, with nobody asking, until nothing is left to be allocated."""
        self._pass_time()
        self._is_waiting = self._desk.is_waiting
        if self._is_waiting:
            asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._wait)

    def _list(self, ask: ListAsk) -> Document:
        held = self._desk.which(WhichAsk(iccid=ask.iccid))["package"] if ask.iccid else ""
        return {"packageList": listed(ask, held)}

    def _save(self, ask: WebhookAsk) -> Document:
        self.records.put("webhook", "url", {"webhook": ask.webhook})
        self._tell("CHECK_HEALTH", {"orderNo": "1234567890", "orderStatus": "Test"})
        return {}

    def _webhook(self) -> str:
        return str((self.records.get("webhook", "url") or {"webhook": ""})["webhook"])

    def _tell(self, kind: str, content: Document) -> None:
        if self.trouble.quiet:
            return
        event = {
            "notifyType": kind,
            "notifyId": uuid.uuid4().hex,
            "eventGenerateTime": stamped(self._now()),
            "content": content,
        }
        self.courier.post(self._webhook(), event)

    def _pass_time(self) -> None:
        self._desk.settle()
        self._life.pass_time()

    def _now(self) -> datetime:
        return self.courier.now()


_JSON = {"Content-Type": "application/json"}


def _with(kind: type[Body], deed: Callable[[Body], Document]) -> Deed:
    return lambda body: deed(asked(body, kind))


def _answer(
    *, success: bool, code: str = "0", message: str | None = None, obj: Document | None = None
) -> Response:
    envelope = {"success": success, "errorCode": code, "errorMsg": message, "obj": obj}
    return Response(msgspec.json.encode(envelope), headers=_JSON)


def _shown(profile: Document) -> Shown:
    return Shown(
        iccid=profile["iccid"],
        package=profile["package"],
        state=f"{profile['smdpStatus']} {profile['esimStatus']}",
        code=profile["ac"],
        used=profile["orderUsage"],
        total=profile["totalVolume"],
        number=profile["transactionId"],
    )
