"""A hundred thousand inputs that nobody meant to send: none of them does any harm.

The seed is printed; EKA_FUZZ_SEED replays it.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from tests.wire.diameter import messages as m

from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import gy, reading
from eka.wire.diameter import writing as w
from eka.wire.diameter.capabilities import read_capabilities
from eka.wire.diameter.facts import session_facts
from eka.wire.diameter.gy_notices import read_result
from eka.wire.diameter.headers import HEADER_BYTES, glance, write_message
from eka.wire.diameter.peers import Endpoint, Peer
from eka.wire.diameter.refusals import write_refusal
from eka.wire.diameter.results import DiameterError

INPUTS_EACH = 25_000

Make = Callable[[random.Random], bytes]

VALID = [
    *(m.CCR_INITIAL, m.CCR_UPDATE, m.CCR_TERMINATE),
    *(m.cer(), m.cer(vendor_specific=True), m.dwr(), m.dpr(), m.answer(258, 1)),
    m.ccr(m.UPDATE, 1, m.used(1, 2), m.asks(None), subscriber=m.subscription(3, "a@b")),
]
KEYS = [*avp.DICTIONARY, 100_000, 2011 << 32 | 1]


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("EKA_FUZZ_SEED", "20261122"))
    print(f"EKA_FUZZ_SEED={seed}")
    return random.Random(seed)


def random_bytes(chance: random.Random) -> bytes:
    body = chance.randbytes(chance.randrange(0, 120) // 4 * 4)
    return write_message(glance(chance.choice(VALID)), body)


def cut_short(chance: random.Random) -> bytes:
    message = chance.choice(VALID)
    kept = chance.randrange(HEADER_BYTES, len(message)) // 4 * 4
    return write_message(glance(message), message[HEADER_BYTES:kept])


def flipped(chance: random.Random) -> bytes:
    message = bytearray(chance.choice(VALID))
    for _ in range(chance.randrange(1, 4)):
        message[chance.randrange(HEADER_BYTES, len(message))] ^= 1 << chance.randrange(8)
    return bytes(message)


def nested(chance: random.Random) -> bytes:
    """Known AVPs in places where they do not belong, some with lengths that lie."""
    body = b""
    for _ in range(chance.randrange(1, 12)):
        held = body if chance.random() < 0.5 else chance.randbytes(chance.choice((0, 4, 8, 13)))
        one = bytearray(w.octets(chance.choice(KEYS), held))
        if chance.random() < 0.1:
            one[5:8] = chance.choice((b"\xff\xff\xff", b"\0\0\0", b"\0\0\7", b"\0\x40\0"))
        body = bytes(one) if chance.random() < 0.5 else body + bytes(one)
    return write_message(glance(m.CCR_INITIAL), body[:60_000])


def answered(message: bytes) -> int:
    header = glance(message)
    try:
        gy.read_request(header, message)
    except DiameterError as error:
        return m.result_of(write_refusal(m.OCS, header, message, error))
    return 2001


@pytest.mark.parametrize("make", [random_bytes, cut_short, flipped, nested])
def test_no_message_harms(make: Make, chance: random.Random) -> None:
    outcomes: Counter[int] = Counter()
    for _ in range(INPUTS_EACH):
        message = make(chance)
        outcomes[answered(message)] += 1
        with suppress(DiameterError):
            read_capabilities(message)
            read_result(message)
            session_facts(reading.read(message, HEADER_BYTES))
    print(outcomes)
    assert set(outcomes) <= {2001, 3009, 5001, 5004, 5005, 5009, 5014, 5031}


def test_no_stream_harms(chance: random.Random) -> None:
    """Whole connections: bytes of all kinds, cut anywhere, at any time."""
    makes: list[Make] = [random_bytes, cut_short, flipped, nested, lambda c: c.choice(VALID)]
    for _ in range(1500):
        peer = Peer(Endpoint(m.OCS), "192.0.2.9", 0)
        peer.receive(m.cer(), 0)
        stream = b"".join(chance.choice(makes)(chance) for _ in range(6))
        if chance.random() < 0.3:
            stream += chance.randbytes(40)
        now = 0.0
        while stream:
            step = chance.randrange(1, 2000)
            peer.receive(stream[:step], now)
            stream, now = stream[step:], now + chance.choice((0, 0.1, 31))
            peer.tick(now)
        for message in peer.outgoing:
            reading.read(message, HEADER_BYTES)
        peer.end("lost", now)
        assert peer.state == "closed"


def test_a_length_that_lies_is_never_waited_for(chance: random.Random) -> None:
    for _ in range(2000):
        peer = Peer(Endpoint(m.OCS), "192.0.2.9", 0)
        claimed = chance.randrange(65_537, 2**24)
        peer.receive(m.cer() + b"\1" + claimed.to_bytes(3, "big"), 0)
        assert peer.state == "closed"
