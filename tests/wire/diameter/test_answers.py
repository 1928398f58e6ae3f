"""What Eka tells a gateway: grants, final units, refusals, notices."""

import pytest
from tests.wire.diameter import messages as m

from eka.rules.units import Money
from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import gy_answers, reading
from eka.wire.diameter import writing as w
from eka.wire.diameter.currencies import NUMBERS, currency_number
from eka.wire.diameter.gy_answers import Grant, write_answer
from eka.wire.diameter.gy_notices import Notice, read_result, write_notice
from eka.wire.diameter.headers import glance
from eka.wire.diameter.refusals import write_refusal
from eka.wire.diameter.results import DiameterError
from eka.wire.diameter.shapes import Avps

MSCC = avp.MULTIPLE_SERVICES_CREDIT_CONTROL
PROXY = w.group(avp.PROXY_INFO, w.utf8(avp.PROXY_HOST, "dra1"), w.octets(avp.PROXY_STATE, b"\1"))
PROXY_2 = w.group(avp.PROXY_INFO, w.utf8(avp.PROXY_HOST, "dra2"), w.octets(avp.PROXY_STATE, b"\2"))


def within(found: Avps, *path: int) -> Avps:
    for key in path:
        found = reading.read(found.first[key])
    return found


def test_alices_grant_is_her_last() -> None:
    request = m.read(m.CCR_UPDATE)
    grant = Grant(granted=700, validity=60, threshold=70, final=gy_answers.final_unit(0))
    message = write_answer(m.OCS, request, 2001, grant)
    header, answer = glance(message), m.avps(message)
    assert (header.flags, header.hop_by_hop, header.end_to_end) == (0x40, 1, 77)
    assert next(iter(ordered_keys(message))) == avp.SESSION_ID, "it comes first (RFC 6733, 8.8)"
    assert answer.first[avp.SESSION_ID].decode() == m.SESSION
    assert m.number(answer, avp.RESULT_CODE) == 2001
    assert m.number(answer, avp.CC_REQUEST_TYPE) == 2
    assert m.number(answer, avp.CC_REQUEST_NUMBER) == 1
    assert m.number(answer, avp.AUTH_APPLICATION_ID) == 4
    part = within(answer, MSCC)
    assert avp.RATING_GROUP not in part.first, "there was none in the request"
    assert m.number(within(part, avp.GRANTED_SERVICE_UNIT), avp.CC_TOTAL_OCTETS) == 700
    assert m.number(part, avp.VALIDITY_TIME) == 60
    assert m.number(part, avp.VOLUME_QUOTA_THRESHOLD) == 70
    assert m.number(part, avp.RESULT_CODE) == 2001
    final = within(part, avp.FINAL_UNIT_INDICATION)
    assert m.number(final, avp.FINAL_UNIT_ACTION) == 0


def ordered_keys(message: bytes) -> list[int]:
    slowly = Avps({}, [])
    reading.fill(slowly, message, 20)
    return list(slowly.first)


def test_a_redirection_names_its_url() -> None:
    indication = reading.read(gy_answers.final_unit(gy_answers.REDIRECT, "https://topup.example"))
    server = within(indication, avp.FINAL_UNIT_INDICATION, avp.REDIRECT_SERVER)
    assert m.number(server, avp.REDIRECT_ADDRESS_TYPE) == 2
    assert server.first[avp.REDIRECT_SERVER_ADDRESS] == b"https://topup.example"


def test_numbers_that_do_not_fit_are_as_large_as_can_be() -> None:
    grant = Grant(granted=2**63 - 1, validity=2**40, threshold=2**40)
    part = within(m.avps(write_answer(m.OCS, m.read(m.CCR_UPDATE), 2001, grant)), MSCC)
    assert m.number(part, avp.VALIDITY_TIME) == 2**32 - 1
    assert m.number(part, avp.VOLUME_QUOTA_THRESHOLD) == 2**32 - 1


def test_rating_groups_and_services_go_back_as_asked() -> None:
    grants = [Grant(rating_group=1, services=(7, 8), granted=1), Grant(rating_group=2, result=4012)]
    answer = m.avps(write_answer(m.OCS, m.read(m.CCR_UPDATE), 2001, *grants))
    first, second = (reading.read(value) for value in answer.every(MSCC))
    assert [int.from_bytes(v, "big") for v in first.every(avp.SERVICE_IDENTIFIER)] == [7, 8]
    assert m.number(second, avp.RATING_GROUP) == 2
    assert m.number(second, avp.RESULT_CODE) == 4012
    assert avp.GRANTED_SERVICE_UNIT not in second.first


def test_a_request_without_multiple_services_is_answered_without() -> None:
    request = m.read(m.ccr(m.UPDATE, 1, m.asks()))
    answer = m.avps(write_answer(m.OCS, request, 2001, Grant(granted=5)))
    assert m.number(within(answer, avp.GRANTED_SERVICE_UNIT), avp.CC_TOTAL_OCTETS) == 5
    assert MSCC not in answer.first
    assert m.result_of(write_answer(m.OCS, request, 2001, Grant(result=4012))) == 4012


def test_relays_get_their_proxy_info_back_in_order() -> None:
    request = m.read(m.with_avps(m.CCR_UPDATE, PROXY, PROXY_2))
    answer = m.avps(write_answer(m.OCS, request, 2001))
    assert [w.octets(avp.PROXY_INFO, v) for v in answer.every(avp.PROXY_INFO)] == [PROXY, PROXY_2]


@pytest.mark.parametrize(("result", "flags"), [(2001, 0x40), (4012, 0x40), (3004, 0x60)])
def test_protocol_errors_have_the_e_flag(result: int, flags: int) -> None:
    assert glance(write_answer(m.OCS, m.read(m.CCR_UPDATE), result)).flags == flags


@pytest.mark.parametrize("code", [3004, 5005])
def test_a_refusal_says_what_can_be_said(code: int) -> None:
    message = m.with_avps(m.CCR_UPDATE, PROXY) + bytes.fromhex("000001b0 40ffffff 00000001")
    failed = w.blank(avp.CC_REQUEST_NUMBER)
    error = DiameterError(code, "CC-Request-Number is missing", failed)
    written = write_refusal(m.OCS, glance(message), message, error)
    answer = m.avps(written)
    assert glance(written).flags == (0x60 if code == 3004 else 0x40)
    assert answer.first[avp.SESSION_ID].decode() == m.SESSION
    assert m.number(answer, avp.CC_REQUEST_NUMBER) == 1
    assert answer.first[avp.FAILED_AVP] == failed
    assert answer.first[avp.ERROR_MESSAGE] == b"CC-Request-Number is missing"
    assert w.octets(avp.PROXY_INFO, answer.first[avp.PROXY_INFO]) == PROXY


@pytest.mark.parametrize(
    ("money", "digits", "exponent", "currency"),
    [
        (Money(5, "USD"), 5, -2, 840),
        (Money(500, "JPY"), 500, 0, 392),
        (Money(1, "KWD"), 1, -3, 414),
        (Money(7, "XYZ"), 7, -2, 999),
    ],
)
def test_a_price_is_digits_and_an_exponent(
    money: Money, digits: int, exponent: int, currency: int
) -> None:
    cost = within(reading.read(gy_answers.cost_information(money)), avp.COST_INFORMATION)
    value = within(cost, avp.UNIT_VALUE)
    assert reading.integer64(avp.VALUE_DIGITS, value.first[avp.VALUE_DIGITS]) == digits
    assert reading.integer32(avp.EXPONENT, value.first[avp.EXPONENT]) == exponent
    assert m.number(cost, avp.CURRENCY_CODE) == currency


def test_every_currency_has_a_number_of_its_own() -> None:
    assert len(set(NUMBERS.values())) == len(NUMBERS) > 150
    assert (currency_number("CNY"), currency_number("EUR")) == (156, 978)


@pytest.mark.parametrize(("enough", "value"), [(True, 0), (False, 1)])
def test_a_balance_is_enough_or_not(enough: bool, value: int) -> None:
    found = reading.read(gy_answers.balance_result(enough))
    assert m.number(found, avp.CHECK_BALANCE_RESULT) == value


@pytest.mark.parametrize(
    ("kind", "command", "rating_group"),
    [("reauthorize", 258, None), ("reauthorize", 258, 100), ("abort", 274, None)],
)
def test_a_notice_goes_to_the_gateway(kind, command, rating_group) -> None:  # type: ignore[no-untyped-def]
    notice = Notice(
        kind=kind, session=m.SESSION, host=m.GATEWAY, realm=m.REALM, rating_group=rating_group
    )
    message = write_notice(m.OCS, notice, 5, 6)
    header, asked = glance(message), m.avps(message)
    assert (header.flags, header.command, header.application) == (0xC0, command, 4)
    assert (header.hop_by_hop, header.end_to_end) == (5, 6)
    assert asked.first[avp.DESTINATION_HOST].decode() == m.GATEWAY
    assert asked.first[avp.DESTINATION_REALM].decode() == m.REALM
    assert (avp.RE_AUTH_REQUEST_TYPE in asked.first) == (kind == "reauthorize")
    assert asked.first.get(avp.RATING_GROUP) == (rating_group and rating_group.to_bytes(4, "big"))


def test_an_experimental_result_is_a_result() -> None:
    inner = w.unsigned32(avp.VENDOR_ID, 10415), w.unsigned32(avp.EXPERIMENTAL_RESULT_CODE, 5030)
    experimental = w.group(avp.EXPERIMENTAL_RESULT, *inner)
    answer = m.with_avps(m.without(m.answer(258, 5), avp.RESULT_CODE), experimental)
    assert read_result(answer) == 5030
    assert read_result(m.answer(258, 5)) == 2001
    with pytest.raises(DiameterError):
        read_result(m.without(m.answer(258, 5), avp.RESULT_CODE))
