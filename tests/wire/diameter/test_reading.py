"""AVPs in and out, and every way in which their lengths and flags can be wrong (RFC 6733, 4)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.wire.diameter import dictionary as avp
from eka.wire.diameter import reading
from eka.wire.diameter import writing as w
from eka.wire.diameter.results import DiameterError
from eka.wire.diameter.shapes import Avps, Shapes

ANY_KEY = st.one_of(st.integers(0, 1023), st.integers(0, 2**32 - 1).map(lambda n: 10415 << 32 | n))
ANY_AVPS = st.lists(st.tuples(ANY_KEY, st.binary(max_size=40)), max_size=12)


def refusal(data: bytes) -> tuple[int, bytes]:
    with pytest.raises(DiameterError) as caught:
        reading.read(data)
    return caught.value.code, caught.value.failed


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("000001b0 4000000c", 5014),  # it says twelve, there are eight
        ("000001b0 40000007", 5014),  # shorter than its header
        ("000001b0 00000000", 5014),  # no length at all would never end
        ("000001b0 c000000b 000028af", 5014),  # of a vendor, and shorter than that header
        ("000001b0 c000000c 0000", 5014),  # the vendor is cut off
        ("000001b0 40ffffff 00000001", 5014),
        ("000001b0 40", 5014),
        ("000001b0 5000000c 00000001", 3009),  # a flag that nobody has defined
        ("000186a0 4000000c 00000001", 5001),  # no such AVP, and its sender insists
        ("00000001 c0000010 000007db 00000001", 5001),  # a vendor's own, and its sender insists
    ],
)
def test_what_is_wrong_with_an_avp_is_told_by_its_code(data: str, code: int) -> None:
    assert refusal(bytes.fromhex(data))[0] == code


@pytest.mark.parametrize(
    "data",
    [
        "000186a0 0000000c 00000001",  # nobody insists
        "00000001 80000010 000007db 00000001",
        "0000ffff c0000010 000028af 00000001",  # 3GPP's, of some later release
        "000003ff 4000000c 00000001",  # the IETF's, of some later year
        "000001b0 6000000c 00000001",  # P: end-to-end security is long gone, its flag is not
        "000001b0 40000009 01",  # a group's last AVP may come without padding
    ],
)
def test_what_is_only_unknown_is_let_pass(data: str) -> None:
    assert len(reading.read(bytes.fromhex(data)).first) == 1


def test_failed_avp_shows_a_broken_one_as_header_and_zeros() -> None:
    assert refusal(bytes.fromhex("000001b0 40ffffff 00000001"))[1].hex() == (
        "000001b0" + "4000000c" + "00000000"
    )


@pytest.mark.parametrize(
    ("write", "read", "value"),
    [
        (w.unsigned32, reading.unsigned32, 2**32 - 1),
        (w.unsigned64, reading.unsigned64, 2**64 - 1),
        (w.integer32, reading.integer32, -2),
        (w.integer64, reading.integer64, -(2**63)),
        (w.utf8, reading.utf8, "上网"),
        (w.address, reading.address, "10.45.0.2"),
        (w.address, reading.address, "2001:db8::1"),
    ],
)
def test_a_value_comes_back(write, read, value) -> None:  # type: ignore[no-untyped-def]
    written = write(avp.RATING_GROUP, value)
    assert len(written) % 4 == 0
    assert read(avp.RATING_GROUP, reading.read(written).first[avp.RATING_GROUP]) == value


@pytest.mark.parametrize(
    ("read", "value", "code"),
    [
        (reading.unsigned32, b"\0" * 8, 5014),
        (reading.unsigned32, b"", 5014),
        (reading.unsigned64, b"\0" * 4, 5014),
        (reading.integer32, b"\0" * 3, 5014),
        (reading.integer64, b"\0" * 9, 5014),
        (reading.time, b"\0" * 5, 5014),
        (reading.utf8, b"\xff", 5004),
        (reading.utf8, b"a\0b", 5004),
        (reading.address, b"\0\1\x0a\0\0", 5004),
        (reading.address, b"\0\x08+861380", 5004),
        (reading.address, b"", 5004),
    ],
)
def test_a_value_of_the_wrong_size_or_kind_is_refused(read, value, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DiameterError) as caught:
        read(avp.RATING_GROUP, value)
    assert caught.value.code == code
    assert reading.read(caught.value.failed).first == {avp.RATING_GROUP: value}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("83aa7e80", 0),
        ("ffffffff", 2085978495),
        ("00000000", 2085978496),  # 2036, where the count begins again
    ],
)
def test_time_goes_on_after_2036(value: str, seconds: int) -> None:
    assert reading.time(avp.EVENT_TIMESTAMP, bytes.fromhex(value)) == seconds


@given(ANY_AVPS)
def test_what_is_written_is_read(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(w.octets(key, value) for key, value in pairs)
    for _ in range(2):  # the second time by its shape
        found = reading.read(data)
        for key in {key for key, _ in pairs}:
            assert found.every(key) == [value for k, value in pairs if k == key]


@given(st.lists(ANY_AVPS, max_size=6), st.lists(ANY_AVPS, max_size=6))
def test_no_shape_is_taken_for_another(
    learned: list[list[tuple[int, bytes]]], asked: list[list[tuple[int, bytes]]]
) -> None:
    shapes = Shapes()
    for pairs in learned:
        shapes.learn(b"".join(w.octets(key, value) for key, value in pairs), 0)
    for pairs in [*learned, *asked]:
        data = b"".join(w.octets(key, value) for key, value in pairs)
        found = shapes.cut(data, 0)
        if found is not None:
            slowly = Avps({}, [])
            reading.fill(slowly, data, 0)
            assert (found.first, found.again) == (slowly.first, slowly.again)


def test_shapes_do_not_pile_up() -> None:
    shapes = Shapes()
    for size in range(3000):
        shapes.learn(w.octets(avp.SESSION_ID, bytes(size)), 0)
    assert 0 < len(shapes._known) <= 1024


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(DiameterError):
        reading.read(data)


def test_groups_within_groups_are_not_followed() -> None:
    data = w.unsigned32(avp.RATING_GROUP, 1)
    for _ in range(2000):
        data = w.octets(avp.FAILED_AVP, data)
    assert len(reading.read(data).first) == 1
