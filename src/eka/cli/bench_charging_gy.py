"""A packet gateway that speaks Gy as an Open5GS SMF was seen to (spec of charging, Diameter).

Messages are written once, and then only the bytes that differ are; of an answer, only its header
and its Result-Codes are read.
"""

import struct
from random import getrandbits

from eka.cli.bench_charging_load import LAST, any_line, drive, imsi_of, msisdn_of
from eka.cli.bench_charging_meter import Meter, Task
from eka.wire.diameter import capabilities, headers
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import writing as w
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.results import SUCCESS

REALM = "bench.example"

_INITIAL, _UPDATE, _TERMINATE = 1, 2, 3
_QUOTA_EXHAUSTED, _FINAL = 3, 2
_OCTETS = 1_000_000
_3GPP = avp.VENDOR_3GPP << 32

_SESSION = b"smf%02d.bench.example;%010d;%010d"
_SESSION_MARK = _SESSION % (0, 0, 0)
_NUMBER_MARK = 0x5E55104E

_HEAD = struct.Struct("!II4xI")  # length, command, hop-by-hop
_NAMES = struct.Struct("!II")  # hop-by-hop, end-to-end
_NUMBER = struct.Struct("!I")
_RESULT = struct.Struct("!I4xI")
_RESULT_AT = headers.HEADER_BYTES + 8 + (len(_SESSION_MARK) + 3) // 4 * 4
_REQUEST_OF_ANY_KIND = headers.REQUEST << 24
_COMMAND = _REQUEST_OF_ANY_KIND | 0xFFFFFF


def load_gy(task: Task, meter: Meter) -> None:
    """Speaks Gy to a server until the task is done."""
    drive(task, meter, Gateway)


class Gateway:
    """One connection of a gateway, with so many sessions; a `load.Caller`."""

    def __init__(self, number: int, sessions: int, task: Task, meter: Meter) -> None:
        self._node = Node(host=f"smf{number:02}.{REALM}", realm=REALM)
        self._number, self._lines, self._meter = number, task.lines, meter
        self._templates = [
            _Template(_request(self._node, kind)) for kind in (_INITIAL, _UPDATE, _TERMINATE)
        ]
        self._rest = b""
        self._run, self._serial, self._end_to_end = getrandbits(32), 0, getrandbits(31)
        self._last = [LAST] * sessions  # the number of each session's last request
        self._names = [(b"", b"", b"")] * sessions
        self._sent = [0.0] * sessions
        self._opened = False
        self.running = sessions

    def greet(self) -> bytes:
        """CER."""
        header = headers.Header(headers.REQUEST, headers.CAPABILITIES_EXCHANGE, 0, 0, 0)
        told = (
            self._node.origin,
            w.address(avp.HOST_IP_ADDRESS, "127.0.0.1"),
            w.unsigned32(avp.VENDOR_ID, 0),
            w.utf8(avp.PRODUCT_NAME, "eka bench"),
            w.unsigned32(avp.AUTH_APPLICATION_ID, headers.CREDIT_CONTROL_APPLICATION),
        )
        return headers.write_message(header, b"".join(told))

    def leave(self) -> bytes:
        """DPR."""
        return capabilities.write_disconnect(self._node, 0, 0)

    def receive(self, data: bytes, now: float) -> bytes:
        """Takes answers, and asks on."""
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        outgoing = []
        while end - at >= headers.HEADER_BYTES:
            length, command, session = _HEAD.unpack_from(data, at)
            length &= 0xFFFFFF
            if at + length > end:
                break
            if command & _COMMAND == headers.CREDIT_CONTROL:
                outgoing.append(self._answered(session, data, at, length, now))
            else:
                outgoing.append(self._other(data[at : at + length], now))
            at += length
        self._rest = data[at:]
        return b"".join(outgoing)

    def _answered(self, session: int, data: bytes, at: int, length: int, now: float) -> bytes:
        code, result = _RESULT.unpack_from(data, at + _RESULT_AT)
        # The answer's last AVP is the last one of its one Mscc: the Result-Code of that.
        (part,) = _NUMBER.unpack_from(data, at + length - 4)
        self._meter.note(now - self._sent[session])
        if code != avp.RESULT_CODE or result != SUCCESS or part != SUCCESS:
            self._meter.wrong[f"{result} {part}" if code == avp.RESULT_CODE else "unreadable"] += 1
            self._last[session] = LAST
        return self._next(session, now)

    def _next(self, session: int, now: float) -> bytes:
        last = self._last[session]
        if last == LAST:
            if self._meter.is_over:
                self.running -= 1
                return b""
            return self._begin(session, now)
        number = LAST if self._meter.is_over else last + 1
        return self._ask(session, number, now)

    def _begin(self, session: int, now: float) -> bytes:
        line_id = any_line(self._lines)
        self._serial += 1
        name = _SESSION % (self._number, self._run, self._serial)
        self._names[session] = name, imsi_of(line_id), msisdn_of(line_id)
        return self._ask(session, 0, now)

    def _ask(self, session: int, number: int, now: float) -> bytes:
        template = self._templates[0 if number == 0 else 1 if number < LAST else 2]
        self._last[session], self._sent[session] = number, now
        self._end_to_end = self._end_to_end + 1 & 0xFFFFFFFF
        return template.filled(session, self._end_to_end, number, *self._names[session])

    def _other(self, message: bytes, now: float) -> bytes:
        header = headers.glance(message)
        if header.command == headers.DEVICE_WATCHDOG and header.is_request:
            return capabilities.write_acknowledgement(self._node, header)
        if header.command != headers.CAPABILITIES_EXCHANGE or self._opened:
            self._meter.wrong[f"command {header.command}"] += 1
            return b""
        self._opened = True
        return b"".join(self._begin(session, now) for session in range(self.running))


class _Template:
    """A request, and the places of what differs from one to the next."""

    def __init__(self, message: bytes) -> None:
        self._message = bytearray(message)
        marks = _SESSION_MARK, imsi_of(0), msisdn_of(0)
        self._session, self._imsi, self._msisdn = (
            slice(message.index(mark), message.index(mark) + len(mark)) for mark in marks
        )
        self._number = message.index(_NUMBER.pack(_NUMBER_MARK))

    def filled(
        self, hop: int, end: int, number: int, session: bytes, imsi: bytes, msisdn: bytes
    ) -> bytes:
        message = self._message
        _NAMES.pack_into(message, 12, hop, end)
        _NUMBER.pack_into(message, self._number, number)
        message[self._session] = session
        message[self._imsi] = imsi
        message[self._msisdn] = msisdn
        return bytes(message)


def _request(node: Node, kind: int) -> bytes:
    flags = headers.REQUEST | headers.PROXIABLE
    application = headers.CREDIT_CONTROL_APPLICATION
    header = headers.Header(flags, headers.CREDIT_CONTROL, application, 0, 0)
    told = (
        w.octets(avp.SESSION_ID, _SESSION_MARK),
        node.origin,
        w.utf8(avp.DESTINATION_REALM, REALM),
        w.unsigned32(avp.AUTH_APPLICATION_ID, application),
        w.utf8(avp.SERVICE_CONTEXT_ID, "32251@3gpp.org"),
        w.unsigned32(avp.CC_REQUEST_TYPE, kind),
        w.unsigned32(avp.CC_REQUEST_NUMBER, _NUMBER_MARK),
        w.octets(avp.EVENT_TIMESTAMP, bytes.fromhex("e9300000")),
        _subscription(1, imsi_of(0)),
        _subscription(0, msisdn_of(0)),
        w.unsigned32(avp.REQUESTED_ACTION, 0),
        w.unsigned32(avp.MULTIPLE_SERVICES_INDICATOR, 1),
        _units(kind),
        _SERVICE,
    )
    return headers.write_message(header, b"".join(told))


def _subscription(kind: int, digits: bytes) -> bytes:
    told = w.unsigned32(avp.SUBSCRIPTION_ID_TYPE, kind), w.octets(avp.SUBSCRIPTION_ID_DATA, digits)
    return w.group(avp.SUBSCRIPTION_ID, *told)


def _units(kind: int) -> bytes:
    asks = w.group(avp.REQUESTED_SERVICE_UNIT, w.unsigned64(avp.CC_TOTAL_OCTETS, _OCTETS))
    members = {
        _INITIAL: [asks],
        _UPDATE: [asks, _used(w.unsigned32(avp.REPORTING_REASON, _QUOTA_EXHAUSTED))],
        _TERMINATE: [_used(b""), w.unsigned32(avp.REPORTING_REASON, _FINAL)],
    }
    return w.group(avp.MULTIPLE_SERVICES_CREDIT_CONTROL, *members[kind], _QOS)


def _used(reason: bytes) -> bytes:
    return w.group(
        avp.USED_SERVICE_UNIT,
        reason,
        w.unsigned32(avp.CC_TIME, 60),
        w.unsigned64(avp.CC_INPUT_OCTETS, _OCTETS // 10),
        w.unsigned64(avp.CC_OUTPUT_OCTETS, _OCTETS - _OCTETS // 10),
    )


_QOS = w.group(
    _3GPP | 1016,
    w.unsigned32(_3GPP | 1028, 9),
    w.group(_3GPP | 1034, w.unsigned32(_3GPP | 1046, 8), w.unsigned32(_3GPP | 1047, 1)),
)
_SERVICE = w.group(
    avp.SERVICE_INFORMATION,
    w.group(
        avp.PS_INFORMATION,
        w.octets(avp.TGPP_CHARGING_ID, b"\0\0\0\7"),
        w.address(avp.PDP_ADDRESS, "10.45.0.2"),
        w.utf8(avp.CALLED_STATION_ID, "internet"),
        w.utf8(avp.TGPP_SGSN_MCC_MNC, "99970"),
        w.octets(avp.TGPP_USER_LOCATION_INFO, bytes.fromhex("8299f707000199f70700000001")),
        w.octets(avp.TGPP_RAT_TYPE, b"\6"),
    ),
)
