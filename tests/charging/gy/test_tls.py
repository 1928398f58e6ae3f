"""The door over TLS, and clients that do not speak it."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
from tests.charging.gy.smf1 import Engine, gateway, open_door
from tests.wire.diameter import messages as m


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate of its own signing, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("ocs")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=ocs", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *key, "-keyout", "key.pem", "-out", "ocs.pem", *subject]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_a_session_over_tls(certificate: Path) -> None:
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate / "ocs.pem", certificate / "key.pem")
    theirs = ssl.create_default_context(cafile=certificate / "ocs.pem")

    async def story() -> None:
        async with open_door(Engine(), tls=ours) as (door, port):
            async with gateway(port, tls=theirs) as smf1:
                assert m.result_of(await smf1.ask(m.CCR_INITIAL)) == 2001
            async with gateway(port, greets=False) as in_clear:
                in_clear.send(m.cer())
                assert await in_clear.is_let_go()
            assert door.figures.connected == 1

    asyncio.run(story())
