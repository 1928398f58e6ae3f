"""ICCIDs, EIDs and activation codes, read strictly and never repeated where they are secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.activation_codes import (
    ActivationCode,
    UnreadableCode,
    luhn,
    padded,
    read_activation_code,
    read_eid,
    read_iccid,
)

EID = "89049032123451234512345678901235"  # the example of GSMA SGP.02, table 4
digits = st.text("0123456789", min_size=16, max_size=17)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8944500102198304826", "8944500102198304826"),
        ("89445001 0219 8304 826F", "8944500102198304826"),
        ("8944500102198304826f", "8944500102198304826"),
    ],
)
def test_an_iccid_is_read_with_or_without_padding(written: str, read: str) -> None:
    assert read_iccid(written) == read
    assert padded(read) == "8944500102198304826F"


def test_a_twisted_digit_is_noticed() -> None:
    with pytest.raises(UnreadableCode) as refused:
        read_iccid("8944500102198304862")
    assert refused.value.fault == "check_digit"


@pytest.mark.parametrize("text", ["", "89", "7944500102198304826", "89445001021983048260000", "x"])
def test_what_is_no_iccid_is_refused(text: str) -> None:
    with pytest.raises(UnreadableCode):
        read_iccid(text)


@given(digits)
def test_every_iccid_survives_its_padding(body: str) -> None:
    whole = f"89{body}{luhn('89' + body)}"
    assert read_iccid(padded(whole)) == whole
    assert len(padded(whole)) == 20


@given(digits, st.integers(0, 9))
def test_one_wrong_check_digit_is_always_noticed(body: str, other: int) -> None:
    right = luhn("89" + body)
    if other != right:
        with pytest.raises(UnreadableCode):
            read_iccid(f"89{body}{other}")


def test_an_eid_has_its_check_digits() -> None:
    assert read_eid(" ".join(EID[start : start + 4] for start in range(0, 32, 4))) == EID
    with pytest.raises(UnreadableCode) as refused:
        read_eid(EID[:-1] + "4")
    assert refused.value.fault == "check_digit"
    with pytest.raises(UnreadableCode) as refused:
        read_eid(EID[:-1])
    assert refused.value.fault == "form"


CODE = "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CODE, ActivationCode("smdp.example.com", "04386-AGYFT-A74Y8-3F815")),
        (CODE[4:], ActivationCode("smdp.example.com", "04386-AGYFT-A74Y8-3F815")),
        (f"{CODE}$$1", ActivationCode("smdp.example.com", "04386-AGYFT-A74Y8-3F815", "", True)),
        (
            f"{CODE}$1.3.6.1.4.1.31746$1",
            ActivationCode(
                "smdp.example.com", "04386-AGYFT-A74Y8-3F815", "1.3.6.1.4.1.31746", True
            ),
        ),
        ("LPA:1$smdp.example.com$", ActivationCode("smdp.example.com", "")),
    ],
)
def test_the_examples_of_sgp_22_are_read(text: str, code: ActivationCode) -> None:
    assert read_activation_code(text) == code
    assert code.text().removeprefix("LPA:") == text.removeprefix("LPA:")


@pytest.mark.parametrize(
    "text",
    ["", "LPA:2$a.b$C", "LPA:1$$C", "LPA:1$a b$C", "LPA:1$a.b$C D", "LPA:1$a.b$C$$2", "LPA:1$a.b"],
)
def test_what_phones_would_reject_is_rejected(text: str) -> None:
    with pytest.raises(UnreadableCode) as refused:
        read_activation_code(text)
    assert "a.b" not in str(refused.value)


def test_no_log_gets_the_secret_by_accident() -> None:
    assert "AGYFT" not in repr(read_activation_code(CODE))


def test_the_link_for_iphones_carries_the_code() -> None:
    link = read_activation_code(CODE).apple_link()
    assert link == f"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata={CODE}"


def test_who_may_give_it_is_named_by_an_object_identifier_or_by_nothing() -> None:
    code = ActivationCode("smdp.example.com", "K2-1QZ83", "1.3.6.1.4.1.31746")
    assert code.text() == "LPA:1$smdp.example.com$K2-1QZ83$1.3.6.1.4.1.31746"
    assert read_activation_code(code.text()) == code
    with pytest.raises(UnreadableCode):
        read_activation_code("LPA:1$smdp.example.com$K2-1QZ83$nobody")
