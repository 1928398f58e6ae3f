"""No answer, no good answer, or not the right one to ask: whether it was done is not known."""

import time

import httpx
import pytest
from tests.gateways.suppliers.smdp.scene import OddSmdp, Smdp, ask

from eka.cli.es2plus import bound
from eka.gateways.sandbox.courier import Mischief
from eka.gateways.sandbox.records import Document
from eka.gateways.suppliers.es2plus import door
from eka.gateways.suppliers.terms import SupplierRefused, SupplierUnavailable
from eka.wire.es2plus import codec

GOOD = b"""{"header": {"functionExecutionStatus": {"status": "Executed-WithWarning"}},
    "iccid": "8988299000000000016F", "more": [1]}"""


def says(odd: Smdp, body: bytes, status: int = 200, **headers: str) -> None:
    """What the SM-DP+ answers from now on; `headers` with _ for -, "" for one that is missing."""
    assert isinstance(odd.sandbox, OddSmdp)
    changed = {name.replace("_", "-").title(): value for name, value in headers.items()}
    sent = {name: value for name, value in {**codec.headers(), **changed}.items() if value}
    odd.sandbox.says = (status, body, sent)


def test_a_warning_is_a_success_and_more_than_we_know_is_no_fault(odd: Smdp) -> None:
    says(
        odd, GOOD, content_type="application/json;charset=utf-8", x_admin_protocol="gsma/rsp/v3.0.0"
    )
    assert odd.supplier.order(ask()).reference == "8988299000000000016"


def test_expired_is_not_known_to_be_done_or_not(odd: Smdp) -> None:
    says(odd, GOOD.replace(b"Executed-WithWarning", b"Expired"))
    with pytest.raises(SupplierUnavailable, match="Expired"):
        odd.supplier.order(ask())


def test_failed_without_a_reason_is_refused(odd: Smdp) -> None:
    says(odd, GOOD.replace(b"Executed-WithWarning", b"Failed"))
    with pytest.raises(SupplierRefused) as no:
        odd.supplier.order(ask())
    assert (no.value.why, no.value.code) == ("other", "Failed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<h1>Welcome</h1>",
        b"{}",
        b"[]",
        b"\xff",
        b'{"header": {}}',
        GOOD.replace(b"Executed-WithWarning", b"Fine"),
        GOOD.replace(b"016F", b"017F"),
        GOOD.replace(b'"iccid"', b'"ICCID"'),
    ],
)
def test_an_answer_that_nobody_can_read(odd: Smdp, body: bytes) -> None:
    says(odd, body)
    with pytest.raises(SupplierUnavailable, match="the answer to downloadOrder"):
        odd.supplier.order(ask())


@pytest.mark.parametrize("protocol", ["", "gsma/rsp/v1.0.0", "nonsense"])
def test_an_answer_of_another_protocol(odd: Smdp, protocol: str) -> None:
    says(odd, GOOD, x_admin_protocol=protocol)
    with pytest.raises(SupplierUnavailable, match="X-Admin-Protocol"):
        odd.supplier.order(ask())


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 404, 500, 503])
def test_any_other_status_says_nothing(odd: Smdp, status: int) -> None:
    says(odd, b"" if status == 204 else GOOD, status)
    with pytest.raises(SupplierUnavailable, match=f"HTTP {status}") as no:
        odd.supplier.order(ask())
    assert no.value.wait_s == 0


@pytest.mark.parametrize(("after", "wait_s"), [("7", 7), ("99999999", 3600), ("soon", 0)])
def test_how_long_it_wants_us_to_wait(odd: Smdp, after: str, wait_s: int) -> None:
    says(odd, b"", 429, retry_after=after)
    with pytest.raises(SupplierUnavailable) as no:
        odd.supplier.order(ask())
    assert no.value.wait_s == wait_s


@pytest.mark.parametrize("matching_id", ["two words", "A$B"])
def test_a_code_that_no_phone_can_read(odd: Smdp, matching_id: str) -> None:
    body = GOOD.replace(b'"more": [1]', b'"matchingId": "%s"' % matching_id.encode())
    says(odd, body)
    with pytest.raises(SupplierUnavailable) as no:
        odd.supplier.look(ask(), "8988299000000000016")
    assert matching_id not in str(no.value)


def test_without_an_address_of_its_own_the_code_has_that_of_the_settings(odd: Smdp) -> None:
    says(odd, GOOD.replace(b'"more": [1]', b'"matchingId": "A-1", "smdpAddress": ""'))
    ready = odd.supplier_with(smdp="rsp.example.com").look(ask(), "8988299000000000016")
    assert ready.profile is not None
    assert ready.profile.activation_code == "LPA:1$rsp.example.com$A-1"
    ready = odd.supplier_with(smdp="").look(ask(), "8988299000000000016")
    assert ready.profile is not None
    assert ready.profile.activation_code == "LPA:1$127.0.0.1$A-1"


def test_the_sm_dp_is_out_of_order(smdp: Smdp) -> None:
    smdp.sandbox.courier.mischief = Mischief(down=True, held=True)
    with pytest.raises(SupplierUnavailable, match="HTTP 503"):
        smdp.supplier.order(ask())


def test_nobody_is_there(smdp: Smdp) -> None:
    with pytest.raises(SupplierUnavailable, match="ConnectError"):
        smdp.supplier_with(address="https://127.0.0.1:9").order(ask())


def test_an_answer_that_does_not_come(smdp: Smdp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that takes a connection and says nothing, not even hello."""
    monkeypatch.setattr(door, "PATIENCE", httpx.Timeout(0.1))
    with bound("127.0.0.1", 0) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        before = time.monotonic()
        with pytest.raises(SupplierUnavailable, match="Timeout"):
            smdp.supplier_with(address=address).order(ask())
        assert time.monotonic() - before < 5


def test_a_client_certificate_of_a_stranger(smdp: Smdp, strangers_keys: Document) -> None:
    stranger = smdp.supplier_with(
        certificate=strangers_keys["operator"], private_key=strangers_keys["operator_key"]
    )
    with pytest.raises(SupplierUnavailable, match="no answer"):
        stranger.order(ask())
    assert smdp.sandbox.profiles() == []


def test_no_client_certificate_at_all(smdp: Smdp) -> None:
    answer = smdp.browser.post(smdp.sandbox.address + codec.PATH + "downloadOrder")
    assert answer.status_code == 403
    assert smdp.browser.get(smdp.sandbox.address + "/sandbox/profiles").json() == []


def test_an_sm_dp_whose_certificate_nobody_issued(smdp: Smdp, strangers_keys: Document) -> None:
    with pytest.raises(SupplierUnavailable, match="ConnectError"):
        smdp.supplier_with(ca=strangers_keys["ca"]).order(ask())
    assert smdp.sandbox.profiles() == []


def test_an_sm_dp_known_by_its_own_certificate(smdp: Smdp, keys: Document) -> None:
    assert smdp.supplier_with(ca=keys["smdp"]).order(ask()).status == "pending"
    with pytest.raises(SupplierUnavailable):
        smdp.supplier_with(ca=keys["notifier"]).order(ask())


def test_who_is_not_known_there(smdp: Smdp) -> None:
    with pytest.raises(SupplierRefused) as no:
        smdp.supplier_with(requester="somebody").order(ask())
    assert (no.value.why, no.value.code) == ("other", "1.1/1.1")
