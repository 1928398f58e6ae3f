"""ES2+ on the wire: what is written can be read, and whatever is read, nothing falls over."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.activation_codes import luhn
from eka.wire.es2plus import codec, codes
from eka.wire.es2plus.codec import NotExecuted, Unreadable
from eka.wire.es2plus.messages import (
    ASKS,
    Answer,
    Ask,
    CancelOrder,
    ConfirmOrder,
    DownloadOrder,
    DownloadOrdered,
    ExecutionStatus,
    HandleDownloadProgressInfo,
    Iccid,
    OrderConfirmed,
    ReleaseProfile,
    RequestHeader,
    ResponseHeader,
    StatusCodeData,
)

ICCID = Iccid("8988299000000000016")
HEADER = {"functionRequesterIdentifier": "eka", "functionCallIdentifier": "TX-567"}
KINDS: list[Any] = [*ASKS, HandleDownloadProgressInfo, Answer, DownloadOrdered, OrderConfirmed]

text = st.text(max_size=20)
eids = st.from_regex(r"\A[0-9]{32}\Z") | st.none()
iccids = st.from_regex(r"\A89[0-9]{16,17}\Z").map(lambda digits: Iccid(f"{digits}{luhn(digits)}"))
data = st.builds(
    StatusCodeData,
    subject_code=text,
    reason_code=text,
    subject_identifier=text | st.none(),
    message=text | st.none(),
)
statuses = st.builds(
    ExecutionStatus,
    status=st.sampled_from(["Executed-Success", "Executed-WithWarning", "Failed", "Expired"]),
    status_code_data=data | st.none(),
)
asking = st.builds(RequestHeader, function_requester_identifier=text, function_call_identifier=text)
answering = st.builds(ResponseHeader, function_execution_status=statuses)
instants = st.datetimes(timezones=st.just(UTC))
messages: st.SearchStrategy[Any] = st.one_of(
    st.builds(DownloadOrder, header=asking, eid=eids, iccid=iccids, profile_type=text | st.none()),
    st.builds(
        ConfirmOrder,
        header=asking,
        iccid=iccids,
        release_flag=st.booleans(),
        eid=eids,
        matching_id=text | st.none(),
        confirmation_code=text | st.none(),
        smds_address=text | st.none(),
    ),
    st.builds(
        CancelOrder,
        header=asking,
        iccid=iccids,
        final_profile_status_indicator=st.sampled_from(["Available", "Unavailable"]),
        eid=eids,
        matching_id=text | st.none(),
    ),
    st.builds(ReleaseProfile, header=asking, iccid=iccids),
    st.builds(
        HandleDownloadProgressInfo,
        header=asking,
        iccid=iccids,
        profile_type=text,
        notification_point_id=st.integers(0, 2**31 - 1),
        notification_point_status=statuses,
        timestamp=instants,
        eid=eids,
        result_data=text | st.none(),
    ),
    st.builds(Answer, header=answering),
    st.builds(DownloadOrdered, header=answering, iccid=iccids),
    st.builds(
        OrderConfirmed, header=answering, matching_id=text, eid=eids, smdp_address=text | st.none()
    ),
)

known = st.sampled_from(
    ["header", "iccid", "eid", "functionExecutionStatus", "status", "timestamp", "Failed"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | known | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known | text, inner, max_size=4),
    max_leaves=12,
)


@given(messages)
def test_what_is_written_is_read_again(message: Any) -> None:
    assert codec.decode(codec.encode(message), type(message)) == message


@given(iccids)
def test_an_iccid_travels_as_20_characters_and_means_the_same_without_them(iccid: Iccid) -> None:
    body = json.loads(codec.encode(DownloadOrdered(header=codes.done(), iccid=iccid)))
    assert len(body["iccid"]) == 20
    assert body["iccid"].rstrip("F") == iccid
    bare = {**body, "iccid": str(iccid)}
    assert codec.decode(json.dumps(bare).encode(), DownloadOrdered).iccid == iccid


@given(anything)
def test_any_json_at_all_is_a_message_or_unreadable(value: Any) -> None:
    for kind in KINDS:
        falls_over_nothing(json.dumps(value).encode(), kind)


@given(messages, anything, st.data())
def test_a_message_with_any_one_value_wrong_too(
    message: Any, value: Any, draw: st.DataObject
) -> None:
    body = json.loads(codec.encode(message))
    field = draw.draw(st.sampled_from(sorted(body)))
    falls_over_nothing(json.dumps({**body, field: value}).encode(), type(message))


@given(st.binary(max_size=50))
def test_any_bytes_too(body: bytes) -> None:
    for kind in KINDS:
        falls_over_nothing(body, kind)


def falls_over_nothing(body: bytes, kind: Any) -> None:
    try:
        if issubclass(kind, Answer):
            codec.read_answer(body, kind)
        else:
            codec.decode(body, kind)
    except (Unreadable, NotExecuted):
        pass


def test_how_deep_a_body_is_does_not_matter() -> None:
    with pytest.raises(Unreadable, match=r"the body is invalid|no JSON"):
        codec.decode(b"[" * 200_000, DownloadOrder)
    with pytest.raises(Unreadable, match="no JSON"):
        codec.decode(b'{"x":' * 200_000, DownloadOrder)


def test_what_is_not_there_is_not_written() -> None:
    ask = DownloadOrder(
        header=RequestHeader(
            function_requester_identifier="eka", function_call_identifier="TX-567"
        ),
        profile_type="myProfileType",
    )
    assert codec.path(ask) == "/gsma/rsp2/es2plus/downloadOrder"
    assert json.loads(codec.encode(ask)) == {"header": HEADER, "profileType": "myProfileType"}


@pytest.mark.parametrize(
    ("changed", "says", "code"),
    [
        ({"iccid": None}, "iccid is invalid", codes.PARAMETER_INVALID),
        ({"iccid": "8988299000000000017F"}, "iccid is invalid", codes.PARAMETER_INVALID),
        ({"iccid": 8988299000000000016}, "iccid is invalid", codes.PARAMETER_INVALID),
        ({"releaseFlag": "maybe"}, "releaseFlag is invalid", codes.PARAMETER_INVALID),
        ({"eid": "1234"}, "eid is invalid", codes.PARAMETER_INVALID),
        ({"header": {}}, "header.functionRequesterIdentifier is missing", codes.PARAMETER_MISSING),
        ({"iccid": ...}, "iccid is missing", codes.PARAMETER_MISSING),
    ],
)
def test_what_is_wrong_is_named_and_its_value_is_not(
    changed: dict[str, Any], says: str, code: codes.Code
) -> None:
    whole = {"header": HEADER, "iccid": "8988299000000000016F", "releaseFlag": True, **changed}
    said = {name: value for name, value in whole.items() if value is not ...}
    with pytest.raises(Unreadable) as wrong:
        codec.decode(json.dumps(said).encode(), ConfirmOrder)
    assert str(wrong.value) == says
    status = wrong.value.answer().header.function_execution_status
    assert (status.status, codes.code_of(status)) == ("Failed", code)
    assert status.status_code_data is not None
    assert status.status_code_data.message == says


def test_the_examples_of_the_standard() -> None:
    """SGP.22, annex I, whose notification writes a number as text and timestamp as timeStamp."""
    refused = b"""{"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": {
        "subjectCode": "8.2.5", "reasonCode": "3.7", "message": "No more Profile"}}}}"""
    with pytest.raises(
        NotExecuted, match=r"Failed 8\.2\.5/3\.7 \(Profile Type: Unavailable\)"
    ) as no:
        codec.read_answer(refused, DownloadOrdered)
    assert (no.value.status, no.value.code) == ("Failed", codes.NO_MORE_PROFILES)
    info = {
        "header": HEADER,
        "eid": "89049032123451234512345678901235",
        "iccid": "8988299000000000016F",
        "profileType": "myProfileType",
        "timeStamp": "2015-12-16T09:30:47Z",
        "notificationPointId": "4",
        "notificationPointStatus": {"status": "Executed-Success"},
    }
    read = codec.decode(json.dumps(info).encode(), HandleDownloadProgressInfo)
    assert (read.iccid, read.notification_point_id) == (ICCID, 4)
    assert read.at == datetime(2015, 12, 16, 9, 30, 47, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", ["2015-12-16T09:30:47", "0001-01-01T00:00:00+14:00", "yesterday", "", None]
)
def test_an_instant_has_its_offset_and_lies_in_the_calendar(at: str | None) -> None:
    with pytest.raises(Unreadable):
        codec.decode(progress(timestamp=at), HandleDownloadProgressInfo)


def test_an_instant_of_another_offset_is_the_same_instant() -> None:
    read = codec.decode(progress(timestamp="2015-12-16T17:30:47+08:00"), HandleDownloadProgressInfo)
    assert read.timestamp is not None
    assert read.timestamp.tzinfo == timezone(timedelta(hours=8))
    assert read.at == datetime(2015, 12, 16, 9, 30, 47, tzinfo=UTC)


def progress(**changed: Any) -> bytes:
    whole = {
        "header": HEADER,
        "iccid": "8988299000000000016F",
        "profileType": "t",
        "timestamp": "2015-12-16T09:30:47Z",
        "notificationPointId": 3,
        "notificationPointStatus": {"status": "Executed-Success"},
    }
    return json.dumps(whole | changed).encode()


@pytest.mark.parametrize("version", ["gsma/rsp/v2.0.0", "gsma/rsp/v2.5.0", "gsma/rsp/v3.1.0"])
def test_the_headers_of_ours_and_of_later_versions(version: str) -> None:
    said = {name.lower(): value for name, value in codec.headers(version).items()}
    codec.check_headers(said)
    codec.check_headers({**said, "content-type": "application/json; charset=UTF-8"})


@pytest.mark.parametrize(
    "version", ["", "gsma/rsp/v1.9.9", "gsma/rsp/v2.5", "v2.5.0", "gsma/rsp/v٢.0.0"]
)
def test_headers_of_another_protocol(version: str) -> None:
    with pytest.raises(Unreadable, match="X-Admin-Protocol"):
        codec.check_headers({"x-admin-protocol": version, "content-type": "application/json"})


@pytest.mark.parametrize("content", ["", "text/html", "application/x-gsma-rsp-asn1"])
def test_a_body_that_is_no_json_by_its_own_word(content: str) -> None:
    with pytest.raises(Unreadable, match="Content-Type"):
        codec.check_headers({"x-admin-protocol": codec.PROTOCOL, "content-type": content})


# SGP.22, tables 24, 27, 30 and 32.
SAID: dict[str, str] = {
    "downloadOrder": "8.2.1/3.9 8.2.1/1.2 8.2.1/3.3 8.2.5/3.9 8.2.5/1.2 8.2.5/3.7 8.2.5/3.8",
    "confirmOrder": "8.2.1/3.9 8.2.1/1.2 8.2.6/3.3 8.9/5.1 8.9/4.2 8.1.1/2.2 8.1.1/3.10",
    "cancelOrder": "8.2.1/3.9 8.2.1/1.2 8.2.1/3.3 8.2.1/3.10 8.2.6/3.10",
    "releaseProfile": "8.2.1/3.9 8.2.1/1.2 8.2.1/3.5",
}


def test_every_reason_of_the_standard_has_a_name_and_words() -> None:
    named = {str(code) for code in vars(codes).values() if isinstance(code, codes.Code)}
    for said in " ".join(SAID.values()).split():
        assert said in named
        assert not any(letter.isdigit() for letter in codes.words(codes.Code(*said.split("/"))))


@given(st.sampled_from(ASKS))
def test_every_ask_has_a_path_of_its_own(kind: type[Ask]) -> None:
    others = {codec.path(other) for other in ASKS if other is not kind}
    assert codec.path(kind) not in others


def test_nothing_secret_is_in_what_a_traceback_shows() -> None:
    answer = OrderConfirmed(
        header=codes.done(), matching_id="AB-12", smdp_address="rsp.example.com"
    )
    assert "AB-12" not in repr(answer)
    with pytest.raises(Unreadable) as wrong:
        codec.decode(codec.encode(answer).replace(b'"AB-12"', b'["AB-12"]'), OrderConfirmed)
    assert "AB-12" not in str(wrong.value)
