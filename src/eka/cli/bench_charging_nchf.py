"""A 5G session manager that speaks Nchf over h2c: TS 32.291, in the shape that free5GC's SMF sends.

`ngh2` does HTTP/2; it is in the `dev` extra.
"""

from random import getrandbits

import ngh2
from ngh2.config import Configuration, Role
from ngh2.events import (
    ConnectionClosed,
    DataReceived,
    GoAwayReceived,
    ResponseReceived,
    StreamClosed,
)

from eka import clock
from eka.cli.bench_charging_load import LAST, any_line, drive, imsi_of, msisdn_of
from eka.cli.bench_charging_meter import Meter, Task
from eka.wire.nchf.routing import ROOT

_VOLUME = 1_000_000
_SUCCESS = b'"SUCCESS"'
_STATUS = {0: b"201", LAST: b"204"}  # by the number of the request; 200 for all others
_STREAMS_MAX = 1000

_BODY = (
    b'{"nfConsumerIdentification":{"nodeFunctionality":"SMF","nFName":"smf%02d",'
    b'"nFIPv4Address":"127.0.0.1"},"invocationTimeStamp":"%s","invocationSequenceNumber":%d,'
    b'"subscriberIdentifier":"imsi-%s","chargingId":%d,'
    b'"notifyUri":"http://127.0.0.1:9/nsmf-callback/notify",'
    b'"pDUSessionChargingInformation":{"chargingId":%d,"userInformation":{'
    b'"servedGPSI":"msisdn-%s"},"userLocationinfo":{"nrLocation":{"tai":{"plmnId":{"mcc":"999",'
    b'"mnc":"70"},"tac":"000001"}}},"pduSessionInformation":{"pduSessionID":1,'
    b'"dnnId":"internet","ratType":"NR","networkSlicingInfo":{"sNSSAI":{"sst":1,"sd":"010203"}},'
    b'"pduType":"IPV4"}},"multipleUnitUsage":[{"ratingGroup":1,"uPFID":"upf-1"%s}]}'
)
_ASKS = b',"requestedUnit":{"totalVolume":%d}' % _VOLUME
_USED = (
    b',"usedUnitContainer":[{"localSequenceNumber":%%d,'
    b'"quotaManagementIndicator":"ONLINE_CHARGING","triggers":[{"triggerType":"%s",'
    b'"triggerCategory":"IMMEDIATE_REPORT"}],"totalVolume":%d,"uplinkVolume":%d,'
    b'"downlinkVolume":%d}]'
)
_USED_UP = _USED % (b"QUOTA_EXHAUSTED", _VOLUME, _VOLUME // 10, _VOLUME - _VOLUME // 10)
_USED_LAST = _USED % (b"FINAL", _VOLUME, _VOLUME // 10, _VOLUME - _VOLUME // 10)


def load_nchf(task: Task, meter: Meter) -> None:
    """Speaks Nchf to a server until the task is done."""
    drive(task, meter, SessionManager)


class _Session:
    """One PDU session after the other; `last` is the number of the last request."""

    __slots__ = ("charging_id", "imsi", "last", "msisdn", "ref", "right", "sent", "status")

    def __init__(self) -> None:
        self.last, self.sent, self.ref, self.status, self.right = LAST, 0.0, b"", b"", True
        self.imsi, self.msisdn, self.charging_id = b"", b"", 0


class SessionManager:
    """One connection with so many sessions; a `load.Caller`."""

    def __init__(self, number: int, sessions: int, task: Task, meter: Meter) -> None:
        self._number, self._lines, self._meter = number, task.lines, meter
        self._time = clock.now().isoformat().encode()
        self._authority = b"127.0.0.1:%d" % task.port
        settings = Configuration(peer_max_concurrent_streams=_STREAMS_MAX)
        self._http = ngh2.Connection(Role.CLIENT, settings)
        self._charging_id = getrandbits(31)
        self._sessions = [_Session() for _ in range(sessions)]
        self._streams: dict[int, _Session] = {}
        self._opened = False
        self.running = sessions

    def greet(self) -> bytes:
        """Preface and SETTINGS."""
        self._http.initiate_connection()
        return self._http.data_to_send()

    def leave(self) -> bytes:
        """GOAWAY."""
        self._http.send_goaway()
        return self._http.data_to_send()

    def receive(self, data: bytes, now: float) -> bytes:
        """Takes answers, and asks on."""
        if not self._opened:
            self._opened = True
            for session in self._sessions:
                self._begin(session, now)
        self._http.receive_data(data)
        for event in self._http.events():
            if isinstance(event, StreamClosed):
                self._answered(self._streams.pop(event.stream_id), now)
            elif isinstance(event, DataReceived):
                session = self._streams[event.stream_id]
                session.right = _SUCCESS in event.data
            elif isinstance(event, ResponseReceived):
                self._note_head(self._streams[event.stream_id], event)
            elif isinstance(event, GoAwayReceived | ConnectionClosed):
                raise RuntimeError("the server ends the connection")
        return self._http.data_to_send()

    def _note_head(self, session: _Session, event: ResponseReceived) -> None:
        session.status = event.headers[0][1]
        if session.last == 0:
            location = dict(event.headers).get(b"location", b"")
            session.ref = location.rpartition(b"/")[2]

    def _answered(self, session: _Session, now: float) -> None:
        meter = self._meter
        meter.note(now - session.sent)
        if session.status != _STATUS.get(session.last, b"200") or not session.right:
            wrong = session.status if session.right else session.status + b" without SUCCESS"
            meter.wrong[wrong.decode() or "reset"] += 1
            session.last = LAST
        if session.last < LAST:
            self._ask(session, LAST if meter.is_over else session.last + 1, now)
        elif meter.is_over:
            self.running -= 1
        else:
            self._begin(session, now)

    def _begin(self, session: _Session, now: float) -> None:
        line_id = any_line(self._lines)
        self._charging_id = self._charging_id + 1 & 0xFFFFFFFF
        session.imsi, session.msisdn = imsi_of(line_id), msisdn_of(line_id)
        session.charging_id = self._charging_id
        self._ask(session, 0, now)

    def _ask(self, session: _Session, number: int, now: float) -> None:
        root = ROOT.encode()
        if number == 0:
            path, usage = root, _ASKS
        elif number < LAST:
            path, usage = b"%s/%s/update" % (root, session.ref), _ASKS + _USED_UP % number
        else:
            path, usage = b"%s/%s/release" % (root, session.ref), _USED_LAST % number
        session.last, session.sent, session.status, session.right = number, now, b"", True
        self._post(session, path, self._body(session, number, usage))

    def _body(self, session: _Session, number: int, usage: bytes) -> bytes:
        identity = session.charging_id
        names = session.imsi, identity, identity, session.msisdn
        return _BODY % (self._number, self._time, number, *names, usage)

    def _post(self, session: _Session, path: bytes, body: bytes) -> None:
        stream = self._http.send_request(
            (
                (b":method", b"POST"),
                (b":scheme", b"http"),
                (b":authority", self._authority),
                (b":path", path),
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
            )
        )
        self._http.send_data(stream, body, end_stream=True)
        self._streams[stream] = session
