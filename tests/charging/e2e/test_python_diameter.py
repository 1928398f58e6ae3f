"""python-diameter, a whole node that others wrote, as Alice's gateway to the real process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from diameter.message import Message  # type: ignore[import-untyped]
from diameter.message.avp.grouped import (  # type: ignore[import-untyped]
    RequestedServiceUnit,
    UsedServiceUnit,
)
from diameter.message.commands import CreditControlRequest  # type: ignore[import-untyped]
from diameter.node import Node  # type: ignore[import-untyped]
from diameter.node.application import (  # type: ignore[import-untyped]
    Application,
    SimpleThreadingApplication,
)
from tests.charging.conftest import MB, Charging, Figures, Shop

# It takes only requests for a realm of its peers: both are of one realm, as at a real operator.
HOST, REALM = "smf41.operator.example", "operator.example"
RE_AUTH = 258


@contextmanager
def node(charging: Charging, heard: list[Message], told: threading.Event) -> Iterator[Application]:
    """A connected node; its threads have ended when the story has."""

    def obey(application: Application, request: Message) -> Message:
        heard.append(request)
        told.set()
        return application.generate_answer(request, result_code=2001)

    gateway = Node(HOST, REALM)
    gateway.wakeup_interval = 0.1
    host, port = charging.gy
    peer = gateway.add_peer(
        f"aaa://eka.localdomain:{port}",
        REALM,
        ip_addresses=[host],
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


def request(imsi: str, kind: int, number: int, *, used: int = 0, asks: int = 0) -> Message:
    message = CreditControlRequest()
    message.session_id = f"{HOST};41;{imsi}"
    message.origin_host, message.origin_realm = HOST.encode(), REALM.encode()
    message.destination_realm = REALM.encode()
    message.auth_application_id = 4
    message.service_context_id = "32251@3gpp.org"
    message.cc_request_type, message.cc_request_number = kind, number
    message.add_subscription_id(1, imsi)
    units = {}
    if asks:
        units["requested_service_unit"] = RequestedServiceUnit(cc_total_octets=asks)
    if used:
        units["used_service_unit"] = UsedServiceUnit(cc_input_octets=used, cc_output_octets=0)
    message.add_multiple_services_credit_control(rating_group=1, **units)
    return message


def test_a_session_and_a_top_up(shop: Shop, charging: Charging) -> None:
    """It understands grants, the final unit, the Re-Auth after a top-up, and the end."""
    alice = shop.sim()
    heard: list[Message] = []
    told = threading.Event()
    with node(charging, heard, told) as gateway:

        def say(*words: int, **units: int) -> Message:
            answer = gateway.send_request(request(alice, *words, **units), timeout=10)
            assert answer.result_code == 2001
            (part,) = answer.multiple_services_credit_control
            return part

        part = say(1, 0, asks=4 * MB)
        assert part.granted_service_unit.cc_total_octets == 4 * MB
        assert (part.rating_group, part.validity_time) == (1, 3600)
        for _ in range(2):  # the second time, it is a repeat
            part = say(2, 1, used=4 * MB, asks=9 * MB)
            assert part.granted_service_unit.cc_total_octets == 6 * MB
            assert part.final_unit_indication.final_unit_action == 0
        shop.line("top-up", alice, "--data", "5MB", "--validity", "30d")
        assert told.wait(20), charging.log
        assert [one.header.command_code for one in heard] == [RE_AUTH]
        assert heard[0].session_id == f"{HOST};41;{alice}"
        part = say(2, 2, used=MB, asks=9 * MB)
        assert part.granted_service_unit.cc_total_octets == 9 * MB
        assert part.final_unit_indication is None
        say(3, 3, used=9 * MB)
    assert shop.figures(alice) == Figures(MB, 0, 14 * MB, 0)
