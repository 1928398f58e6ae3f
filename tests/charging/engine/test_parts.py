"""Several rating groups in one session: each is metered apart, all end together."""

import asyncio

from tests.charging.conftest import MB, Figures, Shop
from tests.charging.engine.cast import Gateway, engine_on, only

from eka.charging.requests import Ask, ChargingAnswer

WEB, VIDEO, CHAT = 1, 2, 3


def web(used: int = 0, asks: int | None = 0, *, ends: bool = False) -> Ask:
    return Ask(rating_group=WEB, used=used, asks=asks, ends=ends)


def video(used: int = 0, asks: int | None = 0, *, ends: bool = False) -> Ask:
    return Ask(rating_group=VIDEO, used=used, asks=asks, ends=ends)


def granted(answer: ChargingAnswer) -> dict[int | None, int | None]:
    return {part.rating_group: part.granted for part in answer.parts}


def test_groups_share_the_line(shop: Shop) -> None:
    """Web takes 6 MB, so video gets the 4 that are left, as the last."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            answer = await phone.begin(web(asks=6 * MB), video(asks=6 * MB))
            assert granted(answer) == {WEB: 6 * MB, VIDEO: 4 * MB}
            assert [part.final for part in answer.parts] == [False, True]
            # Each group replaces its own grant only.
            answer = await phone.go_on(web(2 * MB, 1 * MB))
            assert granted(answer) == {WEB: 1 * MB}

    asyncio.run(story())
    assert shop.figures(alice) == Figures(8 * MB, 5 * MB, 2 * MB, 0)


def test_a_group_begins_in_an_update(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine, engine_on(shop) as other:
            phone = Gateway(engine, alice)
            await phone.say("initial")
            assert granted(await phone.go_on(web(asks=2 * MB))) == {WEB: 2 * MB}
            answer = await phone.go_on(web(1 * MB, 2 * MB), video(asks=3 * MB))
            assert granted(answer) == {WEB: 2 * MB, VIDEO: 3 * MB}
            assert await phone.again(other) == answer

    asyncio.run(story())
    assert shop.figures(alice) == Figures(9 * MB, 5 * MB, 1 * MB, 0)


def test_the_end_releases_every_group(shop: Shop) -> None:
    """The last request reports the web only; what video held is free again all the same."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB), video(asks=3 * MB))
            answer = await phone.end(web(1 * MB))
            assert only(answer).rating_group == WEB
            assert await phone.again() == answer
            assert (await phone.go_on(video(asks=1))).result == "unknown_session"

    asyncio.run(story())
    assert shop.figures(alice) == Figures(9 * MB, 0, 1 * MB, 0)


def test_an_end_without_a_word_releases_every_group(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine, engine_on(shop) as other:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB), video(asks=3 * MB))
            assert await phone.say("end") == ChargingAnswer()
            assert await phone.again() == ChargingAnswer()
            assert await phone.again(other) == ChargingAnswer()
            assert (await phone.say("end")).result == "unknown_session"

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 0)


def test_a_group_ends_and_the_session_goes_on(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB), video(asks=3 * MB))
            await phone.go_on(video(3 * MB, ends=True))
            assert shop.figures(alice) == Figures(7 * MB, 2 * MB, 3 * MB, 0)
            # It may come back later in the same session.
            assert granted(await phone.go_on(video(asks=1 * MB))) == {VIDEO: 1 * MB}

    asyncio.run(story())
    assert shop.figures(alice) == Figures(7 * MB, 3 * MB, 3 * MB, 0)


def test_the_only_group_ends_as_another_begins(shop: Shop) -> None:
    """The bearer changes from web to video in one report: the session stands throughout."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB))
            answer = await phone.go_on(web(2 * MB, ends=True), video(asks=3 * MB))
            assert granted(answer) == {WEB: None, VIDEO: 3 * MB}
            assert await phone.again() == answer

    asyncio.run(story())
    assert shop.figures(alice) == Figures(8 * MB, 3 * MB, 2 * MB, 0)


def test_the_end_reports_a_group_that_never_asked(shop: Shop) -> None:
    """Chat was so short that its first report is its last: it is debited like the web's."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB))
            answer = await phone.end(web(1 * MB), Ask(rating_group=CHAT, used=4))
            assert [part.result for part in answer.parts] == ["success", "success"]
            assert await phone.again() == answer

    asyncio.run(story())
    assert shop.figures(alice) == Figures(9 * MB - 4, 0, 1 * MB + 4, 0)


def test_services_of_one_group_are_metered_apart(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            mail, news = (Ask(rating_group=WEB, service=s, asks=s * MB) for s in (1, 2))
            answer = await phone.begin(mail, news)
            assert [(part.service, part.granted) for part in answer.parts] == [
                (1, 1 * MB),
                (2, 2 * MB),
            ]

    asyncio.run(story())
    assert shop.figures(alice).reserved == 3 * MB


def test_a_report_without_groups_after_the_end_is_known_again(shop: Shop) -> None:
    """An update that spoke of no group was answered; sent again after the end, it still is."""
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB))
            first = await phone.say("update")
            assert first == ChargingAnswer()
            await phone.end(web(1))
            assert await phone.say("update", number=1) == first

    asyncio.run(story())


def test_what_was_used_outside_online_charging_is_only_recorded(shop: Shop) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with engine_on(shop) as engine:
            phone = Gateway(engine, alice)
            await phone.begin(web(asks=2 * MB))
            await phone.go_on(Ask(rating_group=WEB, used=5, recorded=70, asks=2 * MB))
            await phone.end(Ask(rating_group=WEB, recorded=7))

    asyncio.run(story())
    assert shop.figures(alice) == Figures(10 * MB - 5, 0, 5, 0)
    assert shop.rows(
        f"SELECT recorded FROM session JOIN line l ON l.id = line_id WHERE imsi = '{alice}'"
    ) == [(77,)]
