"""python-diameter, a whole Diameter node that others wrote, as Alice's gateway."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from diameter.message import Message  # type: ignore[import-untyped]
from diameter.message.commands import ReAuthAnswer  # type: ignore[import-untyped]
from diameter.node import Node  # type: ignore[import-untyped]
from diameter.node.application import (  # type: ignore[import-untyped]
    Application,
    SimpleThreadingApplication,
)
from tests.charging.gy.smf1 import Engine, open_door, until
from tests.wire.diameter import messages as m

from eka.charging.requests import OpenSession


@contextmanager
def node(port: int, notices: list[Message]) -> Iterator[Application]:
    """A node that stays connected to the door; its threads have ended when the story has."""

    def obey(application: Application, notice: Message) -> Message:
        notices.append(notice)
        return application.generate_answer(notice, result_code=2001)

    gateway = Node(m.GATEWAY, m.REALM)
    gateway.wakeup_interval = 0.1
    peer = gateway.add_peer(
        f"aaa://{m.OCS.host}:{port}",
        m.REALM,
        ip_addresses=["127.0.0.1"],
        is_persistent=True,
        is_default=True,
    )
    application = SimpleThreadingApplication(4, is_auth_application=True, request_handler=obey)
    gateway.add_application(application, [peer])
    gateway.start()
    try:
        application.wait_for_ready(5)
        yield application
    finally:
        gateway.stop(wait_timeout=3)


def theirs(number: int) -> Message:
    message = Message.from_bytes(m.ccr(m.UPDATE if number else m.INITIAL, number, m.mscc(m.asks())))
    message.header.hop_by_hop_identifier = 0
    return message


def test_a_session_and_a_notice() -> None:
    notices: list[Message] = []
    noted = threading.Event()

    def gateway(port: int, topped_up: "asyncio.Future[bool]") -> list[Message]:
        with node(port, notices) as application:
            answers = [application.send_request(theirs(number), timeout=5) for number in range(3)]
            loop = topped_up.get_loop()
            loop.call_soon_threadsafe(topped_up.set_result, True)
            assert noted.wait(5)
            return answers

    async def story() -> None:
        engine = Engine()
        async with open_door(engine) as (door, port):
            topped_up = asyncio.get_running_loop().create_future()
            working = asyncio.get_running_loop().run_in_executor(None, gateway, port, topped_up)
            await asyncio.wait_for(topped_up, 10)
            facts = engine.asked[0].facts
            assert door.reauthorize(OpenSession(id=m.SESSION, facts=facts))
            await until(lambda: door.figures.notices["reauthorize", 2001] == 1)
            noted.set()
            answers = await working
        assert [answer.result_code for answer in answers] == [2001] * 3
        (part,) = answers[2].multiple_services_credit_control
        assert part.granted_service_unit.cc_total_octets == 1_000_000
        assert [request.number for request in engine.asked] == [0, 1, 2]

    asyncio.run(story())
    assert notices[0].session_id == m.SESSION
    assert isinstance(notices[0].to_answer(), ReAuthAnswer)
