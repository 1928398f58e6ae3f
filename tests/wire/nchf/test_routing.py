"""Which requests are invocations of the service, and what the others are told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.wire.nchf.problems import Reply
from eka.wire.nchf.routing import BODY_BYTES_MAX, ROOT, Invocation, route
from eka.wire.nchf.types import VOLUME_MAX

REF = "nchf-0123456789abcdef0123456789abcdef"
REQUEST: dict[str, Any] = {
    "subscriberIdentifier": "imsi-001010000000001",
    "nfConsumerIdentification": {"nodeFunctionality": "SMF"},
    "invocationTimeStamp": "2026-03-01T08:00:00Z",
}
BODY = json.dumps(REQUEST).encode()
UPDATE = f"{ROOT}/{REF}/update"


def told(
    body: bytes, path: str = ROOT, method: str = "POST", content_type: str = "application/json"
) -> dict[str, Any]:
    """The problem that such a request gets."""
    reply = route(method, path, content_type, body)
    assert isinstance(reply, Reply), reply
    headers = dict(reply.headers)
    assert headers.pop("content-type") == "application/problem+json"
    problem = json.loads(reply.body)
    assert problem["status"] == reply.status
    assert problem.pop("title")
    assert isinstance(problem, dict)
    return {**problem, **headers}


@pytest.mark.parametrize(
    ("path", "operation"),
    [(ROOT, "create"), (UPDATE, "update"), (f"{ROOT}/{REF}/release", "release")],
)
def test_the_three_operations(path: str, operation: str) -> None:
    found = route("POST", path, "application/json", BODY)
    assert isinstance(found, Invocation)
    assert found.operation == operation
    assert (found.ref == REF) is (operation != "create")


@pytest.mark.parametrize("type_", ["application/json; charset=utf-8", "Application/JSON"])
def test_content_types_that_are_json(type_: str) -> None:
    assert isinstance(route("POST", ROOT, type_, BODY), Invocation)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        ROOT + "/",
        ROOT + "x",
        f"{ROOT}/{REF}",
        f"{ROOT}/{REF}/delete",
        f"{ROOT}/{REF}/update/",
        f"{ROOT}/{REF}/x/update",
        f"{ROOT}/{REF}/update\n",
        ROOT.replace("v3", "v2"),
    ],
)
def test_paths_that_are_not_ours(path: str) -> None:
    assert told(BODY, path) == {"status": 404, "cause": "RESOURCE_URI_STRUCTURE_NOT_FOUND"}


@pytest.mark.parametrize("ref", ["7", REF.upper(), REF + "0", REF[:-1], REF.replace("0", "%30")])
def test_refs_that_we_never_gave_out(ref: str) -> None:
    assert told(BODY, f"{ROOT}/{ref}/update") == {"status": 404, "cause": "CONTEXT_NOT_FOUND"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post"])
def test_other_methods_than_post(method: str) -> None:
    assert told(BODY, UPDATE, method) == {"status": 405, "allow": "POST"}


@pytest.mark.parametrize("type_", ["", "text/plain", "application/json-patch+json"])
def test_content_types_that_are_not_json(type_: str) -> None:
    assert told(BODY, content_type=type_)["status"] == 415


def test_a_body_beyond_the_limit() -> None:
    assert isinstance(
        route("POST", ROOT, "application/json", BODY.ljust(BODY_BYTES_MAX)), Reply
    ) is (False)
    assert told(BODY.ljust(BODY_BYTES_MAX + 1))["status"] == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a":"\\ud800"}', BODY + b"x", b'{"a":' + 100_000 * b"[", b"[1"],
)
def test_what_is_not_json(body: bytes) -> None:
    assert told(body)["cause"] in ("INVALID_MSG_FORMAT", "MANDATORY_IE_INCORRECT")
    assert told(body)["status"] == 400


@pytest.mark.parametrize(
    ("change", "cause", "pointer"),
    [
        ({"invocationTimeStamp": ...}, "MANDATORY_IE_MISSING", "/invocationTimeStamp"),
        (
            {"nfConsumerIdentification": {}},
            "MANDATORY_IE_MISSING",
            "/nfConsumerIdentification/nodeFunctionality",
        ),
        (
            {"multipleUnitUsage": [{"ratingGroup": 1}, {}]},
            "MANDATORY_IE_MISSING",
            "/multipleUnitUsage/1/ratingGroup",
        ),
        ({"subscriberIdentifier": ...}, "MANDATORY_IE_MISSING", "/subscriberIdentifier"),
        ({"invocationTimeStamp": 7}, "MANDATORY_IE_INCORRECT", "/invocationTimeStamp"),
        ({"invocationTimeStamp": "yesterday"}, "MANDATORY_IE_INCORRECT", "/invocationTimeStamp"),
        (
            {"multipleUnitUsage": [{"ratingGroup": -1}]},
            "MANDATORY_IE_INCORRECT",
            "/multipleUnitUsage/0/ratingGroup",
        ),
        ({"multipleUnitUsage": {}}, "OPTIONAL_IE_INCORRECT", "/multipleUnitUsage"),
        (
            {"multipleUnitUsage": 257 * [{"ratingGroup": 1}]},
            "OPTIONAL_IE_INCORRECT",
            "/multipleUnitUsage",
        ),
        ({"multipleUnitUsage": [None]}, "OPTIONAL_IE_INCORRECT", "/multipleUnitUsage/0"),
        ({"oneTimeEventType": "LATER"}, "OPTIONAL_IE_INCORRECT", "/oneTimeEventType"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], cause: str, pointer: str) -> None:
    body = {key: value for key, value in {**REQUEST, **change}.items() if value is not ...}
    problem = told(json.dumps(body).encode())
    assert (problem["status"], problem["cause"]) == (400, cause)
    assert [param["param"] for param in problem["invalidParams"]] == [pointer]


@pytest.mark.parametrize("volume", [-1, VOLUME_MAX + 1, 2**64 - 1, 10**30, 1.5, "7", True])
def test_volumes_that_the_ledger_cannot_count(volume: object) -> None:
    container = {"localSequenceNumber": 1, "totalVolume": volume}
    usage = {"ratingGroup": 1, "usedUnitContainer": [{"localSequenceNumber": 0}, container]}
    problem = told(json.dumps({**REQUEST, "multipleUnitUsage": [usage]}).encode(), UPDATE)
    assert problem["cause"] == "OPTIONAL_IE_INCORRECT"
    (param,) = problem["invalidParams"]
    assert param["param"] == "/multipleUnitUsage/0/usedUnitContainer/1/totalVolume"


def test_volumes_that_are_too_much_together() -> None:
    whole = {"totalVolume": VOLUME_MAX}
    for usage in (
        {"ratingGroup": 1, "usedUnitContainer": [whole, {"uplinkVolume": 1}]},
        {"ratingGroup": 1, "requestedUnit": {"uplinkVolume": VOLUME_MAX, "downlinkVolume": 1}},
    ):
        body = json.dumps({**REQUEST, "multipleUnitUsage": [{"ratingGroup": 1}, usage]}).encode()
        assert [param["param"] for param in told(body)["invalidParams"]] == ["/multipleUnitUsage/1"]


def test_somebody_whom_the_request_names_otherwise_is_unknown() -> None:
    for name in ("nai-alice@example.org", "imsi-1", "imsi-00101000000000x", "imsi-1234567\n"):
        body = json.dumps({**REQUEST, "subscriberIdentifier": name}).encode()
        assert told(body) == {"status": 404, "cause": "USER_UNKNOWN"}


def test_nulls_and_strangers_are_as_good_as_absent() -> None:
    nothing = dict.fromkeys(["multipleUnitUsage", "notifyUri", "oneTimeEvent", "triggers"])
    body = json.dumps({**REQUEST, **nothing, "roamingQBCInformation": {"a": [1e99]}}).encode()
    assert isinstance(route("POST", ROOT, "application/json", body), Invocation)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
paths = st.sampled_from([ROOT, UPDATE, f"{ROOT}/{REF}/release", f"{ROOT}/7/update"]) | st.text()


@given(method=st.text() | st.just("POST"), path=paths, type_=st.text(), body=st.binary())
def test_whatever_comes_is_answered(method: str, path: str, type_: str, body: bytes) -> None:
    for content_type in (type_, "application/json"):
        assert isinstance(route(method, path, content_type, body), Reply | Invocation)


@given(
    path=paths,
    changes=st.dictionaries(
        st.sampled_from(
            [*REQUEST, "multipleUnitUsage", "notifyUri", "pDUSessionChargingInformation", "strange"]
        ),
        json_values,
    ),
)
def test_whatever_json_comes_is_answered(path: str, changes: dict[str, Any]) -> None:
    body = json.dumps({**REQUEST, **changes}).encode()
    assert isinstance(route("POST", path, "application/json", body), Reply | Invocation)
