"""What the engine is asked for what a gateway sends: volumes, indicators, events, facts."""

import json
from typing import Any

import pytest
from tests.charging.nchf.smf1 import UPF, create

from eka.charging.nchf_requests import charging_request
from eka.charging.requests import Ask, ChargingRequest
from eka.wire.nchf.problems import Reply
from eka.wire.nchf.routing import ROOT, Operation, route
from eka.wire.nchf.types import VOLUME_MAX

REF = "nchf-" + 32 * "7"


def asked(body: dict[str, Any], operation: Operation = "create") -> ChargingRequest:
    path = ROOT if operation == "create" else f"{ROOT}/{REF}/{operation}"
    invocation = route("POST", path, "application/json", json.dumps(body).encode())
    assert not isinstance(invocation, Reply), invocation
    return charging_request(invocation, "192.0.2.10")


def usage(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"ratingGroup": 1, "usedUnitContainer": list(containers), **more}


def one(usage: dict[str, Any], operation: Operation = "update", **more: Any) -> Ask:
    (ask,) = asked(create(multipleUnitUsage=[usage], **more), operation).asks
    return ask


@pytest.mark.parametrize(
    ("container", "used", "recorded"),
    [
        ({"totalVolume": 10}, 10, 0),
        ({"totalVolume": 10, "uplinkVolume": 1, "downlinkVolume": 2}, 10, 0),
        ({"uplinkVolume": 1, "downlinkVolume": 2}, 3, 0),
        ({"downlinkVolume": 2}, 2, 0),
        ({"time": 60}, 0, 0),
        ({"totalVolume": 10, "quotaManagementIndicator": "ONLINE_CHARGING"}, 10, 0),
        ({"totalVolume": 10, "quotaManagementIndicator": "OFFLINE_CHARGING"}, 0, 10),
        ({"totalVolume": 10, "quotaManagementIndicator": "QUOTA_MANAGEMENT_SUSPENDED"}, 0, 10),
    ],
)
def test_what_counts_as_used(container: dict[str, Any], used: int, recorded: int) -> None:
    ask = one(usage(container))
    assert (ask.used, ask.recorded, ask.asks) == (used, recorded, 0)


@pytest.mark.parametrize(
    ("requested", "asks"),
    [
        ({}, None),
        ({"time": 60}, None),
        ({"totalVolume": 10}, 10),
        ({"totalVolume": 0}, 0),
        ({"totalVolume": 10, "uplinkVolume": 10, "downlinkVolume": 10}, 10),
        ({"uplinkVolume": 10}, 10),
        (None, 0),
    ],
)
def test_what_counts_as_asked(requested: dict[str, Any] | None, asks: int | None) -> None:
    assert one(usage(requestedUnit=requested)).asks == asks


def test_what_is_charged_offline_asks_for_nothing() -> None:
    """free5GC sends an empty requestedUnit with it."""
    offline = {"totalVolume": 10, "quotaManagementIndicator": "OFFLINE_CHARGING"}
    assert one(usage(offline, requestedUnit={})).asks == 0
    assert one(usage(offline, {"totalVolume": 1}, requestedUnit={})).asks is None


@pytest.mark.parametrize("trigger", ["FINAL", "ABNORMAL_RELEASE"])
def test_the_last_report_of_a_rating_group_ends_its_part(trigger: str) -> None:
    last = {"totalVolume": 10, "triggers": [{"triggerType": trigger}]}
    assert one(usage(last)).ends
    assert not one(usage(last, requestedUnit={})).ends
    assert not one(usage(last), "release").ends
    assert not one(usage({"triggers": [{"triggerType": "QUOTA_EXHAUSTED"}]})).ends


def test_a_release_asks_for_nothing() -> None:
    """free5GC sends its requestedUnit here too."""
    request = asked(
        create(multipleUnitUsage=[usage({"totalVolume": 9}, requestedUnit={"totalVolume": 5})]),
        "release",
    )
    assert request.kind == "end"
    assert request.asks == (Ask(rating_group=1, used=9),)


def test_one_rating_group_at_two_upfs_is_one_part() -> None:
    body = create(
        multipleUnitUsage=[
            usage({"totalVolume": 1}, uPFID="a", requestedUnit={"totalVolume": 10}),
            usage({"totalVolume": 2}, uPFID="b", requestedUnit={"totalVolume": 20}),
            {"ratingGroup": 2, "requestedUnit": {"totalVolume": 5}},
        ]
    )
    assert asked(body, "update").asks == (
        Ask(rating_group=1, used=3, asks=30),
        Ask(rating_group=2, asks=5),
    )
    body["multipleUnitUsage"][1]["requestedUnit"] = {}
    assert asked(body, "update").asks[0].asks is None


def test_two_upfs_cannot_ask_for_more_than_the_ledger_counts() -> None:
    whole = {"ratingGroup": 1, "requestedUnit": {"totalVolume": VOLUME_MAX}}
    assert asked(create(multipleUnitUsage=[whole, whole])).asks[0].asks == VOLUME_MAX


def test_release_15_spells_the_containers_with_a_capital() -> None:
    container = [{"localSequenceNumber": 1, "totalVolume": 10}]
    assert one({"ratingGroup": 1, "UsedUnitContainer": container}).used == 10
    both = {"ratingGroup": 1, "UsedUnitContainer": container, "usedUnitContainer": container}
    assert one(both).used == 10


def test_an_immediate_event_is_asked_for_and_a_post_event_was_used() -> None:
    event = create(
        oneTimeEvent=True,
        oneTimeEventType="IEC",
        multipleUnitUsage=[usage({"totalVolume": 3}, requestedUnit={"totalVolume": 10})],
    )
    request = asked(event)
    assert (request.kind, request.event) == ("event", "debit")
    assert request.asks == (Ask(rating_group=1, asks=13),)
    assert asked({**event, "oneTimeEventType": "PEC"}).asks == (Ask(rating_group=1, used=3),)


def test_who_is_charged() -> None:
    gpsi = {"pDUSessionChargingInformation": {"userInformation": {"servedGPSI": "msisdn-8613800"}}}
    assert asked(create(**gpsi)).msisdn is None
    by_gpsi = asked(create(subscriberIdentifier="nai-alice@example.org", **gpsi))
    assert (by_gpsi.imsi, by_gpsi.msisdn) == (None, "8613800")
    assert asked(create(subscriberIdentifier="msisdn-8613801", **gpsi)).msisdn == "8613801"
    assert asked(create(subscriberIdentifier=None), "update").imsi is None


def test_the_facts_of_a_session_are_those_of_its_first_request() -> None:
    body = create(
        notifyUri="http://192.0.2.10/notify_7",
        multipleUnitUsage=[{"ratingGroup": 1, "uPFID": UPF}],
        pDUSessionChargingInformation={
            "chargingId": 17,
            "userLocationinfo": {
                "nrLocation": {"tai": {"plmnId": {"mcc": "310", "mnc": "410"}, "tac": "000001"}}
            },
            "pduSessionInformation": {
                "pduSessionID": 1,
                "dnnId": "internet",
                "ratType": "NR",
                "servingCNPlmnId": {"mcc": "460", "mnc": "01"},
            },
        },
    )
    assert asked(body).facts == {
        "door": "nchf",
        "notify": "http://192.0.2.10/notify_7",
        "peer": "smf1",
        "apn": "internet",
        "rat": "NR",
        "network": "310410",
        "charging_id": 17,
        "upf": {"1": UPF},
    }
    del body["pDUSessionChargingInformation"]["userLocationinfo"]
    assert asked(body).facts["network"] == "46001"
    assert asked(body, "update").facts == {}


def test_facts_hold_only_what_the_ledger_can_keep() -> None:
    body = create(
        nfConsumerIdentification={"nodeFunctionality": "SMF"},
        notifyUri="http://192.0.2.10/\0",
        pDUSessionChargingInformation={
            "chargingId": "a\0b" + 999 * "c",
            "pduSessionInformation": {
                "dnnId": "\0",
                "servingCNPlmnId": {"mcc": "\u0663\u0661\u0660", "mnc": "10"},
            },
        },
    )
    facts = asked(body).facts
    assert facts.pop("charging_id") == "ab" + 252 * "c"
    assert facts == {"door": "nchf", "peer": "192.0.2.10"}
