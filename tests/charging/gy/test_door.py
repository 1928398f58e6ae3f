"""The door over real sockets: sessions, notices, gateways that vanish, leaving in good order."""

import asyncio
import logging

import pytest
from tests.charging.gy.smf1 import Engine, gateway, grants_all, hop_by_hop, open_door, until
from tests.wire.diameter import messages as m

from eka.charging import gy, gy_connections
from eka.charging.requests import ChargingAnswer, OpenSession
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import writing as w
from eka.wire.diameter.headers import ABORT_SESSION, DISCONNECT_PEER, RE_AUTH, glance
from eka.wire.diameter.peers import Timings

RELAY = "dra1.operator.example"
HERS = OpenSession(
    id=m.SESSION, facts={"door": "gy", "host": m.GATEWAY, "realm": m.REALM, "peer": m.GATEWAY}
)


def test_alice_uses_her_data_and_leaves() -> None:
    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (door, port), gateway(port) as smf1:
            for message in (m.CCR_INITIAL, m.CCR_UPDATE, m.CCR_TERMINATE):
                answer = await smf1.ask(message)
                assert m.result_of(answer) == 2001
            assert [request.kind for request in engine.asked] == ["initial", "update", "end"]
            assert engine.asked[0].facts["peer"] == m.GATEWAY
            assert dict(door.figures.requests) == {"initial": 1, "update": 1, "terminate": 1}
            assert dict(door.figures.answers) == {2001: 3}
            assert (door.connections, door.outstanding) == (1, 0)

    asyncio.run(story())


def test_many_gateways_at_once_get_their_own_answers() -> None:
    async def one(port: int, name: str) -> set[int]:
        async with gateway(port, name) as smf:
            smf.send(*[m.ccr(m.UPDATE, n, m.mscc(m.asks()), hop_by_hop=n) for n in range(300)])
            return {hop_by_hop(await smf.hear()) for _ in range(300)}

    async def story() -> None:
        async with open_door(Engine()) as (door, port):
            names = [f"smf{n}.operator.example" for n in range(5)]
            for answered in await asyncio.gather(*[one(port, name) for name in names]):
                assert answered == set(range(300))
            await until(lambda: door.connections == 0)

    asyncio.run(story())


def test_answers_of_one_turn_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[gy_connections.Connection] = []
    flush = gy_connections.Connection._flush

    def counted(connection: gy_connections.Connection) -> None:
        flushes.append(connection)
        flush(connection)

    monkeypatch.setattr(gy_connections.Connection, "_flush", counted)

    async def story() -> None:
        engine = Engine(lambda _: None)
        async with open_door(engine) as (_, port), gateway(port) as smf1:
            smf1.send(*[m.ccr(m.UPDATE, n, m.mscc(m.asks())) for n in range(50)])
            await until(lambda: len(engine.waiting) == 50)
            flushes.clear()
            for answer in engine.waiting:
                answer(ChargingAnswer())
            for _ in range(50):
                await smf1.hear()
            assert len(flushes) == 1

    asyncio.run(story())


def test_strangers_are_turned_away() -> None:
    async def story() -> None:
        async with open_door(Engine(), allowed=frozenset({m.GATEWAY})) as (door, port):
            async with gateway(port, greets=False) as stranger:
                assert m.result_of(await stranger.ask(m.cer("stranger.example"))) == 3010
                assert await stranger.is_let_go()
            async with gateway(port) as smf1:
                assert m.result_of(await smf1.ask(m.CCR_INITIAL)) == 2001
            assert dict(door.figures.refused) == {3010: 1}

    asyncio.run(story())


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x01\xff\xff\xff", bytes(4000)])
def test_noise_ends_its_own_connection_only(noise: bytes) -> None:
    async def story() -> None:
        async with open_door(Engine()) as (_, port), gateway(port) as smf1:
            async with gateway(port, "smf2.operator.example") as smf2:
                smf2.send(noise)
                assert await smf2.is_let_go()
            assert m.result_of(await smf1.ask(m.CCR_INITIAL)) == 2001

    asyncio.run(story())


def test_an_engine_that_breaks_costs_one_request(caplog: pytest.LogCaptureFixture) -> None:
    def breaks(request):  # type: ignore[no-untyped-def]
        if request.kind == "initial":
            raise RuntimeError(f"no line for {request.imsi}")
        return grants_all(request)

    async def story() -> None:
        async with open_door(Engine(breaks)) as (door, port), gateway(port) as smf1:
            assert m.result_of(await smf1.ask(m.CCR_INITIAL)) == 5012
            assert m.result_of(await smf1.ask(m.CCR_UPDATE)) == 2001
            assert door.figures.failures == 1

    asyncio.run(story())
    assert "RuntimeError" in caplog.text
    assert m.ALICE_IMSI not in caplog.text


def test_a_busy_door_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gy, "OUTSTANDING_MAX", 1)

    async def story() -> None:
        engine = Engine(lambda _: None)
        async with open_door(engine) as (_, port), gateway(port) as smf1:
            smf1.send(m.CCR_INITIAL, m.CCR_UPDATE)
            answer = await smf1.hear()
            assert (m.result_of(answer), glance(answer).flags) == (3004, 0x60)
            engine.waiting[0](ChargingAnswer())
            engine.waiting[0](ChargingAnswer())
            assert m.result_of(await smf1.hear()) == 2001

    asyncio.run(story())


def test_a_gateway_that_has_lost_its_connection_is_let_in_again() -> None:
    async def story() -> None:
        engine = Engine()
        async with (
            open_door(engine) as (_, port),
            gateway(port) as half_dead,
            gateway(port, m.GATEWAY.upper()) as smf1,
        ):
            assert await half_dead.is_let_go()
            assert m.result_of(await smf1.ask(m.CCR_UPDATE)) == 2001

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["reauthorize", "abort"])
def test_a_top_up_or_a_suspension_reaches_the_gateway(kind: str) -> None:
    async def story() -> None:
        async with open_door(Engine()) as (door, port), gateway(port) as smf1:
            assert getattr(door, kind)(HERS)
            notice = await smf1.hear()
            command = {"reauthorize": RE_AUTH, "abort": ABORT_SESSION}[kind]
            assert glance(notice).command == command
            smf1.send(m.answer(command, hop_by_hop(notice), application=4))
            await until(lambda: door.figures.notices[kind, 2001] == 1)

    asyncio.run(story())


def test_behind_a_relay_the_gateway_is_called_by_the_way_it_came() -> None:
    async def story() -> None:
        hers = OpenSession(id=m.SESSION, facts={**HERS.facts, "peer": "dra0"}, rating_groups=(9,))
        async with open_door(Engine()) as (door, port):
            assert not door.reauthorize(hers), "nobody is there"
            async with gateway(port, RELAY) as dra1:
                assert not door.reauthorize(hers), "nobody has come that way"
                record = w.utf8(avp.ROUTE_RECORD, m.GATEWAY)
                assert m.result_of(await dra1.ask(m.with_avps(m.CCR_UPDATE, record))) == 2001
                assert door.reauthorize(hers)
                notice = m.avps(await dra1.hear())
                assert notice.first[avp.DESTINATION_HOST].decode() == m.GATEWAY
                assert m.number(notice, avp.RATING_GROUP) == 9
            await until(lambda: door.connections == 0)
            assert not door.reauthorize(hers)
            async with gateway(port, "dra0") as dra0:
                assert door.abort(hers), "by the way the session began"
                await dra0.hear()

    asyncio.run(story())


def test_a_notice_without_answer_is_repeated_and_then_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gy, "TICK_SECONDS", 0.01)

    async def story() -> None:
        timings = Timings(notice=0, closing=1)
        async with open_door(Engine(), timings=timings) as (door, port), gateway(port) as smf1:
            assert door.abort(HERS)
            first, second = await smf1.hear(), await smf1.hear()
            assert not glance(first).is_retransmitted
            assert glance(second).is_retransmitted
            await until(lambda: door.figures.notices["abort", 0] == 1)

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert "did not answer" in caplog.text
    assert m.SESSION not in caplog.text


def test_the_watchdog_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gy, "TICK_SECONDS", 0.01)

    async def story() -> None:
        timings = Timings(watchdog=0, closing=1)
        async with open_door(Engine(), timings=timings) as (_, port), gateway(port) as smf1:
            assert glance(await smf1.hear()).command == 280
            assert await smf1.is_let_go()

    asyncio.run(story())


def test_eka_leaves_when_everybody_has_an_answer() -> None:
    async def story() -> None:
        engine = Engine(lambda _: None)
        async with open_door(engine) as (door, port), gateway(port) as smf1:
            smf1.send(m.CCR_INITIAL)
            await until(lambda: len(engine.waiting) == 1)
            leaving = asyncio.create_task(door.stop())
            await asyncio.sleep(0.05)
            assert m.result_of(await smf1.ask(m.CCR_UPDATE)) == 3004, "nothing new is begun"
            with pytest.raises(OSError, match="Connect"):
                await asyncio.open_connection("127.0.0.1", port)
            engine.waiting[0](ChargingAnswer())
            assert m.result_of(await smf1.hear()) == 2001
            goodbye = await smf1.hear()
            assert glance(goodbye).command == DISCONNECT_PEER
            assert m.number(m.avps(goodbye), avp.DISCONNECT_CAUSE) == 0
            smf1.send(m.answer(DISCONNECT_PEER, hop_by_hop(goodbye)))
            assert await smf1.is_let_go()
            await leaving

    asyncio.run(story())


def test_a_gateway_that_does_not_say_goodbye_is_left() -> None:
    async def story() -> None:
        async with open_door(Engine()) as (door, port), gateway(port) as smf1:
            await door.stop()
            assert door.connections == 0
            assert await smf1.is_let_go()

    asyncio.run(story())


def test_who_does_not_read_is_not_read_and_no_memory_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gy_connections, "WRITE_BYTES_HIGH", 4096)

    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (door, port), gateway(port) as smf1:
            await asyncio.wait_for(_fill(smf1.writer), 10)
            answered = door.figures.answers[2001]
            await asyncio.sleep(0.1)
            assert door.figures.answers[2001] == answered, "nothing more is taken from it"
            assert m.result_of(await smf1.hear()) == 2001
            smf1.writer.transport.abort()

    asyncio.run(story())


async def _fill(writer: asyncio.StreamWriter) -> None:
    """Writes requests until nobody takes them any more."""
    while writer.transport.get_write_buffer_size() < 1_000_000:
        writer.write(m.CCR_UPDATE * 50)
        await asyncio.sleep(0)


def test_who_never_reads_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gy_connections, "WRITE_BYTES_MAX", 100_000)

    async def story() -> None:
        engine = Engine(lambda _: None)
        async with open_door(engine) as (door, port), gateway(port) as smf1:
            smf1.writer.transport.pause_reading()  # type: ignore[attr-defined]
            # A relay's state goes back with each answer: more than any kernel keeps in between.
            smf1.send(*[m.with_avps(m.CCR_UPDATE, w.octets(avp.PROXY_INFO, bytes(8000)))] * 3000)
            await until(lambda: len(engine.waiting) == 3000)
            answer = grants_all(engine.asked[0])
            while door.connections and engine.waiting:
                for _ in range(100):
                    engine.waiting.pop()(answer)
                await asyncio.sleep(0)
            await until(lambda: door.connections == 0)

    asyncio.run(story())
    assert "does not read" in caplog.text


def test_too_many_connections_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gy, "CONNECTIONS_MAX", 1)

    async def story() -> None:
        async with open_door(Engine()) as (door, port), gateway(port) as smf1:
            async with gateway(port, greets=False) as second:
                assert await second.is_let_go()
            assert m.result_of(await smf1.ask(m.CCR_INITIAL)) == 2001
            assert door.connections == 1

    asyncio.run(story())
