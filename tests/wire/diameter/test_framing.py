"""A stream is cut into messages wherever TCP cut it, or given up (RFC 6733, 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.wire.diameter.framing import MESSAGE_BYTES_MAX, Framer
from eka.wire.diameter.headers import Header, check_header, glance, write_message
from eka.wire.diameter.results import DiameterError

MESSAGES = [write_message(Header(0x80, 272, 4, n, n), bytes(4 * n)) for n in range(5)]


@given(st.lists(st.integers(0, sum(map(len, MESSAGES))), max_size=8))
def test_it_does_not_matter_how_bytes_arrive(cuts: list[int]) -> None:
    stream = b"".join(MESSAGES)
    framer = Framer()
    came: list[bytes] = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        came += framer.feed(stream[start:stop])
    assert came == MESSAGES


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("01000013", 5015),  # shorter than a header
        ("01000000", 5015),
        ("01ffffff", 5015),
        ("01010004", 5015),  # one word above the limit
        ("02000014", 5011),
        ("47455420", 5011),  # an HTTP client has lost its way
    ],
)
def test_an_end_that_cannot_be_known_gives_the_stream_up(head: str, code: int) -> None:
    framer = Framer()
    stream = framer.feed(MESSAGES[0] + bytes.fromhex(head))
    assert next(stream) == MESSAGES[0]
    with pytest.raises(DiameterError) as caught:
        next(stream)
    assert caught.value.code == code


def test_the_longest_message_is_taken() -> None:
    message = write_message(Header(0x80, 272, 4, 1, 1), bytes(MESSAGE_BYTES_MAX - 20))
    assert list(Framer().feed(message)) == [message]


@pytest.mark.parametrize(
    ("flags", "code"),
    [(0x80, None), (0xC0, None), (0x90, None), (0x60, None), (0x81, 3008), (0xA0, 3008)],
)
def test_flags_that_cannot_be(flags: int, code: int | None) -> None:
    message = write_message(Header(flags, 272, 4, 1, 1), b"")
    found = None
    try:
        check_header(glance(message), message)
    except DiameterError as error:
        found = error.code
    assert found == code


def test_a_length_that_is_no_multiple_of_four_is_refused() -> None:
    (message,) = Framer().feed(bytes.fromhex("01000015") + bytes(17))
    with pytest.raises(DiameterError) as caught:
        check_header(glance(message), message)
    assert caught.value.code == 5015
