"""freeDiameter, a real routing agent, between Alice's gateway and Eka.

It listens on all addresses of its machine, so it gets a machine of its own: a network namespace
with a cable to ours. Install it with `apt-get install freediameterd freediameter-extensions`.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.charging.conftest import MB, Address, Charging, Figures, Shop
from tests.charging.e2e.talk import Bearer, only, until
from tests.charging.peers import INITIAL, RAR, TERMINATE, UPDATE, Gateway, Lost, Units

EXTENSIONS = Path("/usr/lib/freeDiameter")
PROGRAMS = ("freeDiameterd", "ip", "openssl")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
if not (EXTENSIONS / "acl_wl.fdx").exists():
    MISSING.append("freediameter-extensions")

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.getuid() != 0, reason="only root may make a network namespace"),
]

CONFIGURATION = """
Identity = "dra.operator.example";
Realm = "operator.example";
Port = 3868;
SecPort = 0;
No_SCTP;
No_IPv6;
TLS_Cred = "{folder}/cert.pem", "{folder}/key.pem";
TLS_CA = "{folder}/cert.pem";
LoadExtension = "{extensions}/dict_nasreq.fdx";
LoadExtension = "{extensions}/dict_dcca.fdx";
LoadExtension = "{extensions}/dict_dcca_3gpp.fdx";
LoadExtension = "{extensions}/acl_wl.fdx" : "{folder}/acl.conf";
ConnectPeer = "eka.localdomain"
{{ ConnectTo = "{host}"; Port = {port}; No_TLS; Realm = "localdomain"; }};
"""


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


@pytest.fixture
def cable() -> Iterator[tuple[str, str, str]]:
    """A namespace's name, and the addresses of our end and of its end of a cable to it."""
    name, net = f"eka{os.getpid()}", f"10.231.{os.getpid() % 250}"
    ours, theirs = f"{net}.1", f"{net}.2"
    try:
        run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr}")
    inside = ("ip", "-n", name)
    try:
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "addr", "add", f"{ours}/30", "dev", name)
        run("ip", "link", "set", name, "up")
        run(*inside, "addr", "add", f"{theirs}/30", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")
        yield name, ours, theirs
    finally:
        run("ip", "netns", "del", name)


@contextlib.contextmanager
def relay(folder: Path, namespace: str, eka: Address) -> Iterator[None]:
    """freeDiameter in the namespace; gateways of the operator may connect to it."""
    pair = ("-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")
    subject = ("-days", "2", "-subj", "/CN=dra.operator.example")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *pair, *subject)
    (folder / "acl.conf").write_text("ALLOW_IPSEC *.operator.example\n")
    host, port = eka
    names = {"folder": folder, "extensions": EXTENSIONS, "host": host, "port": port}
    (folder / "relay.conf").write_text(CONFIGURATION.format(**names))
    with (folder / "relay.log").open("w") as log:
        words = ["ip", "netns", "exec", namespace, "freeDiameterd", "-c", f"{folder}/relay.conf"]
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield
    except BaseException:
        print((folder / "relay.log").read_text())
        raise
    finally:
        process.terminate()
        process.wait(30)


async def connected(gateway: Gateway) -> None:
    """Waits for the relay, and for its connection to Eka."""
    async with asyncio.timeout(20):
        while True:
            try:
                await gateway.connect()
                answer = await gateway.ask(UPDATE, "smf51;nothing", 0)
            except (Lost, OSError):
                await gateway.close()
            else:
                if answer.result == 5002:  # Eka knows no such session: it is Eka who speaks
                    return
                await gateway.close()
            await asyncio.sleep(0.1)


def test_requests_and_notices_pass_a_routing_agent(
    shop: Shop, cable: tuple[str, str, str], tmp_path: Path
) -> None:
    """Grants, a repeat, the Re-Auth after a top-up, and the end: all by way of the relay."""
    alice = shop.sim()
    namespace, ours, theirs = cable

    async def story() -> None:
        gateway = Gateway((theirs, 3868), "smf51.operator.example")
        try:
            await connected(gateway)
            bearer = Bearer(gateway, alice)
            assert only(await bearer.say(INITIAL, Units(asks=4 * MB))).granted == 4 * MB
            report = Units(asks=9 * MB, used=4 * MB)
            last = await bearer.say(UPDATE, report)
            assert (only(last).granted, only(last).final) == (6 * MB, 0)
            assert only(await bearer.again(UPDATE, report)) == only(last)
            words = ("top-up", alice, "--data", "5MB", "--validity", "30d")
            await asyncio.to_thread(shop.line, *words)
            await until(lambda: bool(gateway.told), gateway.heard)
            command, asked = gateway.told[0]
            assert (command, asked[263, 0]) == (RAR, [bearer.name.encode()])
            assert only(await bearer.say(UPDATE, Units(asks=8 * MB))).granted == 8 * MB
            await bearer.say(TERMINATE, Units(used=MB))
        finally:
            await gateway.close()

    with (
        Charging(shop.url, "--peer=dra.operator.example", host=ours) as process,
        relay(tmp_path, namespace, process.gy),
    ):
        asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 0, 5 * MB, 0)
