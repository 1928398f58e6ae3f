"""Where an SM-DP+ sends its notifications, and how ES2+ says what is wrong with one."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import h11
import httpx
import pytest

from eka.api.es2plus import listener
from eka.cli.es2plus import bound, mutual
from eka.cli.problems import CallWrong
from eka.gateways.suppliers.es2plus.notices import CLIENT, PROVEN
from eka.gateways.suppliers.sandbox.smdp.keys import made
from eka.gateways.suppliers.terms import (
    NotAuthentic,
    NoticeUnreadable,
    Reply,
    SupplierUnavailable,
)
from eka.wire.es2plus import codec

PATH = "/gsma/rsp2/es2plus/handleDownloadProgressInfo"


class Heard:
    """What was handed on, and what comes of it."""

    def __init__(self) -> None:
        self.letters: list[tuple[Mapping[str, str], bytes]] = []
        self.outcome: Reply | Exception = Reply(status=204)

    def hear(self, headers: Mapping[str, str], body: bytes) -> Reply:
        self.letters.append((headers, body))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def heard() -> Heard:
    return Heard()


class Door:
    """The application, asked without a socket."""

    def __init__(self, heard: Heard) -> None:
        self._app = listener(heard.hear)

    def ask(self, path: str = PATH, method: str = "POST", **more: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://eka") as client:
            return await client.request(method, path, **more)


@pytest.fixture
def door(heard: Heard) -> Door:
    return Door(heard)


def sent(door: Door, body: bytes = b"{}", **changed: str) -> httpx.Response:
    headers = codec.headers() | {
        name.replace("_", "-").title(): text for name, text in changed.items()
    }
    return door.ask(content=body, headers=headers)


def code(answer: httpx.Response) -> str:
    """Why it was refused, in ES2+'s own terms."""
    codec.check_headers(answer.headers)
    status = answer.json()["header"]["functionExecutionStatus"]
    assert status["status"] == "Failed"
    data = status["statusCodeData"]
    return f"{data['subjectCode']}/{data['reasonCode']}"


def test_what_is_taken_is_answered_with_no_content(door: Door, heard: Heard) -> None:
    answer = sent(door, b'{"anything": 1}')
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-admin-protocol"] == "gsma/rsp/v2.5.0"
    assert "content-type" not in answer.headers
    [(headers, body)] = heard.letters
    assert body == b'{"anything": 1}'
    assert headers[CLIENT] == PROVEN
    assert headers["x-admin-protocol"] == "gsma/rsp/v2.5.0"


@pytest.mark.parametrize(
    ("outcome", "status", "says"),
    [
        (NotAuthentic("another function requester"), 403, "1.1/1.2"),
        (NoticeUnreadable("iccid is invalid"), 400, "1.6/2.1"),
        (SupplierUnavailable("no"), 503, "1.2/4.4"),
    ],
)
def test_what_is_not_taken_says_why(
    door: Door, heard: Heard, outcome: Exception, status: int, says: str
) -> None:
    heard.outcome = outcome
    answer = sent(door)
    assert (answer.status_code, code(answer)) == (status, says)
    assert str(outcome) in answer.text


def test_what_goes_wrong_with_us_comes_again(door: Door, heard: Heard) -> None:
    heard.outcome = RuntimeError("the database is away")
    answer = sent(door)
    assert answer.status_code == 500
    assert "database" not in answer.text


@pytest.mark.parametrize("version", ["", "gsma/rsp/v1.0.0", "2.5.0"])
def test_another_protocol(door: Door, heard: Heard, version: str) -> None:
    answer = sent(door, x_admin_protocol=version)
    assert (answer.status_code, code(answer), heard.letters) == (400, "1.3.2/3.1", [])


def test_another_content(door: Door, heard: Heard) -> None:
    answer = sent(door, content_type="application/x-gsma-rsp-asn1")
    assert (answer.status_code, code(answer), heard.letters) == (415, "1.3.1/3.1", [])


def test_a_body_is_read_no_further_than_it_may_be(door: Door, heard: Heard) -> None:
    assert sent(door, b" " * codec.BODY_MAX).status_code == 204

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * codec.BODY_MAX

    answer = door.ask(content=endless(), headers=codec.headers())
    assert (answer.status_code, code(answer), len(heard.letters)) == (413, "1.6/2.1", 1)


def test_nothing_else_is_there(door: Door, heard: Heard) -> None:
    assert door.ask(method="GET").status_code == 405
    for path in ("/", "/gsma/rsp2/es2plus/downloadOrder", PATH + "/"):
        assert door.ask(path).status_code in (404, 307)
    assert heard.letters == []


def test_a_peer_cannot_say_that_it_is_proven(door: Door) -> None:
    """No message of HTTP/1 can carry the word in which the listener vouches for who sends."""
    with pytest.raises(h11.LocalProtocolError):
        h11.Request(method="POST", target=PATH, headers=[("Host", "x"), (CLIENT, PROVEN)])
    server = h11.Connection(h11.SERVER)
    server.receive_data(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{CLIENT}: {PROVEN}\r\n\r\n".encode())
    with pytest.raises(h11.RemoteProtocolError):
        server.next_event()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name, text in made().items():
        (folder / f"{name}.pem").write_text(text)
    shutil.copy(folder / "smdp_key.pem", folder / "other_key.pem")
    (folder / "empty.pem").write_text("")
    return folder


@pytest.mark.parametrize(
    ("key", "clients"),
    [("other_key", "notifier"), ("listener_key", "empty"), ("empty", "notifier")],
)
def test_files_that_are_no_good_stop_the_listener(
    files: Path, heard: Heard, key: str, clients: str
) -> None:
    app = listener(heard.hear)
    with pytest.raises(CallWrong, match="no good"):
        mutual(app, files / "listener.pem", files / f"{key}.pem", files / f"{clients}.pem")


def test_a_port_that_is_taken() -> None:
    with bound("127.0.0.1", 0) as taken, pytest.raises(CallWrong, match="Cannot listen"):
        bound("127.0.0.1", taken.getsockname()[1])


def test_the_answer_is_json_with_the_words_of_the_standard(door: Door, heard: Heard) -> None:
    heard.outcome = NoticeUnreadable("eid is invalid")
    assert json.loads(sent(door).content) == {
        "header": {
            "functionExecutionStatus": {
                "status": "Failed",
                "statusCodeData": {
                    "subjectCode": "1.6",
                    "reasonCode": "2.1",
                    "message": "eid is invalid",
                },
            }
        }
    }
