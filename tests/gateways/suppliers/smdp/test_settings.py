"""What an operator writes of an SM-DP+ in the suppliers file."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from tests.gateways.suppliers.smdp.scene import Smdp, ask, opened

from eka.gateways.sandbox.records import Document
from eka.rules.units import BadValue, Money

FILE = """
address = "{address}/"
requester = "eka"
certificate = "{folder}/operator.pem"
private_key = "{folder}/operator_key.pem"
ca = "{folder}/ca.pem"
points = {{ "101" = "enabled", "102" = "disabled" }}

[[profile_types]]
code = "eka-test"
title = "For trying out"
cost = "1.20 EUR"
countries = ["FR", "DE"]
"""


def test_a_table_of_the_file_with_keys_in_files(smdp: Smdp, keys: Document, tmp_path: Path) -> None:
    for name, text in keys.items():
        (tmp_path / f"{name}.pem").write_text(text)
    table = tomllib.loads(FILE.format(address=smdp.sandbox.address, folder=tmp_path))
    supplier = opened(table)
    assert supplier.order(ask()).cost == Money(120, "EUR")
    [package] = supplier.packages()
    assert (package.title, package.data, package.countries) == ("For trying out", 0, ("FR", "DE"))


def test_nothing_of_the_key_is_shown(smdp: Smdp) -> None:
    assert "BEGIN" not in repr(smdp.supplier.settings)
    for changed in ({"private_key": "secret words"}, {"private_key": "-----BEGIN x"}):
        with pytest.raises(BadValue) as wrong:
            smdp.supplier_with(**changed)
        assert "secret words" not in str(wrong.value)
        assert "BEGIN" not in str(wrong.value)


def test_a_key_of_another_certificate(smdp: Smdp, keys: Document) -> None:
    with pytest.raises(BadValue, match="cannot be read"):
        smdp.supplier_with(private_key=keys["smdp_key"])


def test_no_file_of_a_key_is_left_behind(
    smdp: Smdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened(smdp.sandbox.settings())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [{"adress": "x"}, {"points": {"101": "exploded"}}, {"profile_types": [{"code": "x"}]}],
)
def test_a_table_that_is_wrong(smdp: Smdp, changed: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        smdp.supplier_with(**changed)


def test_es2plus_is_never_spoken_in_the_clear(smdp: Smdp) -> None:
    with pytest.raises(BadValue, match="https"):
        smdp.supplier_with(address="http://127.0.0.1:1")


def test_a_price_that_is_none(smdp: Smdp) -> None:
    with pytest.raises(BadValue):
        smdp.supplier_with(profile_types=[{"code": "x", "cost": "cheap"}])
