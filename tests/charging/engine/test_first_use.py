"""A line that waits for its first use: the first request begins it, and the next one is served."""

import asyncio
import json

from tests.charging.conftest import MB, Shop
from tests.charging.engine.cast import Gateway, engine_on, only

from eka.charging.requests import Ask

READY = """
import django; django.setup()
from eka import clock
from eka.usecases.lines import NewLine, add_line
add_line(NewLine(plan="phone", imsi={imsi!r}), clock.now())
"""


def state(shop: Shop, imsi: str) -> str:
    found = shop.rows(
        f"SELECT s.state FROM line l JOIN line_state s ON s.line_id = l.id WHERE imsi = '{imsi}'"
    )
    return str(found[0][0])


def test_the_first_request_begins_a_line_that_waits(shop: Shop) -> None:
    alice = "310419900000001"
    done = shop.run("-c", READY.format(imsi=alice))
    assert done.returncode == 0, done.stderr

    async def story() -> None:
        async with engine_on(shop) as engine:
            assert only(await Gateway(engine, alice).begin(asked=MB)).result == "not_active"
            assert only(await Gateway(engine, alice).begin(asked=MB)).result == "not_active"
            once = await asyncio.to_thread(shop.eka, "jobs", "once", "--json")
            assert json.loads(once.stdout)["outbox"] == 1
            assert only(await Gateway(engine, alice).begin(asked=MB)).granted == MB

    assert state(shop, alice) == "ready"
    asyncio.run(story())
    assert state(shop, alice) == "active"
    assert shop.figures(alice).left == 10 * MB


def test_who_only_asks_for_the_balance_begins_nothing(shop: Shop) -> None:
    alice = "310419900000002"
    assert shop.run("-c", READY.format(imsi=alice)).returncode == 0

    async def story() -> None:
        async with engine_on(shop) as engine:
            asked = Gateway(engine, alice).say("event", Ask(asks=MB), event="balance")
            assert (await asked).enough is False

    asyncio.run(story())
    line = "SELECT id FROM line WHERE imsi = '310419900000002'"
    assert shop.rows(f"SELECT 1 FROM outbox WHERE key = 'first_use:' || ({line})") == []
    assert state(shop, alice) == "ready"
