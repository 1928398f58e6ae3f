"""The official SDK, as it is, is content with the sandbox."""

from pathlib import Path
from typing import Any

import pytest
from airalo import Airalo as OfficialAiralo  # type: ignore[import-untyped]
from airalo.config import Config  # type: ignore[import-untyped]
from airalo.exceptions import AiraloException  # type: ignore[import-untyped]
from airalo.helpers.cached import Cached  # type: ignore[import-untyped]
from airalo.helpers.signature import Signature  # type: ignore[import-untyped]
from tests.gateways.suppliers.airalo.stage import GIB, JAPAN, JAPAN_TOP_UP, NOTIFY, Airalo

from eka.rules.activation_codes import read_iccid


class Here(Config):  # type: ignore[misc]  # the SDK has no types
    """The SDK knows only one address; this is another."""

    def get_url(self) -> str:
        return f"{self.get('here')}/"


@pytest.fixture
def sdk(airalo: Airalo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OfficialAiralo:
    # It would keep tokens and answers beside its own code, and ask a proxy for this machine.
    monkeypatch.setattr(Cached, "_cache_path", tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = airalo.sandbox.settings()
    settings["here"] = settings.pop("api_base")
    return OfficialAiralo(Here(settings))


def test_packages(sdk: OfficialAiralo, airalo: Airalo) -> None:
    listed = sdk.get_all_packages(flat=True)["data"]
    assert [one["package_id"] for one in listed] == [one.code for one in airalo.supplier.packages()]
    [japan] = [one for one in listed if one["package_id"] == JAPAN]
    assert (japan["net_price"], japan["amount"], japan["countries"]) == (3.6, 1024, ["JP"])
    assert {one["type"] for one in sdk.get_sim_packages(flat=True)["data"]} == {"sim"}
    assert {one["slug"] for one in sdk.get_global_packages(flat=True)["data"]} == {"europe"}
    assert {one["slug"] for one in sdk.get_local_packages(flat=True)["data"]} == {"japan", "france"}
    french = sdk.get_country_packages("FR", flat=True)["data"]
    assert {one["slug"] for one in french} == {"france", "europe"}


def test_an_order_data_on_top_and_what_was_used(sdk: OfficialAiralo, airalo: Airalo) -> None:
    order = sdk.order(JAPAN, 2, "für Alice / 日本")["data"]
    first, second = (read_iccid(sim["iccid"]) for sim in order["sims"])
    assert (order["net_price"], order["description"]) == (3.6, "für Alice / 日本")
    assert JAPAN_TOP_UP in [one["id"] for one in sdk.get_sim_topups(first)["data"]]
    assert sdk.topup(JAPAN_TOP_UP, first)["data"]["type"] == "topup"
    airalo.act(first, "enable")
    airalo.act(first, "use", bytes=GIB + GIB // 2)
    usage = sdk.sim_usage(first)["data"]
    assert (usage["total"], usage["remaining"], usage["status"]) == (2048, 512, "ACTIVE")
    history = sdk.get_sim_package_history(first)["data"]
    assert [(one["package"]["type"], one["remaining"]) for one in history] == [
        ("topup", 512),
        ("sim", 0),
    ]
    both = sdk.sim_usage_bulk([first, second])
    assert [both[iccid]["data"]["status"] for iccid in (first, second)] == ["ACTIVE", "NOT_ACTIVE"]


def test_orders_of_several_packages(sdk: OfficialAiralo) -> None:
    orders = sdk.order_bulk({JAPAN: 1, "elan-7days-1gb": 3, "nowhere": 1})
    assert [len(orders[code]["data"]["sims"]) for code in (JAPAN, "elan-7days-1gb")] == [1, 3]
    assert orders["nowhere"]["code"] == 34


def test_orders_that_are_delivered_later(sdk: OfficialAiralo, airalo: Airalo) -> None:
    accepted = sdk.order_async(JAPAN, 1, NOTIFY, "ORDER1")["data"]
    assert len(accepted["request_id"]) == 25
    taken = sdk.order_async_bulk({JAPAN: 1, "elan-7days-1gb": 1}, NOTIFY, "ORDER2")
    assert len({one["data"]["request_id"] for one in taken.values()}) == 2
    assert sorted(notice.order for notice in airalo.news()) == ["ORDER1", "ORDER2", "ORDER2"]


def test_its_own_check_of_a_notification(airalo: Airalo) -> None:
    """Of one without a slash: it escapes those a second time where it is given a text."""
    letter = airalo.letter({"level": "75%", "iccid": "8910300000000000017"})
    its: Any = Signature(airalo.sandbox.settings()["client_secret"])
    header = letter.headers["airalo-signature"]
    assert its.check_signature(header, letter.body.decode())
    assert not its.check_signature(header, letter.body.decode().replace("75", "90"))


def test_refusals(sdk: OfficialAiralo, airalo: Airalo) -> None:
    airalo.trouble(maintenance=True)
    with pytest.raises(AiraloException, match="status code: 422"):
        sdk.order(JAPAN, 1)
    wrong = {"client_id": "x", "client_secret": "y", "here": airalo.sandbox.base}
    airalo.sandbox.strict = True  # it tries twice, and waits in between for half a second
    with pytest.raises(AiraloException, match="initialization failed"):
        OfficialAiralo(Here(wrong))
