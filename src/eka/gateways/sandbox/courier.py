"""Sends a sandbox's notifications as its gateway would, and with the mischief that was asked for.

A notification waits in the records until it was accepted or its retries are used up, so that a
sandbox that is killed goes on where it was.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import httpx
import msgspec
from msgspec import Struct

from eka.gateways.sandbox.records import Document, Records
from eka.rules.instants import format_instant, parse_instant

LOOK_EVERY_S = 0.05
PATIENCE_S = 10.0  # a gateway waits about so long for an answer
AT_ONCE_MAX = 20

Clock = Callable[[], datetime]


class Mischief(Struct, forbid_unknown_fields=True):
    """What goes wrong on purpose. Chances are of 1000.

    lose: a notification is thought delivered, and never leaves. double: it is sent twice. forge:
    one with a wrong signature goes before it. disorder: what is due leaves in any order. held:
    nothing leaves by itself, only by `deliver`. down: the API answers that it is out of order.
    mute: a request to the API is carried out, and then answered as if the gateway had died.
    pace: retries come so many times sooner.
    """

    delay_s: int = 0
    lose: int = 0
    double: int = 0
    forge: int = 0
    disorder: bool = False
    held: bool = False
    down: bool = False
    mute: int = 0
    pace: int = 1


class Envelope(Struct, frozen=True):
    """One sending of a notification, as bytes on the wire."""

    headers: dict[str, str]
    body: bytes


class Sender(Protocol):
    """What the courier needs to know of a sandbox."""

    retry_after_s: tuple[int, ...]

    def envelope(self, event: Document, now: datetime) -> Envelope:
        """The notification, signed now."""

    def forgery(self, event: Document, now: datetime) -> Envelope:
        """The same from somebody who does not have the keys."""

    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the seller's answer ends the retries."""


class Courier:
    """The post office of one sandbox."""

    def __init__(self, records: Records, now: Clock, seed: int | None = None) -> None:
        self.records, self.now = records, now
        self.mischief = Mischief()
        self.chance = random.Random(seed)
        self._sender: Sender | None = None

    def serve(self, sender: Sender) -> None:
        """Whose notifications these are."""
        self._sender = sender

    def post(self, url: str, event: Document) -> None:
        """Takes a notification to be sent to `url`."""
        if not url or self._happens(self.mischief.lose):
            return
        copies = 2 if self._happens(self.mischief.double) else 1
        due = format_instant(self.now() + timedelta(seconds=self.mischief.delay_s))
        for _ in range(copies):
            id_ = f"{self.records.number('delivery'):09d}"
            delivery = {"id": id_, "url": url, "event": event, "attempt": 0, "due": due}
            self.records.put("delivery", id_, delivery)

    def waiting(self) -> list[Document]:
        """What was not accepted yet, in the order in which it would leave."""
        waiting = list(self.records.all("delivery"))
        if self.mischief.disorder:
            self.chance.shuffle(waiting)
        return waiting

    def take(self) -> list[tuple[str, Envelope]]:
        """All that waits, for a test that carries it itself; it is gone from here then."""
        taken = []
        for delivery in self.waiting():
            taken += [(delivery["url"], letter) for letter in self._letters(delivery)]
            self.records.drop("delivery", delivery["id"])
        return taken

    async def deliver(self, client: httpx.AsyncClient, *, all_of_them: bool = False) -> int:
        """Sends what is due (or all that waits); how many were accepted."""
        now = self.now()
        due = [
            delivery
            for delivery in self.waiting()
            if all_of_them or parse_instant(delivery["due"]) <= now
        ]
        done = 0
        for start in range(0, len(due), AT_ONCE_MAX):
            batch = due[start : start + AT_ONCE_MAX]
            done += sum(await asyncio.gather(*(self._send(client, one) for one in batch)))
        return done

    async def run(self) -> None:
        """Delivers until cancelled."""
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client:
            while True:
                if not self.mischief.held:
                    await self.deliver(client)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _send(self, client: httpx.AsyncClient, delivery: Document) -> bool:
        accepted = False
        for letter in self._letters(delivery):
            with contextlib.suppress(httpx.HTTPError):
                answer = await client.post(
                    delivery["url"], content=letter.body, headers=letter.headers
                )
                accepted = self._who().accepted(answer.status_code, answer.content)
        if accepted:
            self.records.drop("delivery", delivery["id"])
        else:
            self._later(delivery)
        return accepted

    def _letters(self, delivery: Document) -> list[Envelope]:
        sender, now = self._who(), self.now()
        letters = [sender.envelope(delivery["event"], now)]
        if self._happens(self.mischief.forge):
            letters.insert(0, sender.forgery(delivery["event"], now))
        return letters

    def _later(self, delivery: Document) -> None:
        attempt, schedule = delivery["attempt"], self._who().retry_after_s
        if attempt >= len(schedule):
            self.records.drop("delivery", delivery["id"])
            return
        wait = timedelta(seconds=schedule[attempt] / self.mischief.pace)
        due = format_instant(self.now() + wait)
        self.records.put(
            "delivery", delivery["id"], {**delivery, "attempt": attempt + 1, "due": due}
        )

    def _happens(self, of_1000: int) -> bool:
        return of_1000 > 0 and self.chance.randrange(1000) < of_1000

    def mute(self) -> bool:
        """Whether the answer to this request of the API gets lost."""
        return self._happens(self.mischief.mute)

    def _who(self) -> Sender:
        assert self._sender is not None
        return self._sender


def read_mischief(body: bytes) -> Mischief:
    """The mischief asked for. Raises msgspec.ValidationError."""
    return msgspec.json.decode(body, type=Mischief)
