"""The server: ES2+ for the operator, and a phone for each profile."""

import ssl
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from eka.gateways.sandbox.box import Tls
from eka.gateways.sandbox.courier import Courier, Envelope
from eka.gateways.sandbox.records import Document, Records
from eka.gateways.suppliers.sandbox.counter import Act, Shown, SupplierSandbox
from eka.gateways.suppliers.sandbox.smdp import phone
from eka.gateways.suppliers.sandbox.smdp.functions import OPERATOR, Functions
from eka.gateways.suppliers.sandbox.smdp.inventory import COST, TYPES, Inventory, Kept
from eka.gateways.suppliers.sandbox.smdp.keys import SMDP, Keys
from eka.gateways.suppliers.sandbox.smdp.letters import FORGED, MutualCourier
from eka.rules.activation_codes import ActivationCode
from eka.rules.instants import format_instant, parse_instant
from eka.wire.es2plus import codec, codes
from eka.wire.es2plus.codes import Code
from eka.wire.es2plus.messages import (
    ASKS,
    Ask,
    ExecutionStatus,
    HandleDownloadProgressInfo,
    Iccid,
    RequestHeader,
)

NAME = "smdp"  # what it calls itself in what it asks


class AskedTls(Tls, frozen=True):
    """A client may come without a certificate: people see the phones. ES2+ wants one, see _Door."""

    @property
    def wanted(self) -> ssl.VerifyMode:
        """One that is shown has to be good."""
        return ssl.CERT_OPTIONAL


class SmdpSandbox(SupplierSandbox):
    """An SM-DP+. Beside what all have it answers `GET|POST /sandbox/operator` with `{"url": ...}`:
    what stands before /gsma/rsp2/es2plus/ where the operator listens (`listener`). ES2+ knows no
    prices and makes nobody wait, so trouble of that kind does nothing.
    """

    name = "SM-DP+"
    retry_after_s = (5, 30, 120, 600, 3600, 14400, 43200, 86400)

    def __init__(self, records: Records, courier: Courier) -> None:
        self._keys = Keys(records)
        super().__init__(records, MutualCourier(courier, self._keys))
        self._inventory = Inventory(records)
        self.functions = Functions(records, self._inventory, lambda: self.trouble)

    @property
    def tls(self) -> Tls:
        """Its own certificate, and whose it takes."""
        folder = self._keys.folder
        return AskedTls(folder / "smdp.pem", folder / "smdp_key.pem", folder / "ca.pem")

    @property
    def operator(self) -> str:
        """Where the operator listens; "": nowhere yet."""
        return str((self.records.get("operator", "address") or {"url": ""})["url"])

    def settings(self) -> dict[str, Any]:
        """As `Es2PlusSettings` wants them."""
        pem = self._keys.pem
        return {
            "address": self.address,
            "requester": OPERATOR,
            "certificate": pem["operator"],
            "private_key": pem["operator_key"],
            "ca": pem["ca"],
            "smdp": SMDP,
            "peer": NAME,
            "profile_types": [
                {"code": code, "title": title, "cost": COST} for code, title in TYPES.items()
            ],
        }

    def listener(self) -> dict[str, str]:
        """What `eka es2plus` wants, as PEM: its own certificate and key, and whom to let in."""
        pem = self._keys.pem
        return {
            "certificate": pem["listener"],
            "key": pem["listener_key"],
            "clients": pem["notifier"],
        }

    def tell(self, url: str) -> None:
        """The operator listens there from now on; "" is nowhere."""
        self.records.put("operator", "address", {"url": url.rstrip("/")})

    def app(self) -> ASGIApp:
        """The whole server, of which ES2+ is for those with a certificate."""
        return _Door(super().app())

    def routes(self) -> list[Route]:
        """The functions, and where the operator listens."""
        functions = [
            Route(codec.path(kind), self._function(kind), methods=["POST"]) for kind in ASKS
        ]
        return [*functions, Route("/sandbox/operator", self._operator, methods=["GET", "POST"])]

    def profiles(self) -> list[Shown]:
        """What was ordered, oldest first."""
        return [_shown(one) for one in self._inventory.all()]

    def shown(self, iccid: str) -> Shown | None:
        """One of them."""
        profile = self._inventory.get(iccid)
        return None if profile is None else _shown(profile)

    def act(self, iccid: str, act: Act, amount: int) -> None:
        """The steps of `phone`; data is none of an SM-DP+'s business, so `use` does nothing."""
        profile = self._inventory.get(iccid)
        assert profile is not None
        for step in phone.STEPS.get((profile.state, act), ()):
            eid = profile.eid or phone.EID
            steps = profile.steps + 1
            profile = self._inventory.put(profile, state=step.state, eid=eid, steps=steps)
            self._tell(profile, step)

    def envelope(self, event: Document, now: Any) -> Envelope:
        """The notification. Who sends it is proven by TLS, so there is nothing to sign."""
        return Envelope(codec.headers(), codec.encode(_written(event)))

    def forgery(self, event: Document, now: Any) -> Envelope:
        """The same from somebody without the certificate."""
        return Envelope({**codec.headers(), FORGED: "1"}, codec.encode(_written(event)))

    def accepted(self, status: int, body: bytes) -> bool:
        """No content (SGP.22, 6.3)."""
        return status == 204

    def out_of_order(self, status: int) -> Response:
        """Without a word of ES2+."""
        return Response(status_code=status)

    def _tell(self, profile: Kept, step: phone.Step) -> None:
        if self.trouble.quiet or not self.operator:
            return
        now: datetime = self.courier.now()
        event = {
            "call": f"{profile.iccid}-{profile.steps}",
            "iccid": profile.iccid,
            "type": profile.type,
            "eid": profile.eid,
            "point": step.point,
            "failed": list(step.failed) if step.failed else None,
            "at": format_instant(now.replace(microsecond=0)),
        }
        self.courier.post(self.operator + codec.path(HandleDownloadProgressInfo), event)

    def _function(self, kind: type[Ask]) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                codec.check_headers(request.headers)
                return _answer(self.functions.answer(kind, await request.body()))
            except codec.Unreadable as error:
                return _answer(codec.encode(error.answer()), 400)

        return endpoint

    async def _operator(self, request: Request) -> Response:
        if request.method == "POST":
            said = await request.json()
            self.tell(str(said["url"]))
        return JSONResponse({"url": self.operator})


class _Door:
    """Lets nobody call a function who showed no certificate.

    uvicorn has no word for that in the scope, so the connection itself is asked. Where it cannot
    be, nobody is let in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(codec.PATH):
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            connection = transport and transport.get_extra_info("ssl_object")
            if not (connection and connection.getpeercert()):
                await Response(status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _answer(body: bytes, status: int = 200) -> Response:
    return Response(body, status, headers=codec.headers())


def _shown(profile: Kept) -> Shown:
    code = "" if profile.matching_id is None else ActivationCode(SMDP, profile.matching_id).text()
    return Shown(
        iccid=profile.iccid,
        package=profile.type,
        state=profile.state,
        code=code,
        number=profile.number,
    )


def _written(event: Document) -> HandleDownloadProgressInfo:
    failed = event["failed"]
    status = (
        codes.failed(Code(*failed)).function_execution_status
        if failed
        else ExecutionStatus(status="Executed-Success")
    )
    return HandleDownloadProgressInfo(
        header=RequestHeader(
            function_requester_identifier=NAME, function_call_identifier=event["call"]
        ),
        eid=event["eid"],
        iccid=Iccid(event["iccid"]),
        profile_type=event["type"],
        timestamp=parse_instant(event["at"]),
        notification_point_id=event["point"],
        notification_point_status=status,
    )
