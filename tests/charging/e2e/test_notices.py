"""What happens to a line elsewhere reaches its gateways: ask anew, or end (RFC 8506, 5.5)."""

import asyncio

from tests.charging.conftest import MB, Charging, Figures, Shop
from tests.charging.e2e.callbacks import callbacks
from tests.charging.e2e.talk import (
    Bearer,
    gateway_at,
    granted,
    of_free5gc,
    only,
    opened,
    smf,
    until,
    usage,
)
from tests.charging.peers import (
    ASR,
    INITIAL,
    LIMIT,
    RAR,
    RELAY,
    TERMINATE,
    UPDATE,
    Gateway,
    Units,
    number,
    subscriber,
    text,
)


async def told(gateway: Gateway, command: int) -> dict[tuple[int, int], list[bytes]]:
    """What the gateway is asked by the server, once it is."""
    await until(lambda: any(code == command for code, _ in gateway.told), gateway.heard)
    return next(fields for code, fields in gateway.told if code == command)


async def line(shop: Shop, *words: str) -> None:
    await asyncio.to_thread(shop.line, *words)


def test_a_top_up_reaches_a_gateway_that_stands_on_its_last_grant(
    shop: Shop, charging: Charging
) -> None:
    """Alice buys data as her 10 MB run out: the gateway asks anew before it cuts her off."""
    alice = shop.sim()

    async def story() -> None:
        async with gateway_at(charging, "smf21.operator.example") as gateway:
            bearer = Bearer(gateway, alice)
            assert only(await bearer.say(INITIAL, Units(asks=20 * MB))).final == 0
            await line(shop, "top-up", alice, "--data", "5MB", "--validity", "30d")
            asked = await told(gateway, RAR)
            assert asked[263, 0] == [bearer.name.encode()]
            assert asked[293, 0] == [b"smf21.operator.example"]
            assert (number(asked, 285), number(asked, 258)) == (0, 4)
            part = only(await bearer.say(UPDATE, Units(asks=12 * MB, used=MB)))
            assert (part.granted, part.final) == (12 * MB, None)

    asyncio.run(story())
    assert shop.figures(alice) == Figures(14 * MB, 12 * MB, MB, 0)


def test_a_renewal_reaches_a_gateway_that_was_told_there_is_no_more(
    shop: Shop, charging: Charging
) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with gateway_at(charging, "smf22.operator.example") as gateway:
            bearer = Bearer(gateway, alice)
            await bearer.say(INITIAL, Units(group=7, asks=10 * MB))
            part = only(await bearer.say(UPDATE, Units(group=7, asks=MB, used=10 * MB)))
            assert part.result == LIMIT
            await line(shop, "renew", alice)
            assert number(await told(gateway, RAR), 432) == 7
            part = only(await bearer.say(UPDATE, Units(group=7, asks=MB)))
            assert (part.granted, part.final) == (MB, None)

    asyncio.run(story())


def test_a_gateway_with_plenty_is_left_alone(shop: Shop, charging: Charging) -> None:
    """Bob holds a grant that is not his last: of his top-up, nobody needs to be told."""
    alice, bob = shop.sim(), shop.sim()

    async def story() -> None:
        async with gateway_at(charging, "smf23.operator.example") as gateway:
            await Bearer(gateway, bob).say(INITIAL, Units(asks=MB))
            hers = Bearer(gateway, alice)
            await hers.say(INITIAL, Units(asks=20 * MB))
            for imsi in (bob, alice):
                await line(shop, "top-up", imsi, "--data", "5MB", "--validity", "30d")
            # Notices keep the order of what happened: hers comes after his would have come.
            assert (await told(gateway, RAR))[263, 0] == [hers.name.encode()]
            assert [command for command, _ in gateway.told] == [RAR]

    asyncio.run(story())


def test_a_suspended_line_is_cut_off(shop: Shop, charging: Charging) -> None:
    """Olga suspends Alice's line: the gateway ends the session and reports what was used."""
    alice = shop.sim()

    async def story() -> None:
        async with gateway_at(charging, "smf24.operator.example") as gateway:
            bearer = Bearer(gateway, alice)
            await bearer.say(INITIAL, Units(asks=MB))
            await line(shop, "suspend", alice)
            assert (await told(gateway, ASR))[263, 0] == [bearer.name.encode()]
            assert only(await bearer.say(UPDATE, Units(asks=MB))).result == 4010
            await bearer.say(TERMINATE, Units(used=5))

    asyncio.run(story())
    # Use while suspended is unserved.
    assert shop.figures(alice) == Figures(10 * MB, 0, 0, 5)


def test_a_gateway_behind_a_relay_is_told_through_it(shop: Shop, charging: Charging) -> None:
    alice = shop.sim()

    async def story() -> None:
        async with gateway_at(charging, "dra2.operator.example", RELAY) as relay:
            bearer = Bearer(relay, alice)
            origin = text(264, "smf8.operator.example") + text(296, "operator.example")
            body = subscriber(alice) + Units(asks=20 * MB).encoded()
            await relay.ask(INITIAL, bearer.name, 0, body, origin=origin)
            await line(shop, "top-up", alice, "--data", "5MB", "--validity", "30d")
            assert (await told(relay, RAR))[293, 0] == [b"smf8.operator.example"]

    asyncio.run(story())


def test_an_smf_is_called_where_it_wants_to_be(shop: Shop, charging: Charging) -> None:
    """REAUTHORIZATION after a top-up on the last grant, ABORT_CHARGING after a suspension."""
    alice = shop.sim()

    async def story() -> None:
        async with callbacks() as called, smf(charging) as client:
            uri = f"{called.root}/nsmf-callback/notify_1"
            first = of_free5gc(alice, "08:00:00", notifyUri=uri)
            path = await opened(client, first)
            body = of_free5gc(alice, "08:00:01", usage(asks=20 * MB))
            assert "finalUnitIndication" in await granted(client, path, body)
            await line(shop, "top-up", alice, "--data", "5MB", "--validity", "30d")
            await until(lambda: len(called.told) == 1, called.heard)
            body = of_free5gc(alice, "08:00:02", usage(MB, 12 * MB))
            part = await granted(client, path, body)
            assert part["grantedUnit"]["totalVolume"] == 12 * MB
            assert "finalUnitIndication" not in part
            await line(shop, "suspend", alice)
            await until(lambda: len(called.told) == 2, called.heard)
            assert [at for at, _ in called.told] == ["/nsmf-callback/notify_1"] * 2
            types = [told["notificationType"] for _, told in called.told]
            assert types == ["REAUTHORIZATION", "ABORT_CHARGING"]

    asyncio.run(story())
    assert shop.figures(alice) == Figures(14 * MB, 12 * MB, MB, 0)
