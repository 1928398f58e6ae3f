"""The charging function calls the gateway: ChargingNotify (TS 32.291, 5.2.2.5 and 6.1.5).

A notice asks the gateway to speak with us; what is owed is in the ledger. So a notice may be lost:
the gateway will ask again when its grant's validity is over.
"""

import asyncio
import logging
import ssl
from collections import Counter

import httpx
import msgspec

from eka.charging.requests import OpenSession
from eka.wire.nchf.problems import JSON
from eka.wire.nchf.types import ChargingNotifyRequest, ReauthorizationDetails

log = logging.getLogger(__name__)

NOTICE_SECONDS_MAX = 5
ATTEMPTS = 2
AT_ONCE_MAX = 32
WAITING_MAX = 10_000


def reauthorization(session: OpenSession) -> ChargingNotifyRequest:
    details = tuple(ReauthorizationDetails(rating_group=group) for group in session.rating_groups)
    return ChargingNotifyRequest(
        notification_type="REAUTHORIZATION", reauthorization_details=details or None
    )


def abortion() -> ChargingNotifyRequest:
    return ChargingNotifyRequest(notification_type="ABORT_CHARGING")


class Notices:
    """Sends notices over HTTP/2, a few at once, in the background of the running loop.

    `sent` counts them by notification type and outcome: a status, or `unreachable`. `trust` is
    for gateways that are called by https.
    """

    def __init__(self, sent: Counter[tuple[str, str]], trust: ssl.SSLContext | None = None) -> None:
        # Without HTTP/1.1 httpx speaks HTTP/2 from the first byte, as gateways do (TS 29.500, 5.2).
        self._client = httpx.AsyncClient(
            http1=False,
            http2=True,
            timeout=NOTICE_SECONDS_MAX,
            trust_env=False,
            verify=trust or True,
        )
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = sent

    def send(self, session: OpenSession, notice: ChargingNotifyRequest) -> bool:
        """Sends it soon; False where the session says no address, or too many are waiting."""
        uri = session.facts.get("notify")
        if not isinstance(uri, str) or len(self._tasks) >= WAITING_MAX:
            return False
        task = asyncio.get_running_loop().create_task(self._deliver(session.id, uri, notice))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def close(self, seconds_max: float) -> None:
        """Waits for what is under way, but not for ever."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds_max)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def _deliver(self, session: str, uri: str, notice: ChargingNotifyRequest) -> None:
        body = msgspec.json.encode(notice)
        outcome = "unreachable"
        async with self._places:
            for _ in range(ATTEMPTS):
                outcome = await self._attempt(uri, body)
                if outcome != "unreachable" and not outcome.startswith("5"):
                    break
        self.sent[notice.notification_type, outcome] += 1
        level = logging.INFO if outcome.startswith("2") else logging.WARNING
        log.log(level, "%s for session %s: %s", notice.notification_type, session, outcome)

    async def _attempt(self, uri: str, body: bytes) -> str:
        try:
            answer = await self._client.post(uri, content=body, headers={"content-type": JSON})
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"
        return str(answer.status_code)
