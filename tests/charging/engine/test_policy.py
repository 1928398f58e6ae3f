"""Policy, section 7, sentence by sentence, through the engine and its tables."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, engine_on, only

from eka.charging.engine import Engine
from eka.charging.requests import Ask, ChargingAnswer, Part

Story = Callable[[Engine], Awaitable[None]]


def tell(shop: Shop, story: Story) -> None:
    async def told() -> None:
        async with engine_on(shop) as engine:
            await story(engine)

    asyncio.run(told())


def test_a_session_reserves_before_it_uses(shop: Shop) -> None:
    """Alice asks for 4 MB of her 10 MB: nothing is used yet, but 4 MB are spoken for."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        answer = only(await Gateway(engine, alice).begin(asked=4 * MB))
        assert answer.granted == 4 * MB
        assert not answer.final
        assert answer.validity == 3600
        assert answer.threshold == 4 * MB // 5

    tell(shop, story)
    assert shop.figures(alice) == Figures(10 * MB, 4 * MB, 0, 0)


def test_a_grant_replaces_a_grant(shop: Shop) -> None:
    """Of 8 MB she used 3; the 7 left, not 2, are what a new grant is measured by."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=8 * MB)
        answer = only(await phone.go_on(used=3 * MB, asked=7 * MB))
        assert (answer.granted, answer.final) == (7 * MB, False)

    tell(shop, story)
    assert shop.figures(alice) == Figures(7 * MB, 7 * MB, 3 * MB, 0)


def test_use_above_the_reservation_is_debited_all_the_same(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=1 * MB)
        assert only(await phone.go_on(used=6 * MB, asked=1 * MB)).granted == 1 * MB

    tell(shop, story)
    assert shop.figures(alice) == Figures(4 * MB, 1 * MB, 6 * MB, 0)


def test_where_nothing_is_left_use_is_unserved_and_recorded(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=10 * MB)
        answer = only(await phone.go_on(used=10 * MB + 77, asked=1))
        assert (answer.result, answer.granted) == ("limit_reached", None)

    tell(shop, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 77)


def test_what_there_is_is_granted_as_the_last(shop: Shop) -> None:
    """11 MB of 10: she gets the 10, is told they are the last, and then that there is nothing."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        answer = only(await phone.begin(asked=11 * MB))
        assert (answer.granted, answer.final, answer.threshold) == (10 * MB, True, None)
        answer = only(await phone.go_on(used=10 * MB, asked=1 * MB))
        assert (answer.result, answer.granted) == ("limit_reached", None)
        # The session stays open: it may ask again after a top-up, and it ends in order.
        assert only(await phone.end()).result == "success"

    tell(shop, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 0)


def test_an_ended_session_releases_what_it_held(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone, tablet = Gateway(engine, alice), Gateway(engine, alice)
        await phone.begin(asked=10 * MB)
        assert only(await tablet.begin(asked=1)).result == "limit_reached"
        await phone.end(used=4 * MB)
        assert only(await tablet.go_on(asked=6 * MB)).granted == 6 * MB

    tell(shop, story)
    assert shop.figures(alice) == Figures(6 * MB, 6 * MB, 4 * MB, 0)


def test_a_repeated_request_gets_the_first_answer_for_ever(shop: Shop) -> None:
    """After later requests, and after the end, the same number changes nothing."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        said: list[ChargingAnswer] = [
            await phone.begin(asked=3 * MB),
            await phone.go_on(used=3 * MB, asked=9 * MB),
            await phone.go_on(used=5 * MB, asked=9 * MB),
            await phone.go_on(used=1 * MB, asked=9 * MB),
            await phone.end(used=1 * MB),
        ]
        before = shop.figures(alice)
        kinds = ("initial", "update", "update", "update", "end")
        used, asked = (0, 3, 5, 1, 1), (3, 9, 9, 9, 0)
        for number, kind in enumerate(kinds):
            ask = Ask(used=used[number] * MB, asks=asked[number] * MB)
            assert await phone.say(kind, ask, number=number) == said[number]  # type: ignore[arg-type]
        assert shop.figures(alice) == before

    tell(shop, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 0)


def test_repeats_that_overtake_each_other_are_one(shop: Shop) -> None:
    """A gateway in a hurry sends the same update five times before any answer."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=5 * MB)
        first = phone.go_on(used=2 * MB, asked=5 * MB)
        task = asyncio.ensure_future(first)
        await asyncio.sleep(0)
        answers = await asyncio.gather(task, *[phone.again() for _ in range(4)])
        assert len(set(map(repr, answers))) == 1

    tell(shop, story)
    assert shop.figures(alice) == Figures(8 * MB, 5 * MB, 2 * MB, 0)


def test_a_session_that_nobody_began_is_unknown(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        for imsi in (alice, None):
            phone = Gateway(engine, imsi)
            assert (await phone.go_on(used=5, asked=5)).result == "unknown_session"
            assert (await phone.end(used=5)).result == "unknown_session"
            assert (await phone.go_on(Ask(rating_group=3, used=5))).result == "unknown_session"

    tell(shop, story)
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)


def test_an_ended_session_is_unknown_to_new_requests(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=5)
        await phone.end()
        late = await phone.go_on(used=5, asked=5)
        assert late.result == "unknown_session"
        assert await phone.again() == late

    tell(shop, story)
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)


def test_charlie_is_unknown(shop: Shop) -> None:
    """Nobody sold Charlie a line."""

    async def story(engine: Engine) -> None:
        charlie = Gateway(engine, "999999999999999")
        assert await charlie.begin(asked=5) == ChargingAnswer(result="unknown_subscriber")
        assert (await charlie.go_on(asked=5)).result in ("unknown_subscriber", "unknown_session")
        assert (await Gateway(engine, None).begin(asked=5)).result == "unknown_subscriber"

    tell(shop, story)


def test_a_session_is_found_without_its_subscriber(shop: Shop) -> None:
    """Later requests need not say whose they are; a process that never saw the session finds it."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=5 * MB)
        phone.imsi = None
        assert only(await phone.go_on(used=1 * MB, asked=2 * MB)).granted == 2 * MB
        async with engine_on(shop) as other:
            phone.engine = other
            assert only(await phone.go_on(used=1 * MB, asked=2 * MB)).granted == 2 * MB
            await phone.end(used=1 * MB)
            assert only(await phone.again()).result == "success"

    tell(shop, story)
    assert shop.figures(alice) == Figures(7 * MB, 0, 3 * MB, 0)


def test_a_line_is_found_by_its_telephone_number(shop: Shop) -> None:
    alice = shop.sim()
    msisdn = f"1415{alice[5:7]}{alice[-5:]}"

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, None)
        await phone.say("initial", Ask(asks=2 * MB), msisdn=msisdn)

    tell(shop, story)
    assert shop.figures(alice).reserved == 2 * MB


@pytest.mark.parametrize("plan", ["slow", "dear", "ocean"])
def test_plans_that_do_not_stop_never_reach_a_limit(shop: Shop, plan: str) -> None:
    """Slowed down, charged in addition or without end: grants are full."""
    alice = shop.sim(plan)

    async def story(engine: Engine) -> None:
        phone, tablet = Gateway(engine, alice), Gateway(engine, alice)
        for one in (phone, tablet):
            answer = only(await one.begin(asked=50 * MB))
            assert (answer.granted, answer.final) == (50 * MB, False)
        for _ in range(2):
            answer = only(await phone.go_on(used=30 * MB, asked=50 * MB))
            assert (answer.result, answer.granted, answer.final) == ("success", 50 * MB, False)

    tell(shop, story)
    assert shop.figures(alice) == Figures(0, 100 * MB, 60 * MB, 0)


def test_overage_is_charged_by_started_blocks(shop: Shop) -> None:
    """Of 30 MB and a byte, 10 MB are the plan's: 21 blocks of a dollar."""
    alice = shop.sim("dear")

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=50 * MB)
        await phone.end(used=30 * MB + 1)

    tell(shop, story)
    purse = shop.rows(
        f"SELECT overage::text FROM line_state JOIN line ON id = line_id WHERE imsi = '{alice}'"
    )
    assert purse == [('[[2100, "USD"]]',)]


def test_the_server_chooses_and_leaves_the_others_their_share(shop: Shop) -> None:
    """Nobody says how much: three devices of a family share what is left, the last one too."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        parts = [only(await Gateway(engine, alice).begin(Ask(asks=None))) for _ in range(3)]
        assert all(part.granted and not part.final for part in parts)
        assert sum(part.granted or 0 for part in parts) < 10 * MB

    tell(shop, story)
    assert 0 < shop.figures(alice).reserved < 10 * MB


def test_the_server_gives_the_very_rest_as_the_last(shop: Shop) -> None:
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        await phone.begin(asked=10 * MB)
        answer = only(await phone.go_on(used=10 * MB - 9, asked=None))
        assert (answer.granted, answer.final) == (9, True)
        answer = only(await phone.go_on(used=9, asked=None))
        assert (answer.result, answer.granted) == ("limit_reached", None)

    tell(shop, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 0)


def test_nothing_asked_is_nothing_granted(shop: Shop) -> None:
    """free5GC opens a session without rating groups, Open5GS reports without asking."""
    alice = shop.sim()

    async def story(engine: Engine) -> None:
        phone = Gateway(engine, alice)
        assert await phone.say("initial") == ChargingAnswer()
        assert only(await phone.go_on(used=3)) == Part()

    tell(shop, story)
    assert shop.figures(alice) == Figures(10 * MB - 3, 0, 3, 0)
