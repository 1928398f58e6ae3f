"""The real door keeps to its own OpenAPI document, whatever schemathesis makes of it.

The document is the one that the door serves; requests that keep to it and requests that do not go
over a socket, and each answer must be one that the document foresees.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from tests.charging.nchf.smf1 import Engine, open_door

from eka.charging.nchf import HEALTH
from eka.charging.requests import ChargingAnswer, ChargingRequest, Part
from eka.wire.nchf.routing import OPENAPI, ROOT

EXAMPLES_MAX = 10


def answers_of_all_kinds(request: ChargingRequest) -> ChargingAnswer:
    """A few sessions are unknown; the others get what a plan may give."""
    if request.kind == "event":
        return ChargingAnswer(result="denied")
    if sum(ask.used for ask in request.asks) % 7 == 1:
        return ChargingAnswer(result="unknown_session")
    return ChargingAnswer(
        parts=tuple(
            Part(
                rating_group=ask.rating_group,
                result="success" if ask.asks != 0 else "limit_reached",
                granted=1000 if ask.asks is None else min(ask.asks or 0, 1000),
                final=ask.asks == 1,
                validity=60,
                threshold=100,
            )
            for ask in request.asks
        )
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A door in a thread of its own, since schemathesis waits for each answer."""
    opened: Future[str] = Future()
    done = threading.Event()

    async def stand() -> None:
        async with open_door(Engine(answers_of_all_kinds)) as (_, port):
            opened.set_result(f"http://127.0.0.1:{port}")
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(stand(),))
    thread.start()
    try:
        yield opened.result(timeout=30)
    finally:
        done.set()
        thread.join(timeout=30)


@pytest.fixture(scope="module")
def schema(address: str) -> Any:
    document = yaml.safe_load(httpx.get(address + OPENAPI).text)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    return schema


def beyond_the_document(answer: Any) -> bool:
    """Two rules that OpenAPI has no words for: somebody is named, and sums have a limit too."""
    if answer.status_code != 400:
        return False
    (param,) = answer.json().get("invalidParams") or [{"param": None}]
    return param["param"] == "/subscriberIdentifier" or "together" in param.get("reason", "")


CASES = [
    *(
        (path, "POST", mode)
        for path in (ROOT, ROOT + "/{ref}/update", ROOT + "/{ref}/release")
        for mode in GenerationMode
    ),
    # There is nothing in these that could be wrong.
    (OPENAPI, "GET", GenerationMode.POSITIVE),
    (HEALTH, "GET", GenerationMode.POSITIVE),
]


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_the_door_keeps_to_its_document(
    schema: Any, path: str, method: str, mode: GenerationMode
) -> None:
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES_MAX,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def story(case: schemathesis.Case[Any]) -> None:
        answer = case.call()
        if not beyond_the_document(answer):
            case.validate_response(answer)

    story()
