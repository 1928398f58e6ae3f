"""Open5GS's shapes over a real socket to the real process (spec/charging.md)."""

import asyncio

import pytest
from tests.charging.conftest import MB, Charging, Figures, Shop
from tests.charging.e2e.talk import Bearer, gateway_at, only
from tests.charging.peers import (
    EVENT,
    INITIAL,
    LIMIT,
    SUCCESS,
    TERMINATE,
    TGPP,
    UNKNOWN_SESSION,
    UPDATE,
    USER_UNKNOWN,
    Gateway,
    Granted,
    Units,
    group,
    number,
    of_open5gs,
    text,
    u32,
    u64,
)

QUOTA_EXHAUSTED, VALIDITY_TIME, FINAL = 3, 4, 2
QOS = group(1016, u32(1028, 9, TGPP), vendor=TGPP)
TERMINATES = 0


def test_a_bearer_from_its_first_request_to_its_last(shop: Shop, charging: Charging) -> None:
    """Alice's 10 MB in grants without a rating group; the last one ends the bearer."""
    alice = shop.sim()

    async def story(gateway: Gateway) -> None:
        bearer = Bearer(gateway, alice)
        first = await bearer.say(INITIAL, Units(asks=MB, more=QOS), more=of_open5gs())
        assert only(first) == Granted(
            group=None, result=SUCCESS, granted=MB, validity=3600, threshold=MB // 5, final=None
        )
        assert first.all[263, 0] == [bearer.name.encode()]
        assert [number(first.all, code) for code in (258, 416, 415)] == [4, INITIAL, 0]
        assert first.all[264, 0] == [b"eka.localdomain"]

        # More was used than was granted; nothing says how much is wanted.
        report = Units(asks="any", used=1_200_000, why=QUOTA_EXHAUSTED)
        second = await bearer.say(UPDATE, report)
        size = only(second).granted
        assert size is not None
        assert size >= MB
        assert await bearer.again(UPDATE, report) == second
        assert shop.figures(alice) == Figures(8_800_000, size, 1_200_000, 0)

        # Its validity is over and nothing was used: a grant replaces a grant.
        third = only(await bearer.say(UPDATE, Units(asks=MB, why=VALIDITY_TIME)))
        assert (third.granted, third.final) == (MB, None)
        last = only(await bearer.say(UPDATE, Units(asks=20 * MB, used=800_000)))
        assert (last.granted, last.final, last.threshold) == (8 * MB, TERMINATES, None)
        assert shop.figures(alice) == Figures(8 * MB, 8 * MB, 2 * MB, 0)

        # After the final unit the next message is the last, with all that was used.
        ended = await bearer.say(TERMINATE, Units(used=8 * MB + 5, why=FINAL))
        assert (only(ended).result, only(ended).granted) == (SUCCESS, None)
        assert await bearer.again(TERMINATE, Units(used=8 * MB + 5, why=FINAL)) == ended
        assert (await bearer.say(UPDATE, Units(asks=1))).result == UNKNOWN_SESSION

    tell(charging, story)
    assert shop.figures(alice) == Figures(0, 0, 10 * MB, 5)
    assert facts(shop, alice)["apn"] == "internet"


def tell(charging: Charging, story: object) -> None:
    async def told() -> None:
        async with gateway_at(charging) as gateway:
            assert callable(story)
            await story(gateway)

    asyncio.run(told())


def facts(shop: Shop, imsi: str) -> dict[str, object]:
    found = shop.rows(
        f"SELECT facts FROM session JOIN line l ON l.id = line_id WHERE imsi = '{imsi}'"
    )
    assert isinstance(found[0][0], dict)
    return found[0][0]


def test_a_line_that_is_used_up(shop: Shop, charging: Charging) -> None:
    """4012 is a normal answer: the request succeeded, the part says that there is no more."""
    alice = shop.sim()

    async def story(gateway: Gateway) -> None:
        bearer = Bearer(gateway, alice)
        await bearer.say(INITIAL, Units(asks=10 * MB))
        part = only(await bearer.say(UPDATE, Units(asks=MB, used=10 * MB)))
        assert (part.result, part.granted) == (LIMIT, None)
        other = only(await Bearer(gateway, alice).say(INITIAL, Units(asks="any")))
        assert (other.result, other.granted) == (LIMIT, None)

    tell(charging, story)


def test_several_rating_groups(shop: Shop, charging: Charging) -> None:
    """Each part is answered under its own group; the end of all comes in one request."""
    alice = shop.sim()

    async def story(gateway: Gateway) -> None:
        bearer = Bearer(gateway, alice)
        answer = await bearer.say(INITIAL, Units(group=10, asks=MB), Units(group=20, asks=2 * MB))
        assert [(part.group, part.granted) for part in answer.parts] == [(10, MB), (20, 2 * MB)]
        both = Units(group=10, used=MB, why=FINAL), Units(group=30, asks=3 * MB)
        answer = await bearer.say(UPDATE, *both)
        assert [(part.group, part.granted) for part in answer.parts] == [(10, None), (30, 3 * MB)]
        assert shop.figures(alice) == Figures(9 * MB, 5 * MB, MB, 0)
        await bearer.say(TERMINATE, Units(group=20, used=7), Units(group=30, used=3))

    tell(charging, story)
    assert shop.figures(alice) == Figures(9 * MB - 10, 0, MB + 10, 0)


def test_charlie(shop: Shop, charging: Charging) -> None:
    async def story(gateway: Gateway) -> None:
        charlie = Bearer(gateway, "999999999999999")
        assert (await charlie.say(INITIAL, Units(asks=MB))).result == USER_UNKNOWN
        assert (await Bearer(gateway, shop.sim()).say(UPDATE)).result == UNKNOWN_SESSION

    tell(charging, story)


@pytest.mark.parametrize(("action", "left"), [(0, 6 * MB), (1, 14 * MB), (2, 10 * MB)])
def test_events(shop: Shop, charging: Charging, action: int, left: int) -> None:
    """Direct debit, refund and a look at the balance, each said twice."""
    alice = shop.sim()

    async def story(gateway: Gateway) -> None:
        bearer = Bearer(gateway, alice)
        unit = u32(436, action) + group(437, u64(421, 4 * MB))
        answer = await bearer.say(EVENT, more=unit)
        assert answer.result == SUCCESS
        assert number(answer.all, 422) == (0 if action == 2 else None)
        bearer.number -= 1
        assert await bearer.say(EVENT, more=unit) == answer

    tell(charging, story)
    assert shop.figures(alice).left == left


def test_a_request_that_lacks_its_number(shop: Shop, charging: Charging) -> None:
    """A broken request is refused by name, and the connection goes on."""
    alice = shop.sim()

    async def story(gateway: Gateway) -> None:
        broken = await gateway.ask(9, "smf1;broken", 0)
        assert broken.result == 5004
        assert only(await Bearer(gateway, alice).say(INITIAL, Units(asks=MB))).granted == MB

    tell(charging, story)


def test_a_relay_stands_between(shop: Shop, charging: Charging) -> None:
    """A routing agent adds its Route-Record and gets its Proxy-Info back as it was."""
    alice = shop.sim()
    state = group(284, text(280, "dra.operator.example"), text(33, "its own notes"))

    async def story() -> None:
        async with gateway_at(charging, "dra.operator.example", 0xFFFFFFFF) as relay:
            bearer = Bearer(relay, alice)
            origin = text(264, "smf7.operator.example") + text(296, "operator.example")
            route = text(282, "smf7.operator.example")
            body = subscriber_and(alice) + Units(asks=MB).encoded() + state + route
            answer = await relay.ask(INITIAL, bearer.name, 0, body, origin=origin)
            assert only(answer).granted == MB
            assert answer.all[284, 0] == [state[8:]]
            assert (282, 0) not in answer.all

    asyncio.run(story())
    assert facts(shop, alice)["host"] == "smf7.operator.example"
    assert facts(shop, alice)["peer"] == "dra.operator.example"


def subscriber_and(imsi: str) -> bytes:
    return group(443, u32(450, 1), text(444, imsi))
