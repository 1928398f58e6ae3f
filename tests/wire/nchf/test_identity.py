"""A repeat is known as one, and nothing else is taken for one."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.wire.nchf.identity import CONTENT_NUMBER_MIN, SESSION, session_of
from eka.wire.nchf.problems import Reply
from eka.wire.nchf.routing import ROOT, Operation, route

REF = "nchf-0123456789abcdef0123456789abcdef"


def body(**more: Any) -> dict[str, Any]:
    return {
        "subscriberIdentifier": "imsi-001010000000001",
        "nfConsumerIdentification": {"nodeFunctionality": "SMF"},
        "invocationTimeStamp": "2026-03-01T08:00:00Z",
        "invocationSequenceNumber": 0,
        **more,
    }


def number(request: dict[str, Any], operation: Operation = "update") -> int:
    path = ROOT if operation == "create" else f"{ROOT}/{REF}/{operation}"
    found = route("POST", path, "application/json", json.dumps(request).encode())
    assert not isinstance(found, Reply), found
    return found.number


def report(volume: int = 10, **more: Any) -> dict[str, Any]:
    """A usage with one container that says when it was closed, as free5GC's do."""
    container = {"totalVolume": volume, "triggerTimestamp": "2026-03-01T08:00:00Z", **more}
    return {"ratingGroup": 1, "usedUnitContainer": [container]}


def test_a_create_that_comes_again_opens_the_same_session() -> None:
    first = json.dumps(body(chargingId=17)).encode()
    again = json.dumps(
        dict(reversed(body(chargingId=17, retransmissionIndicator=True).items())), indent=1
    ).encode()
    assert SESSION.match(session_of(first))
    assert session_of(first) == session_of(again)


def test_another_create_opens_another_session() -> None:
    creates = [
        body(),
        body(chargingId=18),
        body(invocationTimeStamp="2026-03-01T08:00:01Z"),
        body(subscriberIdentifier="imsi-001010000000002"),
    ]
    assert len({session_of(json.dumps(create).encode()) for create in creates}) == 4


@pytest.mark.parametrize("strange", [b'{"x":1e999}', b'{"x":"\xff"}', b"[]", b"1", b""])
def test_a_create_with_strange_fields_is_known_by_its_bytes(strange: bytes) -> None:
    assert session_of(strange) == session_of(strange)
    assert session_of(strange) != session_of(strange + b" x")


def test_a_gateway_that_counts_is_believed() -> None:
    assert number(body(), "create") == 0
    assert number(body(invocationSequenceNumber=7), "create") == 0
    assert number(body(invocationSequenceNumber=7)) == 7
    assert number(body(invocationSequenceNumber=2**32 - 1)) < CONTENT_NUMBER_MIN


def test_where_the_count_stands_still_the_content_counts() -> None:
    first = body(multipleUnitUsage=[report()])
    numbers = {
        number(first),
        number(first, "release"),
        number(body(multipleUnitUsage=[report(11)])),
        number(body(multipleUnitUsage=[report(triggerTimestamp="2026-03-01T09:00:00Z")])),
        number(body(multipleUnitUsage=[report(localSequenceNumber=1)])),
        number(body(multipleUnitUsage=[report(quotaManagementIndicator="OFFLINE_CHARGING")])),
        number(body(multipleUnitUsage=[{**report(), "ratingGroup": 2}])),
        number(body(multipleUnitUsage=[{**report(), "uPFID": "b"}])),
        number(body(multipleUnitUsage=[{**report(), "requestedUnit": {}}])),
        number(body(multipleUnitUsage=[report(), {**report(), "ratingGroup": 2}])),
    }
    assert len(numbers) == 10
    assert min(numbers) >= CONTENT_NUMBER_MIN
    assert max(numbers) < 2**48


def test_the_same_report_in_a_request_built_anew_is_a_repeat() -> None:
    first = body(multipleUnitUsage=[report()])
    del first["invocationSequenceNumber"]
    later = {"invocationTimeStamp": "2026-03-01T08:00:09Z", "retransmissionIndicator": True}
    assert number(first) == number({**first, **later})


@pytest.mark.parametrize("usages", [[], [{"ratingGroup": 1, "requestedUnit": {}}]])
def test_without_a_report_only_the_time_tells_two_requests_apart(
    usages: list[dict[str, Any]],
) -> None:
    first = body(multipleUnitUsage=usages)
    later = {**first, "invocationTimeStamp": "2026-03-01T08:00:09Z"}
    assert number(first) == number(first)
    assert number(first) != number(later)


def test_equal_reports_that_nothing_marks_are_told_apart_by_the_time() -> None:
    """Else the second exhausted quota of the same size would be taken for a repeat, and be free."""
    container = {"localSequenceNumber": 0, "totalVolume": 1_000_000}
    first = body(multipleUnitUsage=[{"ratingGroup": 1, "usedUnitContainer": [container]}])
    later = {**first, "invocationTimeStamp": "2026-03-01T08:00:09Z"}
    assert number(first) == number(first)
    assert number(first) != number(later)


@given(groups=st.lists(st.integers(0, 9), unique=True), seed=st.integers())
def test_the_order_of_rating_groups_means_nothing(groups: list[int], seed: int) -> None:
    usages = [{**report(), "ratingGroup": group} for group in groups]
    shuffled = random.Random(seed).sample(usages, len(usages))
    first, other = body(multipleUnitUsage=usages), body(multipleUnitUsage=shuffled)
    assert number(first) == number(other)
