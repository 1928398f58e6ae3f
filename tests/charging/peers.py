"""A small Gy gateway for stories, built with struct alone, so that no defect of our codec hides.

It speaks as Open5GS was seen to (spec/charging.md), and can lose its connection and come again.
"""

import asyncio
import contextlib
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

CCR, CER, DWR, DPR, RAR, ASR = 272, 257, 280, 282, 258, 274
INITIAL, UPDATE, TERMINATE, EVENT = 1, 2, 3, 4
REQUEST, PROXIABLE, RETRANSMITTED = 0x80, 0x40, 0x10
TGPP = 10415
RELAY = 0xFFFFFFFF  # the application of who passes everything on
GATEWAY = "smf1.operator.example"

SUCCESS, LIMIT, USER_UNKNOWN, UNKNOWN_SESSION, BUSY = 2001, 4012, 5030, 5002, 3004

Fields = dict[tuple[int, int], list[bytes]]


class Lost(Exception):
    """The connection ended before the answer came; whether the request was served is not known."""


def avp(code: int, data: bytes, vendor: int = 0, flags: int = 0x40) -> bytes:
    """One AVP, padded."""
    head = struct.pack("!I", vendor) if vendor else b""
    flags |= 0x80 if vendor else 0
    length = 8 + len(head) + len(data)
    pad = b"\0" * (-length % 4)
    return struct.pack("!IB", code, flags) + length.to_bytes(3, "big") + head + data + pad


def text(code: int, value: str, vendor: int = 0) -> bytes:
    return avp(code, value.encode(), vendor)


def u32(code: int, value: int, vendor: int = 0) -> bytes:
    return avp(code, struct.pack("!I", value), vendor)


def u64(code: int, value: int) -> bytes:
    return avp(code, struct.pack("!Q", value))


def group(code: int, *avps: bytes, vendor: int = 0) -> bytes:
    return avp(code, b"".join(avps), vendor)


def message(command: int, flags: int, application: int, hop: int, end: int, body: bytes) -> bytes:
    head = struct.pack("!B", 1) + (20 + len(body)).to_bytes(3, "big")
    head += struct.pack("!B", flags) + command.to_bytes(3, "big")
    return head + struct.pack("!III", application, hop, end) + body


def fields(data: bytes) -> Fields:
    """AVPs by (code, vendor), in their order."""
    found: Fields = {}
    for code, vendor, value in _avps(data):
        found.setdefault((code, vendor), []).append(value)
    return found


def _avps(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(data):
        code, flags = struct.unpack_from("!IB", data, at)
        length = int.from_bytes(data[at + 5 : at + 8], "big")
        skip = 12 if flags & 0x80 else 8
        vendor = struct.unpack_from("!I", data, at + 8)[0] if flags & 0x80 else 0
        yield code, vendor, data[at + skip : at + length]
        at += length + -length % 4


def number(found: Fields, code: int, vendor: int = 0) -> int | None:
    """The first such AVP as a number."""
    values = found.get((code, vendor))
    return int.from_bytes(values[0], "big") if values else None


@dataclass(frozen=True, kw_only=True)
class Units:
    """One Multiple-Services-Credit-Control. `asks` None: no RSU; "any": an empty one.

    `why` is a Reporting-Reason: of the Used-Service-Unit, or of the whole if nothing was used.
    """

    group: int | None = None
    asks: int | str | None = None
    used: int | None = None
    why: int | None = None
    more: bytes = b""

    def encoded(self) -> bytes:
        """As Open5GS writes it: what was used has no CC-Total-Octets, but input and output."""
        parts = [u32(432, self.group)] if self.group is not None else []
        if self.asks is not None:
            parts.append(group(437, *([u64(421, self.asks)] if isinstance(self.asks, int) else [])))
        why = b"" if self.why is None else u32(872, self.why, TGPP)
        if self.used is not None:
            down = self.used // 3
            # Its first CC-Time is the time of day.
            use = u32(420, 3_900_000_000), u64(412, self.used - down), u64(414, down)
            parts.append(group(446, *use, why))
        return group(456, *parts, self.more, b"" if self.used is not None else why)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What was said to one Multiple-Services-Credit-Control."""

    group: int | None
    result: int | None
    granted: int | None
    validity: int | None
    threshold: int | None
    final: int | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A CCA."""

    result: int | None
    parts: tuple[Granted, ...] = ()
    all: Fields = field(default_factory=dict, compare=False)


def read_answer(body: bytes) -> Answer:
    found = fields(body)
    parts = tuple(_granted(fields(data)) for data in found.get((456, 0), []))
    return Answer(result=number(found, 268), parts=parts, all=found)


def _granted(found: Fields) -> Granted:
    unit, final = found.get((431, 0)), found.get((430, 0))
    return Granted(
        group=number(found, 432),
        result=number(found, 268),
        granted=number(fields(unit[0]), 421) if unit else None,
        validity=number(found, 448),
        threshold=number(found, 869, TGPP),
        final=number(fields(final[0]), 449) if final else None,
    )


class Gateway:
    """A packet gateway's Diameter peer. `told` are the requests of the server, by command."""

    _end_to_end = itertools.count(1)

    def __init__(
        self, address: tuple[str, int], name: str = GATEWAY, *, application: int = 4
    ) -> None:
        self.address, self.name, self._application = address, name, application
        self.told: list[tuple[int, Fields]] = []
        self.heard = asyncio.Event()
        self._hops = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._last: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether it has introduced itself and was not cut off since."""
        return self._writer is not None

    async def connect(self) -> Answer:
        """Introduces itself; the CEA."""
        reader, self._writer = await asyncio.open_connection(*self.address)
        self._last = self._writer
        self._reading = asyncio.create_task(self._read(reader))
        address = avp(257, b"\0\1\x7f\0\0\1")
        body = address + u32(266, 0) + text(269, "smf") + u32(258, self._application)
        return read_answer(await self._send(CER, REQUEST, 0, origin_of(self.name) + body))

    async def close(self) -> None:
        """Goes without a word, as one whose power is cut."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._last is not None:
            self._last.close()
            with contextlib.suppress(OSError):
                await self._last.wait_closed()
        self._writer = None

    async def ask(
        self,
        kind: int,
        session: str,
        count: int,
        body: bytes = b"",
        *,
        again: bool = False,
        origin: bytes | None = None,
    ) -> Answer:
        """Sends a CCR; `again` sets the T flag, `origin` is another's whose message is relayed.

        Raises Lost.
        """
        origin = origin or origin_of(self.name)
        head = text(263, session) + origin + text(283, "localdomain") + u32(258, 4)
        head += text(461, "32251@3gpp.org") + u32(416, kind) + u32(415, count)
        flags = REQUEST | PROXIABLE | (RETRANSMITTED if again else 0)
        return read_answer(await self._send(CCR, flags, 4, head + body))

    async def _send(self, command: int, flags: int, application: int, body: bytes) -> bytes:
        if self._writer is None:
            raise Lost
        hop = next(self._hops)
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[hop] = waiting
        sent = message(command, flags, application, hop, next(self._end_to_end), body)
        self._writer.write(sent)
        return await waiting

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = await reader.readexactly(20)
                body = await reader.readexactly(int.from_bytes(head[1:4], "big") - 20)
                self._take(head, body)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._cut_off()

    def _take(self, head: bytes, body: bytes) -> None:
        command, hop = int.from_bytes(head[5:8], "big"), struct.unpack_from("!I", head, 12)[0]
        if not head[4] & REQUEST:
            waiting = self._waiting.pop(hop)
            if not waiting.done():
                waiting.set_result(body)
            return
        found = fields(body)
        self.told.append((command, found))
        self.heard.set()
        session = avp(263, found[263, 0][0]) if (263, 0) in found else b""
        answer = session + u32(268, SUCCESS) + origin_of(self.name)
        assert self._writer is not None
        self._writer.write(_answered(head, answer))

    def _cut_off(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Lost())
        self._waiting.clear()
        self.heard.set()


def _answered(head: bytes, body: bytes) -> bytes:
    """An answer with the request's command, application and identifiers."""
    flags = head[4] & ~REQUEST
    return head[:1] + (20 + len(body)).to_bytes(3, "big") + bytes([flags]) + head[5:20] + body


def origin_of(name: str) -> bytes:
    """Origin-Host and Origin-Realm."""
    return text(264, name) + text(296, name.partition(".")[2])


def subscriber(imsi: str, msisdn: str | None = None) -> bytes:
    """Subscription-Ids, the IMSI first."""
    body = group(443, u32(450, 1), text(444, imsi))
    return body + (group(443, u32(450, 0), text(444, msisdn)) if msisdn else b"")


def of_open5gs(apn: str = "internet") -> bytes:
    """What Open5GS says of a bearer in its first request."""
    information = (
        avp(2, b"\0\0\0\1", TGPP)
        + avp(1227, b"\0\1\x0a\x2d\0\2", TGPP)
        + text(30, apn)
        + text(18, "00101", TGPP)
        + avp(22, bytes.fromhex("8200f110000100f1100000000101"), TGPP)
        + avp(21, b"\6", TGPP)
    )
    return group(873, group(874, information, vendor=TGPP), vendor=TGPP)
