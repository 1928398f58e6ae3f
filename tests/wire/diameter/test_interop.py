"""python-diameter, which others wrote, reads what Eka writes, and Eka reads what it writes."""

import pytest
from diameter.message import Avp, Message  # type: ignore[import-untyped]
from diameter.message.avp.grouped import (  # type: ignore[import-untyped]
    MultipleServicesCreditControl,
    RequestedServiceUnit,
    SubscriptionId,
    UsedServiceUnit,
)
from diameter.message.commands import CreditControlRequest  # type: ignore[import-untyped]
from tests.wire.diameter import messages as m

from eka.rules.units import Money
from eka.wire.diameter import capabilities, gy_answers
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter.capabilities import Capabilities
from eka.wire.diameter.gy import Mscc
from eka.wire.diameter.gy_answers import Grant, write_answer
from eka.wire.diameter.gy_notices import Notice, write_notice
from eka.wire.diameter.headers import glance


def theirs() -> CreditControlRequest:
    message = CreditControlRequest()
    message.header.hop_by_hop_identifier = 5
    message.session_id = m.SESSION
    message.origin_host = m.GATEWAY.encode()
    message.origin_realm = message.destination_realm = m.REALM.encode()
    message.service_context_id = "32251@3gpp.org"
    message.cc_request_type = 2
    message.cc_request_number = 3
    message.subscription_id = [
        SubscriptionId(subscription_id_type=1, subscription_id_data=m.ALICE_IMSI),
        SubscriptionId(subscription_id_type=0, subscription_id_data=m.ALICE_MSISDN),
    ]
    message.multiple_services_credit_control = [
        MultipleServicesCreditControl(
            rating_group=100,
            service_identifier=[7],
            requested_service_unit=RequestedServiceUnit(cc_total_octets=10**12),
            used_service_unit=[UsedServiceUnit(cc_input_octets=2**33, cc_output_octets=1)],
        )
    ]
    return message


def test_eka_reads_what_it_writes() -> None:
    request = m.read(theirs().as_bytes())
    assert (request.kind, request.number, request.header.hop_by_hop) == ("update", 3, 5)
    assert (request.imsi, request.msisdn) == (m.ALICE_IMSI, m.ALICE_MSISDN)
    assert request.parts == (Mscc(rating_group=100, services=(7,), used=2**33 + 1, asks=10**12),)


def test_it_reads_what_eka_answers() -> None:
    final = gy_answers.final_unit(gy_answers.REDIRECT, "https://topup.example")
    grant = Grant(
        rating_group=100, services=(7,), granted=2**40, validity=60, threshold=9, final=final
    )
    more = gy_answers.cost_information(Money(5, "USD")) + gy_answers.balance_result(True)
    request = m.read(theirs().as_bytes())
    answer = Message.from_bytes(write_answer(m.OCS, request, 2001, grant, more=more))
    assert (answer.session_id, answer.result_code) == (m.SESSION, 2001)
    assert (answer.origin_host, answer.origin_realm) == (m.OCS.host.encode(), m.OCS.realm.encode())
    assert (answer.cc_request_type, answer.cc_request_number) == (2, 3)
    (part,) = answer.multiple_services_credit_control
    assert part.granted_service_unit.cc_total_octets == 2**40
    assert (part.rating_group, part.service_identifier, part.result_code) == (100, [7], 2001)
    assert part.validity_time == 60
    indication = part.final_unit_indication
    assert indication.final_unit_action == 1
    assert indication.redirect_server.redirect_address_type == 2
    assert indication.redirect_server.redirect_server_address == "https://topup.example"
    assert answer.cost_information.currency_code == 840
    assert answer.cost_information.unit_value.value_digits == 5
    assert answer.cost_information.unit_value.exponent == -2
    assert answer.check_balance_result == 0


def test_it_reads_a_welcome() -> None:
    peer = Capabilities(m.GATEWAY, m.REALM, vendor_specific=True)
    message = capabilities.write_capabilities(m.OCS, glance(m.cer()), "2001:db8::9", peer)
    answer = Message.from_bytes(message)
    assert answer.result_code == 2001
    assert answer.host_ip_address == [(2, "2001:db8::9")]
    assert (answer.product_name, answer.firmware_revision) == ("Eka", 1)
    assert (answer.auth_application_id, answer.supported_vendor_id) == ([4], [10415])
    assert answer.vendor_specific_application_id[0].auth_application_id == 4


@pytest.mark.parametrize("kind", ["reauthorize", "abort"])
def test_it_reads_a_notice(kind) -> None:  # type: ignore[no-untyped-def]
    notice = Notice(kind=kind, session=m.SESSION, host=m.GATEWAY, realm=m.REALM, rating_group=3)
    message = Message.from_bytes(write_notice(m.OCS, notice, 5, 6))
    assert (
        type(message).__name__
        == {
            "reauthorize": "ReAuthRequest",
            "abort": "AbortSessionRequest",
        }[kind]
    )
    assert message.destination_host == m.GATEWAY.encode()


def plain(name: str) -> str:
    return name.upper().replace("-", "").removeprefix("3GPP").removeprefix("TGPP")


FOUR_BYTES = {"UNSIGNED32", "INTEGER32", "ENUMERATED"}
TEXTS = {"IDENTITY": "OCTETSTRING", "OCTETS": "OCTETSTRING", "UTF8": "UTF8STRING"}


@pytest.mark.parametrize("key", avp.DICTIONARY)
def test_both_dictionaries_agree(key: int) -> None:
    """On names, and on types as far as the bytes go: it counts Enumerated among the integers."""
    known = avp.DICTIONARY[key]
    other = Avp.new(key & 0xFFFFFFFF, key >> 32)
    assert plain(other.name) == plain(known.name)
    ours = {**TEXTS, "GROUP": "GROUPED"}.get(known.type.upper(), known.type.upper())
    theirs = type(other).__name__.removeprefix("Avp").upper()
    assert ours == theirs or {ours, theirs} <= FOUR_BYTES
