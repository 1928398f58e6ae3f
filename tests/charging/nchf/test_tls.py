"""The 5G door over TLS: HTTP/2 by ALPN, and gateways that must show a certificate."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.charging.nchf.smf1 import Engine, create, open_door
from tests.charging.nchf.test_notices import Callback, told

from eka.charging.nchf import NchfDoor
from eka.charging.nchf_server import HttpServer, Tls, UnableToListen
from eka.charging.requests import FinalUnit, OpenSession
from eka.wire.nchf.routing import ROOT

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority (ca.pem), and chf and smf1 with a key and its certificate each."""
    folder = tmp_path_factory.mktemp("authority")
    _openssl(folder, "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for name in ("chf", "smf1"):
        request = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"]
        _openssl(folder, "req", *KEY, *request)
        sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *sign)
    return folder


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _tls(authority: Path, *, mutual: bool = False) -> Tls:
    return Tls(
        authority / "chf.pem", authority / "chf.key", authority / "ca.pem" if mutual else None
    )


def _gateway(authority: Path, port: int, *, certified: bool) -> httpx.AsyncClient:
    trust = ssl.create_default_context(cafile=authority / "ca.pem")
    if certified:
        trust.load_cert_chain(authority / "smf1.pem", authority / "smf1.key")
    return httpx.AsyncClient(http2=True, verify=trust, base_url=f"https://127.0.0.1:{port}")


def test_alpn_chooses_http_2(authority: Path) -> None:
    async def story() -> None:
        async with (
            open_door(Engine(), tls=_tls(authority)) as (_, port),
            _gateway(authority, port, certified=False) as gateway,
        ):
            answer = await gateway.post(ROOT, json=create())
            assert (answer.status_code, answer.http_version) == (201, "HTTP/2")
            assert answer.headers["location"].startswith(f"https://127.0.0.1:{port}{ROOT}/nchf-")

    asyncio.run(story())


def test_a_gateway_without_a_certificate_stays_outside(authority: Path) -> None:
    async def story() -> None:
        engine = Engine()
        async with open_door(engine, tls=_tls(authority, mutual=True)) as (_, port):
            async with _gateway(authority, port, certified=False) as stranger:
                with pytest.raises(httpx.TransportError):
                    await stranger.post(ROOT, json=create())
            assert engine.asked == []
            async with _gateway(authority, port, certified=True) as gateway:
                assert (await gateway.post(ROOT, json=create())).status_code == 201

    asyncio.run(story())


def test_notices_go_over_tls_with_our_own_certificate(authority: Path) -> None:
    async def story() -> None:
        callback = Callback()
        server = HttpServer(callback.serve)
        port = await server.listen("127.0.0.1", 0, _tls(authority, mutual=True))
        async with open_door(Engine(), tls=_tls(authority, mutual=True)) as (door, _):
            assert door.abort(OpenSession(id="a", facts={"notify": f"https://127.0.0.1:{port}/"}))
            await told(door, "ABORT_CHARGING", "204")
        await server.stop(5)

    asyncio.run(story())


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        tls = Tls(tmp_path / "chf.pem", tmp_path / "chf.key")
        with pytest.raises(UnableToListen, match="certificate"):
            await NchfDoor(Engine(), FinalUnit()).listen("127.0.0.1", 0, tls)

    asyncio.run(story())
