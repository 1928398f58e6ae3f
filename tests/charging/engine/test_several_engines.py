"""Several charging processes on one database, other writers beside them: sums are exact."""

import asyncio
from collections.abc import Sequence

from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, ask, engine_on, only

from eka.charging.engine import Engine
from eka.charging.requests import Ask, ChargingRequest


async def surf(engine: Engine, imsi: str, rounds: int, *, used: int, asked: int) -> int:
    """A session from its beginning to its end; the bytes that it reported."""
    phone = Gateway(engine, imsi)
    await phone.begin(asked=asked)
    for _ in range(rounds):
        assert (await phone.go_on(used=used, asked=asked)).result == "success"
    await phone.end(used=used)
    return used * (rounds + 1)


def test_two_engines_charge_the_same_lines_at_once(shop: Shop) -> None:
    """Alice, Bob and their parents have sessions at both processes; conflicts are tried again."""
    family = [shop.sim("office") for _ in range(4)]
    before = shop.figures(family[0]).left

    async def story() -> int:
        async with engine_on(shop) as one, engine_on(shop) as two:
            await asyncio.gather(
                *[
                    surf(engine, imsi, 20, used=1009, asked=MB)
                    for imsi in family
                    for engine in (one, two, one, two)
                ]
            )
            return one.figures.conflicts + two.figures.conflicts

    conflicts = asyncio.run(story())
    assert conflicts > 0
    used = 4 * 21 * 1009
    assert [shop.figures(imsi) for imsi in family] == [Figures(before - used, 0, used, 0)] * 4


def test_together_they_grant_no_more_than_there_is(shop: Shop) -> None:
    """Forty sessions ask for a third of Alice's data each, at both processes at once."""
    alice = shop.sim()

    async def begin(engine: Engine) -> int:
        part = only(await Gateway(engine, alice).begin(asked=3 * MB))
        return part.granted or 0

    async def story() -> Sequence[int]:
        async with engine_on(shop) as one, engine_on(shop) as two:
            return await asyncio.gather(*[begin(one if i % 2 else two) for i in range(40)])

    granted = asyncio.run(story())
    assert sorted(granted, reverse=True)[:5] == [3 * MB, 3 * MB, 3 * MB, 1 * MB, 0]
    assert shop.figures(alice) == Figures(10 * MB, 10 * MB, 0, 0)


def test_one_request_at_two_engines_at_once_is_done_once(shop: Shop) -> None:
    """A gateway that fails over too early says the same to both."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as one, engine_on(shop) as two:
            name = "smf1;twice"
            for number, kind in enumerate(("initial", "update", "update", "update", "end")):
                request = ChargingRequest(
                    session=name,
                    kind=kind,  # type: ignore[arg-type]
                    number=number,
                    imsi=alice,
                    asks=(Ask(used=number * 1000, asks=0 if kind == "end" else MB),),
                )
                answers = await asyncio.gather(*[ask(engine, request) for engine in (one, two) * 3])
                assert len(set(map(repr, answers))) == 1

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB - 10_000, 0, 10_000, 0)


def test_an_old_request_is_known_to_a_process_that_never_saw_it(shop: Shop) -> None:
    """The first process is gone; the second answers as the first did, and goes on."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as one:
            phone = Gateway(one, alice)
            first = await phone.begin(asked=3 * MB)
            last = await phone.go_on(used=MB, asked=3 * MB)
        async with engine_on(shop) as two:
            phone.engine = two
            assert await phone.again() == last
            assert await phone.say("initial", Ask(asks=3 * MB), number=0) == first
            phone.number = 1
            await phone.go_on(used=MB, asked=0)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(8 * MB, 0, 2 * MB, 0)


def test_what_others_change_meanwhile_is_not_lost(shop: Shop) -> None:
    """Alice buys data while she surfs; the engine, which kept her page, reads it anew."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(asked=10 * MB)
            buying = asyncio.to_thread(
                shop.line, "top-up", alice, "--data", "5MB", "--validity", "30d"
            )
            surfing = [surf(engine, alice, 20, used=10_000, asked=1) for _ in range(3)]
            await asyncio.gather(buying, *surfing)
            answer = only(await phone.go_on(used=4 * MB, asked=100 * MB))
            assert (answer.granted, answer.final) == (11 * MB - 630_000, True)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(11 * MB - 630_000, 11 * MB - 630_000, 4_630_000, 0)
