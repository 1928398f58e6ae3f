"""Charlie, who is not PayPal, writes to Olga's notification address."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.gateways.payments.paypal.odd_server import OddServer
from tests.gateways.payments.paypal.scene import Letter, Scene

from eka.gateways.payments.paypal import PayPalGateway
from eka.gateways.payments.sandbox.paypal.seal import fresh_keys, new_key, signature, text_to_sign
from eka.gateways.payments.terms import GatewayUnavailable, NotAuthentic

CERTS = "/v1/notifications/certs/"


@pytest.fixture
def letter(paypal: Scene) -> Letter:
    """PayPal's own notification that Alice has approved."""
    ask, _ = paypal.begin()
    paypal.act(ask.number, "pay")
    (letter,) = paypal.letters()
    return letter


def refused(paypal: Scene, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(NotAuthentic):
        paypal.gateway.read_notice(headers, body, paypal.watch())


def test_paypals_own_is_read_and_read_again(paypal: Scene, letter: Letter) -> None:
    first = paypal.gateway.read_notice(letter.headers, letter.body, paypal.watch())
    again = paypal.gateway.read_notice(letter.headers, letter.body, paypal.watch())
    assert first.event == again.event  # by which the second is known to be the same


def test_an_altered_body_is_refused(paypal: Scene, letter: Letter) -> None:
    altered = letter.body.replace(b'"10.00"', b'"99.00"')
    assert altered != letter.body
    refused(paypal, letter.headers, altered)


@pytest.mark.parametrize(
    "name",
    [
        "paypal-transmission-id",
        "paypal-transmission-time",
        "paypal-transmission-sig",
        "paypal-cert-url",
        "paypal-auth-algo",
    ],
)
def test_a_missing_or_senseless_header_is_refused(paypal: Scene, letter: Letter, name: str) -> None:
    without = {key: value for key, value in letter.headers.items() if key != name}
    refused(paypal, without, letter.body)
    refused(paypal, {**letter.headers, name: ""}, letter.body)
    refused(paypal, {**letter.headers, name: "é|\x00"}, letter.body)


@pytest.mark.parametrize("algorithm", ["SHA1withRSA", "sha256withrsa", "none"])
def test_another_algorithm_is_refused(paypal: Scene, letter: Letter, algorithm: str) -> None:
    refused(paypal, {**letter.headers, "paypal-auth-algo": algorithm}, letter.body)


@pytest.mark.parametrize("name", ["paypal-transmission-id", "paypal-transmission-time"])
def test_what_is_signed_cannot_be_changed(paypal: Scene, letter: Letter, name: str) -> None:
    changed = letter.headers[name][:-2] + ("1Z" if name.endswith("time") else "zz")
    refused(paypal, {**letter.headers, name: changed}, letter.body)


def test_another_key_is_refused(paypal: Scene, letter: Letter) -> None:
    hook = next(paypal.box.records.all("webhook"))["id"]
    id_, time = (letter.headers[f"paypal-transmission-{part}"] for part in ("id", "time"))
    forged = signature(new_key(), text_to_sign(id_, time, hook, letter.body))
    refused(paypal, {**letter.headers, "paypal-transmission-sig": forged}, letter.body)


def test_the_sandboxs_own_forgeries_are_refused_and_the_genuine_one_still_arrives(
    paypal: Scene,
) -> None:
    paypal.box.courier.mischief.forge = 1000
    ask, _ = paypal.begin()
    paypal.act(ask.number, "pay")
    forged, genuine = paypal.letters()
    refused(paypal, forged.headers, forged.body)
    assert paypal.gateway.read_notice(genuine.headers, genuine.body, paypal.watch()).payment


def test_a_notification_to_another_webhook_is_refused(paypal: Scene, letter: Letter) -> None:
    others = paypal.new_gateway(webhook_id="ANOTHERSHOPSHOOK")
    with pytest.raises(NotAuthentic):
        others.read_notice(letter.headers, letter.body, paypal.watch())


def test_a_process_that_did_not_register_the_webhook_learns_of_it(
    paypal: Scene, letter: Letter
) -> None:
    web = paypal.new_gateway()
    assert web.read_notice(letter.headers, letter.body, paypal.watch()).payment
    stale = paypal.new_gateway()
    stale._webhooks._id_by_url = {"http://127.0.0.1:9/before": "OLDHOOK"}
    assert stale.read_notice(letter.headers, letter.body, paypal.watch()).payment


def test_while_the_webhooks_cannot_be_learned_paypal_shall_send_again(
    paypal: Scene, letter: Letter
) -> None:
    web = paypal.new_gateway(client_secret="wrong")
    with pytest.raises(GatewayUnavailable):
        web.read_notice(letter.headers, letter.body, paypal.watch())


def test_three_days_of_retries_are_fresh_and_a_week_is_not(paypal: Scene, letter: Letter) -> None:
    paypal.watch.move(timedelta(days=3, minutes=10))
    assert paypal.gateway.read_notice(letter.headers, letter.body, paypal.watch()).payment
    paypal.watch.move(timedelta(days=4))
    refused(paypal, letter.headers, letter.body)


def test_a_notification_from_the_future_is_refused(paypal: Scene, letter: Letter) -> None:
    paypal.watch.move(-timedelta(minutes=6))
    refused(paypal, letter.headers, letter.body)
    paypal.watch.move(timedelta(minutes=2))
    assert paypal.gateway.read_notice(letter.headers, letter.body, paypal.watch()).payment


@pytest.mark.parametrize(
    "attack",
    [
        lambda good, evil: good.replace(good.partition("/v1")[0], evil),
        lambda good, evil: good.replace("http://", f"http://paypal@{evil[7:]}/?"),
        lambda good, evil: good.replace("http://", f"http://{evil[7:]}@"),
        lambda good, evil: good.replace("127.0.0.1", "127.0.0.1.evil.example"),
        lambda good, evil: good.replace("127.0.0.1", "localhost"),
        lambda good, evil: good.replace("127.0.0.1", "127.0.0.01"),
        lambda good, evil: good.replace("http://", "https://"),
        lambda good, evil: good.replace("http://", "HTTP://"),
        lambda good, evil: good.replace("/v1", "1/v1"),
        lambda good, evil: good.replace("/certs/", "/certs/../../../sandbox/take?"),
        lambda good, evil: good.replace("/certs/", "/certs/%2e%2e/"),
        lambda good, evil: good + "?at=" + evil,
        lambda good, evil: good + "#" + evil,
        lambda good, evil: good + "\n",
        lambda good, evil: good + "/",
        lambda good, evil: "file:///etc/ssl/certs/ca-certificates.crt",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(
    paypal: Scene, letter: Letter, odd: OddServer, attack: Callable[[str, str], str]
) -> None:
    url = letter.headers["paypal-cert-url"]
    attacked = attack(url, odd.address)
    assert attacked != url
    refused(paypal, {**letter.headers, "paypal-cert-url": attacked}, letter.body)
    assert odd.asked == []


def test_by_default_only_paypals_own_hosts_are_asked(paypal: Scene, letter: Letter) -> None:
    live = paypal.new_gateway(cert_hosts="api.paypal.com api-m.paypal.com")
    for url in (
        letter.headers["paypal-cert-url"],
        f"https://api.paypal.com.evil.example{CERTS}CERT-1",
        f"https://evil-api.paypal.com{CERTS}CERT-1",
        f"https://api.paypal.com:8443{CERTS}CERT-1",
        f"https://api.paypal.com@evil.example{CERTS}CERT-1",
        f"https://apixpaypal.com{CERTS}CERT-1",
        f"http://api.paypal.com{CERTS}CERT-1",
    ):
        with pytest.raises(NotAuthentic):
            live.read_notice(
                {**letter.headers, "paypal-cert-url": url}, letter.body, paypal.watch()
            )


def allowing(paypal: Scene, odd: OddServer, **changes: str) -> PayPalGateway:
    """A gateway that fetches certificates from the odd server."""
    return paypal.new_gateway(cert_hosts=f"{odd.address} api.paypal.com", **changes)


def at(odd: OddServer, letter: Letter, name: str = "CERT-1") -> dict[str, str]:
    return {**letter.headers, "paypal-cert-url": f"{odd.address}{CERTS}{name}"}


def test_a_certificate_is_fetched_once(paypal: Scene, letter: Letter, odd: OddServer) -> None:
    gateway = allowing(paypal, odd)
    odd.will(f"{CERTS}CERT-1", (200, paypal.box.account.seal.certificate.encode()))
    for _ in range(3):
        assert gateway.read_notice(at(odd, letter), letter.body, paypal.watch()).payment
    assert odd.asked == [f"{CERTS}CERT-1"]


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_a_certificate_that_cannot_be_fetched_is_tried_again(
    paypal: Scene, letter: Letter, odd: OddServer, status: int
) -> None:
    gateway = allowing(paypal, odd)
    good = paypal.box.account.seal.certificate.encode()
    odd.will(f"{CERTS}CERT-1", (status, good), (200, good))
    with pytest.raises(GatewayUnavailable):
        gateway.read_notice(at(odd, letter), letter.body, paypal.watch())
    assert gateway.read_notice(at(odd, letter), letter.body, paypal.watch()).payment
    assert "/elsewhere" not in odd.asked


def test_nobody_at_the_certificates_address_means_later(paypal: Scene, letter: Letter) -> None:
    gateway = paypal.new_gateway(cert_hosts="http://127.0.0.1:9")
    headers = {**letter.headers, "paypal-cert-url": f"http://127.0.0.1:9{CERTS}CERT-1"}
    with pytest.raises(GatewayUnavailable):
        gateway.read_notice(headers, letter.body, paypal.watch())


def test_a_certificate_with_a_book_behind_it_is_not_read(
    paypal: Scene, letter: Letter, odd: OddServer
) -> None:
    good = paypal.box.account.seal.certificate.encode()
    odd.will(f"{CERTS}CERT-1", (200, good + b"\n" * 70_000))
    with pytest.raises(NotAuthentic):
        allowing(paypal, odd).read_notice(at(odd, letter), letter.body, paypal.watch())


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_what_is_no_certificate_is_refused(
    paypal: Scene, letter: Letter, odd: OddServer, content: bytes
) -> None:
    odd.will(f"{CERTS}CERT-1", (200, content))
    with pytest.raises(NotAuthentic):
        allowing(paypal, odd).read_notice(at(odd, letter), letter.body, paypal.watch())


def test_a_certificate_of_another_authority_is_refused(
    paypal: Scene, letter: Letter, odd: OddServer
) -> None:
    charlies = fresh_keys(paypal.watch())
    odd.will(f"{CERTS}CERT-1", (200, charlies["certificate"].encode()))
    with pytest.raises(NotAuthentic, match="not PayPal's"):
        allowing(paypal, odd).read_notice(at(odd, letter), letter.body, paypal.watch())


def test_the_sandboxs_authority_is_not_among_those_that_https_trusts(
    paypal: Scene, letter: Letter
) -> None:
    live = paypal.new_gateway(cert_roots="")
    with pytest.raises(NotAuthentic, match="not PayPal's"):
        live.read_notice(letter.headers, letter.body, paypal.watch())


def test_a_certificate_for_another_name_is_refused(paypal: Scene, letter: Letter) -> None:
    another = paypal.new_gateway(cert_name="messageverificationcerts.sandbox.paypal.com")
    with pytest.raises(NotAuthentic, match="not PayPal's"):
        another.read_notice(letter.headers, letter.body, paypal.watch())


@pytest.mark.parametrize("year", [2020, 2060])
def test_a_certificate_is_valid_at_its_time_only(paypal: Scene, year: int) -> None:
    paypal.begin()  # registers the webhook
    paypal.watch.instant = datetime(year, 1, 1, tzinfo=UTC)
    ask, _ = paypal.begin()
    paypal.act(ask.number, "pay")
    (letter,) = paypal.letters()
    with pytest.raises(NotAuthentic, match="not valid now"):
        paypal.gateway.read_notice(letter.headers, letter.body, paypal.watch())


def test_charlie_cannot_make_eka_fetch_without_end(
    paypal: Scene, letter: Letter, odd: OddServer
) -> None:
    gateway = allowing(paypal, odd)
    for count in range(30):
        with pytest.raises(GatewayUnavailable):
            gateway.read_notice(at(odd, letter, f"CERT-{count}"), letter.body, paypal.watch())
    assert len(odd.asked) == 10
    odd.will(f"{CERTS}CERT-1", (200, paypal.box.account.seal.certificate.encode()))
    paypal.watch.move(timedelta(minutes=1))
    assert gateway.read_notice(at(odd, letter), letter.body, paypal.watch()).payment


def test_paypal_itself_finds_them_good_or_bad(paypal: Scene, letter: Letter) -> None:
    """The verify endpoint is the second opinion on the sandbox's signatures."""
    hook = next(paypal.box.records.all("webhook"))["id"]
    names = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time")
    said = {name: letter.headers[f"paypal-{name.replace('_', '-')}"] for name in names}

    def verified(webhook_id: str) -> str:
        answer: dict[str, str] = paypal.gateway._api.post(
            "/v1/notifications/verify-webhook-signature",
            {**said, "webhook_id": webhook_id, "webhook_event": msgspec.Raw(letter.body)},
            dict,
            lambda same: same,
        )
        return answer["verification_status"]

    assert verified(hook) == "SUCCESS"
    assert verified("ANOTHER") == "FAILURE"
