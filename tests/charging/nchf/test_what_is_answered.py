"""What a gateway is told for what the engine answers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.charging.nchf.smf1 import create

from eka.charging.nchf_answers import base_of, reply
from eka.charging.requests import ChargingAnswer, FinalAction, FinalUnit, Part
from eka.rules.lines import SessionResult
from eka.wire.nchf.problems import Reply
from eka.wire.nchf.routing import ROOT, route

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
EXHAUSTED = {"triggerType": "QUOTA_EXHAUSTED", "triggerCategory": "IMMEDIATE_REPORT"}


def told(
    usages: list[dict[str, Any]], *parts: Part, final_unit: FinalUnit | None = None
) -> list[dict[str, Any]]:
    body = json.dumps(create(multipleUnitUsage=usages)).encode()
    invocation = route("POST", ROOT, "application/json", body)
    assert not isinstance(invocation, Reply)
    answer = reply(invocation, ChargingAnswer(parts=parts), final_unit or FinalUnit(), "", NOW)
    assert answer.status == 201
    response = json.loads(answer.body)
    assert response["invocationTimeStamp"] == "2026-03-01T08:00:00.000+00:00"
    information = response.get("multipleUnitInformation", [])
    assert isinstance(information, list)
    return information


def asks(volume: int | None = None, **more: Any) -> dict[str, Any]:
    unit = {} if volume is None else {"totalVolume": volume}
    return {"ratingGroup": 1, "requestedUnit": unit, **more}


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("limit_reached", "QUOTA_LIMIT_REACHED"),
        ("not_active", "END_USER_SERVICE_DENIED"),
        ("unknown_session", "RATING_FAILED"),
    ],
)
def test_a_refusal_is_said_of_its_rating_group_and_stops_the_traffic(
    result: SessionResult, code: str
) -> None:
    free = Part(rating_group=2, granted=5)
    usages = [asks(), {"ratingGroup": 2, "requestedUnit": {}}]
    refused, granted = told(usages, Part(rating_group=1, result=result), free)
    assert refused == {"ratingGroup": 1, "resultCode": code, "triggers": [EXHAUSTED]}
    assert granted["grantedUnit"] == {"totalVolume": 5}


def test_who_asked_for_nothing_is_told_nothing() -> None:
    """An answer would make free5GC overwrite the reporting of a rule that it charges offline."""
    offline = [{"quotaManagementIndicator": "OFFLINE_CHARGING", "totalVolume": 10}]
    part = Part(rating_group=1)
    assert told([{"ratingGroup": 1}], part) == []
    assert told([asks(usedUnitContainer=offline)], part) == []
    suspended = Part(rating_group=1, result="not_active")
    assert told([{"ratingGroup": 1}], suspended)[0]["resultCode"] == "END_USER_SERVICE_DENIED"


@pytest.mark.parametrize(
    ("action", "wire"), [("terminate", "TERMINATE"), ("restrict", "RESTRICT_ACCESS")]
)
def test_the_last_grant_says_what_comes_after_it(action: FinalAction, wire: str) -> None:
    part = Part(rating_group=1, granted=5, final=True)
    (information,) = told([asks(10)], part, final_unit=FinalUnit(action=action))
    assert information["finalUnitIndication"] == {"finalUnitAction": wire}


def test_two_upfs_share_the_grant_of_their_rating_group() -> None:
    two = [asks(30, uPFID="a"), asks(20, uPFID="b")]
    part = Part(rating_group=1, granted=40, threshold=15)
    first, second = told(two, part)
    assert (first["uPFID"], first["grantedUnit"]) == ("a", {"totalVolume": 30})
    assert (second["uPFID"], second["grantedUnit"]) == ("b", {"totalVolume": 10})
    assert (first["volumeQuotaThreshold"], second["volumeQuotaThreshold"]) == (15, 10)
    unsized = told([asks(uPFID="a"), asks(uPFID="b")], Part(rating_group=1, granted=41))
    assert [one["grantedUnit"]["totalVolume"] for one in unsized] == [20, 21]


def test_a_grant_beyond_what_was_asked_goes_to_whoever_asks_alone() -> None:
    (information,) = told([asks(10)], Part(rating_group=1, granted=15))
    assert information["grantedUnit"] == {"totalVolume": 15}


@pytest.mark.parametrize(
    ("scheme", "authority", "base"),
    [
        ("http", "chf.example:7777", "http://chf.example:7777"),
        ("https", "[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("http", "", ""),
        ("http", "a/b", ""),
        ("http", "a\r\nx: y", ""),
        ("ftp", "a", ""),
    ],
)
def test_the_address_of_a_session_is_what_the_gateway_calls_us(
    scheme: str, authority: str, base: str
) -> None:
    assert base_of(scheme, authority) == base
