"""The cast: Olga's shop and its account with eSIM Access, Alice's phone, and an odd eSIM Access."""

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eka.gateways.sandbox.courier import Envelope
from eka.gateways.suppliers.esimaccess import EsimAccessSettings, EsimAccessSupplier
from eka.gateways.suppliers.sandbox.counter import Act
from eka.gateways.suppliers.sandbox.esimaccess import EsimAccessSandbox
from eka.gateways.suppliers.terms import Delivered, Held, Notice, ProfileAsk, TopUpAsk

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOTIFY = "http://127.0.0.1:9/notices/esimaccess"  # nobody is there
JAPAN, JAPAN_PRICE = "CKH179", 7_550  # 1 GiB for 7 days; 0.755 USD
GIB = 2**30


class Clock:
    """What time it is for the shop and for eSIM Access."""

    def __init__(self) -> None:
        self.at = NOON
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def forward(self, **span: float) -> None:
        with self._lock:
            self.at += timedelta(**span)


class Shop:
    """The sandbox, Olga's supplier, and the hands that hold the phones."""

    def __init__(self, sandbox: EsimAccessSandbox, clock: Clock, browser: httpx.Client) -> None:
        self.sandbox, self.clock, self.browser = sandbox, clock, browser
        self.supplier = self.supplier_with()

    def supplier_with(self, **changed: str) -> EsimAccessSupplier:
        """A supplier of which some settings are others."""
        settings = msgspec.convert({**self.sandbox.settings(), **changed}, EsimAccessSettings)
        return EsimAccessSupplier("access", settings, self.clock.now)

    def delivered(self, number: str = "ORDER1", **more: Any) -> Delivered:
        """A profile that was ordered and has come."""
        asked = ask(number, asked_at=self.clock.now(), **more)
        taken = self.supplier.order(asked)
        ready = self.supplier.look(asked, taken.reference)
        assert ready.profile is not None
        return ready.profile

    def held(self, number: str = "ORDER1", **more: Any) -> Held:
        """The same, as the shop keeps it."""
        profile = self.delivered(number, **more)
        return Held(iccid=profile.iccid, reference=profile.reference)

    def enabled(self, number: str = "ORDER1", **more: Any) -> Held:
        """One that is switched on, on Alice's phone."""
        held = self.held(number, **more)
        for act in ("download", "install", "enable"):
            self.act(held, act)
        return held

    def act(self, held: Held, act: Act, amount: int | None = None) -> None:
        body = {"bytes": amount} if amount is not None else {}
        self.post(f"/sandbox/profiles/{held.iccid}/{act}", **body)

    def trouble(self, **what: Any) -> None:
        self.post("/sandbox/trouble", **what)

    def mischief(self, **what: Any) -> None:
        self.post("/sandbox/mischief", held=True, **what)

    def post(self, path: str, **body: object) -> Any:
        answer = self.browser.post(self.sandbox.address + path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def taken(self) -> list[Envelope]:
        """The notifications that wait, as they would leave now."""
        return [
            Envelope(lowered(letter["headers"]), base64.b64decode(letter["body"]))
            for letter in self.post("/sandbox/take")
        ]

    def news(self) -> list[Notice]:
        return [self.read(letter) for letter in self.taken()]

    def read(self, letter: Envelope) -> Notice:
        return self.supplier.read_notice(letter.headers, letter.body, self.clock.now())

    def letter(self, kind: str, **content: object) -> Envelope:
        """A notification of any content, signed by eSIM Access."""
        event = {
            "notifyType": kind,
            "notifyId": "447602ac1e5c4bb4980f786b0c2934d6",
            "eventGenerateTime": "2026-03-10T11:59:00Z",
            "content": content,
        }
        letter = self.sandbox.envelope(event, self.clock.now())
        return Envelope(lowered(letter.headers), letter.body)


def ask(number: str = "ORDER1", **more: Any) -> ProfileAsk:
    return msgspec.structs.replace(ProfileAsk(number=number, package=JAPAN, asked_at=NOON), **more)


def more_data(held: Held, number: str = "TOPUP1", **more: Any) -> TopUpAsk:
    asked = TopUpAsk(
        number=number,
        package=f"TOPUP_{JAPAN}",
        asked_at=NOON,
        iccid=held.iccid,
        profile=held.reference,
    )
    return msgspec.structs.replace(asked, **more)


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class OddEsimAccess(EsimAccessSandbox):
    """Answers every request with the next of `says`, or with the last again."""

    says: list[Response]

    def routes(self) -> list[Route]:
        return [Route("/{path:path}", self._say, methods=["POST"])]

    async def _say(self, request: Request) -> Response:
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


class Odd(Shop):
    """Olga's supplier, where eSIM Access says odd things."""

    def says(self, *objects: object, **envelope: object) -> None:
        """The `obj` of each answer from now on, and what else differs in their envelopes."""
        whole = {"success": True, "errorCode": "0", "errorMsg": None, **envelope}
        self.answers(*(msgspec.json.encode({**whole, "obj": obj}) for obj in objects))

    def answers(self, *bodies: bytes, status: int = 200, **headers: str) -> None:
        """The bytes of each answer from now on."""
        assert isinstance(self.sandbox, OddEsimAccess)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.sandbox.says = [Response(body, status, named) for body in bodies]


def profile(**said: object) -> dict[str, object]:
    """A profile as eSIM Access writes it; after the example in its documentation."""
    return {
        "esimTranNo": "23120118156818",
        "orderNo": "B23120118131854",
        "transactionId": "ORDER1",
        "imsi": "232104070077567",
        "iccid": "8943108170000775671",
        "smsStatus": 1,
        "msisdn": "436789040077567",
        "ac": "LPA:1$rsp-eu.redteamobile.com$43DE23C67EE747BCAD6B63E8B67B261F",
        "qrCodeUrl": "https://p.qrsim.net/0fa4f29eb25b4d6c84ff4b8422a1da54.png",
        "smdpStatus": "RELEASED",
        "eid": "",
        "activeType": 1,
        "activateTime": None,
        "expiredTime": "2024-05-29T18:34:17+0000",
        "totalVolume": 5368709120,
        "totalDuration": 30,
        "durationUnit": "DAY",
        "orderUsage": 0,
        "esimStatus": "GOT_RESOURCE",
        "pin": "",
        "puk": "",
        "apn": "drei.at",
        "packageList": [{"packageCode": "CKH003", "slug": "ES_5_30", "volume": 5368709120}],
        **said,
    }


def listed(*profiles: object) -> dict[str, object]:
    """They as the answer to a query."""
    return {"esimList": profiles, "pager": {"pageSize": 10, "pageNum": 1, "total": len(profiles)}}
