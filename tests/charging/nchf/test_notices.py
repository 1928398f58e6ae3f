"""We call the gateway: ask anew after a top-up, end a suspended line's session."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.charging.nchf.smf1 import Engine, open_door, opened, smf1

from eka.charging import nchf_notices
from eka.charging.nchf import NchfDoor
from eka.charging.nchf_server import HttpServer
from eka.charging.requests import OpenSession


class Callback:
    """smf1's own server; it answers with the statuses it was given, then with 204."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.heard: list[tuple[str, str, Any]] = []

    async def serve(self, scope: Any, proto: Any) -> None:
        notice = json.loads(await proto())
        self.heard.append((scope.http_version, scope.path, notice))
        proto.response_empty(self.statuses.pop(0) if self.statuses else 204, [])


@contextlib.asynccontextmanager
async def listening(callback: Callback) -> AsyncIterator[str]:
    server = HttpServer(callback.serve)
    port = await server.listen("127.0.0.1", 0, None)
    try:
        yield f"http://127.0.0.1:{port}/nsmf-callback/notify_7"
    finally:
        await server.stop(5)


async def told(door: NchfDoor, type_: str, outcome: str) -> None:
    while not door.notices[type_, outcome]:
        await asyncio.sleep(0.01)


def test_after_a_top_up_the_gateway_is_asked_to_ask_anew() -> None:
    async def story() -> None:
        callback, engine = Callback(), Engine()
        async with (
            listening(callback) as uri,
            open_door(engine) as (door, port),
            smf1(port) as gateway,
        ):
            await opened(gateway, notifyUri=uri)
            (request,) = engine.asked
            session = OpenSession(id=request.session, facts=request.facts, rating_groups=(1, 7))
            assert door.reauthorize(session)
            await told(door, "REAUTHORIZATION", "204")
            assert door.abort(session)
            await told(door, "ABORT_CHARGING", "204")
        first, second = callback.heard
        assert first[:2] == ("2", "/nsmf-callback/notify_7")
        assert first[2] == {
            "notificationType": "REAUTHORIZATION",
            "reauthorizationDetails": [{"ratingGroup": 1}, {"ratingGroup": 7}],
        }
        assert second[2] == {"notificationType": "ABORT_CHARGING"}

    asyncio.run(story())


def test_a_gateway_in_trouble_is_called_once_more() -> None:
    async def story() -> None:
        callback = Callback(503)
        async with listening(callback) as uri, open_door(Engine()) as (door, _):
            assert door.abort(OpenSession(id="a", facts={"notify": uri}))
            await told(door, "ABORT_CHARGING", "204")
        assert len(callback.heard) == 2

    asyncio.run(story())


def test_a_gateway_that_knows_no_such_session_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        callback = Callback(404)
        async with listening(callback) as uri, open_door(Engine()) as (door, _):
            assert door.abort(OpenSession(id="nchf-7", facts={"notify": uri}))
            await told(door, "ABORT_CHARGING", "404")
        assert len(callback.heard) == 1

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert "ABORT_CHARGING for session nchf-7: 404" in caplog.text


def test_a_gateway_that_is_gone_or_mute_costs_no_more_than_two_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nchf_notices, "NOTICE_SECONDS_MAX", 0.1)

    async def story() -> None:
        async with open_door(Engine()) as (door, _):
            with socket.create_server(("127.0.0.1", 0)) as mute:
                facts = {"notify": f"http://127.0.0.1:{mute.getsockname()[1]}/"}
                assert door.abort(OpenSession(id="a", facts=facts))
                await told(door, "ABORT_CHARGING", "unreachable")
            assert door.reauthorize(OpenSession(id="a", facts=facts))
            assert door.reauthorize(OpenSession(id="b", facts={"notify": "http://[/"}))
            while door.notices["REAUTHORIZATION", "unreachable"] < 2:
                await asyncio.sleep(0.01)

    asyncio.run(story())
