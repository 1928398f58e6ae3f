"""The engine: requests in, durable answers out.

A request finds its line, joins that line's lane, and is answered with the batch that it left in:
the rules work on the lines' pages, one statement writes what changed, and only when that is
committed are the answers given.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from eka import clock
from eka.charging.dialogue import part_id, respond
from eka.charging.figures import Figures
from eka.charging.lanes import Lane
from eka.charging.links import Link, parameters_of
from eka.charging.requests import Ask, ChargingAnswer, ChargingRequest
from eka.charging.shelf import Shelf
from eka.charging.store import (
    Connection,
    Plans,
    Wanted,
    find_lines,
    find_names,
    note_first_use,
    read,
    write,
)
from eka.ledger.pages import Page
from eka.rules.lines import InvariantBroken, Line, Unable
from eka.rules.requests import CloseSilent

log = logging.getLogger(__name__)

BUSY = ChargingAnswer(result="busy")
FAILED = ChargingAnswer(result="failed")
UNKNOWN_SUBSCRIBER = ChargingAnswer(result="unknown_subscriber")
UNKNOWN_SESSION = ChargingAnswer(result="unknown_session")

LANES = 2
WAITING_MAX = 4096  # more would wait so long that their gateways ask again
ROUNDS_MAX = 20  # how often a line may be changed by others before we say that we are busy


class Job:
    """A request under way, or a chore of our own, and where its answer goes."""

    __slots__ = ("_answer", "arrived", "done", "line_id", "request")

    def __init__(
        self,
        request: ChargingRequest | CloseSilent,
        answer: Callable[[ChargingAnswer], None],
        arrived: float,
        line_id: int = 0,
    ) -> None:
        self.request, self._answer, self.arrived = request, answer, arrived
        self.line_id = line_id
        self.done = False

    def finish(self, answer: ChargingAnswer) -> None:
        """Gives the answer, once."""
        if self.done:
            return
        self.done = True
        try:
            self._answer(answer)
        except Exception:
            log.exception("an answer could not be handed over")

    @property
    def session(self) -> str:
        """The gateway's session; empty for a chore."""
        return self.request.session if isinstance(self.request, ChargingRequest) else ""


class Engine:
    """Answers charging requests from the ledger. Lives in one event loop."""

    def __init__(self, url: str, *, lanes: int = LANES, waiting_max: int = WAITING_MAX) -> None:
        self.parameters = parameters_of(url)
        self.plans = Plans()
        self.figures = Figures()
        self.told_whole: Callable[[list[int]], None] = lambda _: None
        self._waiting_max = waiting_max
        self._shelf = Shelf()
        self._open = True
        self._links = [Link(self.parameters, self._prepare) for _ in range(lanes + 1)]
        self._finder: Lane[Job] = Lane(self._links[0], self._find, self._give_up)
        self._lanes: list[Lane[Job]] = [
            Lane(link, self._serve, self._give_up) for link in self._links[1:]
        ]

    # ------------------------------------------------------------------ what doors call

    def submit(self, request: ChargingRequest, answer: Callable[[ChargingAnswer], None]) -> None:
        """Takes a request; `answer` is called once, later, in the event loop."""
        loop = asyncio.get_running_loop()
        if not self._open or self.waiting >= self._waiting_max:
            self.figures.answers["busy"] += 1
            loop.call_soon(answer, BUSY)
            return
        job = Job(request, answer, loop.time())
        line_id = None if request.kind == "initial" else self._shelf.line_of(request.session)
        if line_id is None:
            self._finder.put(job)
        else:
            self._enter(job, line_id)

    def chore(self, line_id: int, command: CloseSilent) -> None:
        """Carries out a command of our own on a line."""
        now = asyncio.get_running_loop().time()
        self._enter(Job(command, lambda _: None, now), line_id)

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._finder) + sum(map(len, self._lanes))

    @property
    def kept(self) -> int:
        """Lines kept in memory."""
        return len(self._shelf)

    def forget(self, line_ids: list[int]) -> None:
        """Forgets what is kept of lines that others changed."""
        for line_id in line_ids:
            self._shelf.drop(line_id)

    async def run(self) -> None:
        """Serves until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in (self._finder, *self._lanes):
                group.create_task(lane.run())

    async def drain(self) -> None:
        """Takes nothing more, and waits until what is here is answered."""
        self._open = False
        await self._finder.drained()
        for lane in self._lanes:
            await lane.drained()

    async def close(self) -> None:
        """Ends the connections."""
        for link in self._links:
            await link.close()

    # ------------------------------------------------------------------ finding the line

    def _enter(self, job: Job, line_id: int) -> None:
        job.line_id = line_id
        self._lanes[line_id % len(self._lanes)].put(job)

    async def _prepare(self, connection: Connection) -> None:
        if not self.plans.on_sale:
            await self.plans.load_on_sale(connection)

    async def _find(self, connection: Connection, jobs: list[Job]) -> None:
        """Finds the lines of requests by IMSI, telephone number or session."""
        asked = [
            (job, job.request)
            for job in jobs
            if isinstance(job.request, ChargingRequest) and not job.done
        ]
        imsis = {one.imsi for _, one in asked if one.imsi}
        msisdns = {one.msisdn for _, one in asked if one.msisdn}
        found = await find_lines(connection, imsis, msisdns) if imsis or msisdns else {}
        lines = {
            job: found.get(f"imsi:{one.imsi}") or found.get(f"msisdn:{one.msisdn}")
            for job, one in asked
        }
        # A session that went on may be known by its name alone.
        names = {one.session for job, one in asked if lines[job] is None and _goes_on(one)}
        sessions = await find_names(connection, names) if names else {}
        for job, one in asked:
            line_id = lines[job] or sessions.get(one.session)
            if line_id is not None:
                self._enter(job, line_id)
            else:
                self._finish(job, UNKNOWN_SESSION if _goes_on(one) else UNKNOWN_SUBSCRIBER)

    # ------------------------------------------------------------------ a batch

    async def _serve(self, connection: Connection, batch: list[Job]) -> None:
        """Serves a batch; lines that others changed meanwhile are read again and served anew."""
        self.figures.note_batch(len(batch))
        for _ in range(ROUNDS_MAX):
            batch = [job for job in batch if not job.done]
            if not batch:
                return
            await self._round(connection, batch)
        for job in batch:
            self._finish(job, BUSY)

    async def _round(self, connection: Connection, batch: list[Job]) -> None:
        groups: dict[int, list[Job]] = {}
        for job in batch:
            groups.setdefault(job.line_id, []).append(job)
        pages = await self._pages(connection, groups)
        answers: list[tuple[Job, ChargingAnswer]] = []
        now = clock.now()
        for line_id, jobs in groups.items():
            answers += self._answer_line(pages, line_id, jobs, now)
        changed = [page for page in pages.values() if page.changed]
        try:
            written = await write(connection, changed) if changed else set()
        except BaseException:
            self.forget(list(groups))
            raise
        if waiting := {page.id for page in pages.values() if page.line.state == "ready"}:
            used = {job.line_id for job in batch if job.line_id in waiting and _uses(job.request)}
            await note_first_use(connection, sorted(used), now)
        self._keep(changed, written)
        lost = {page.id for page in changed} - written
        self.figures.conflicts += len(lost)
        for job, answer in answers:
            if job.line_id not in lost:
                self._finish(job, answer)

    async def _pages(self, connection: Connection, groups: dict[int, list[Job]]) -> dict[int, Page]:
        pages: dict[int, Page] = {}
        wanted: list[Wanted] = []
        for line_id, jobs in groups.items():
            asked = [job.request for job in jobs if isinstance(job.request, ChargingRequest)]
            page = self._shelf.take(line_id, asked) if len(asked) == len(jobs) else None
            if page is not None:
                pages[line_id] = page
                continue
            wanted += [_wanted(job) for job in jobs]
        if wanted:
            pages.update(await read(connection, wanted, self.plans))
        return pages

    def _answer_line(
        self, pages: dict[int, Page], line_id: int, jobs: list[Job], now: datetime
    ) -> list[tuple[Job, ChargingAnswer]]:
        """Answers one line's requests in their order; one that breaks leaves no trace."""
        page = pages.get(line_id)
        if page is None:
            return [(job, UNKNOWN_SUBSCRIBER) for job in jobs]
        answers = []
        for job in jobs:
            try:
                answers.append((job, self._perform(page, job.request, now)))
                if len(jobs) > 1:
                    now = clock.now()  # what a line was asked first was also earlier
            except (InvariantBroken, Unable, OverflowError):
                log.exception("line %d cannot be charged", line_id)
                pages[line_id] = page.afresh()
                rest = [other for other in jobs if other is not job]
                return [(job, FAILED), *self._answer_line(pages, line_id, rest, now)]
        return answers

    def _perform(
        self, page: Page, request: ChargingRequest | CloseSilent, now: datetime
    ) -> ChargingAnswer:
        if isinstance(request, CloseSilent):
            page.perform(request, now, self.plans.on_sale)
            return ChargingAnswer()
        return respond(page, request, now, self.plans.on_sale)

    def _keep(self, changed: list[Page], written: set[int]) -> None:
        whole = []
        for page in changed:
            if page.id not in written:
                self._shelf.drop(page.id)
                continue
            self._shelf.keep(page)
            if page.begun or page.line.state != page.before.state or _frees(page.line):
                whole.append(page.id)
        if whole:
            self.told_whole(whole)

    # ------------------------------------------------------------------ answers

    def _finish(self, job: Job, answer: ChargingAnswer) -> None:
        if not job.done and isinstance(job.request, ChargingRequest):
            waited = asyncio.get_running_loop().time() - job.arrived
            self.figures.note_answer(job.request.kind, answer.result, waited)
        job.finish(answer)

    def _give_up(self, job: Job, passing: bool) -> None:
        self._finish(job, BUSY if passing else FAILED)


def _goes_on(request: ChargingRequest) -> bool:
    return request.kind in ("update", "end")


def _uses(request: ChargingRequest | CloseSilent) -> bool:
    """Whether somebody wants to use data, and not just to know of it."""
    if isinstance(request, CloseSilent):
        return False
    return request.kind != "event" or request.event == "debit"


def _frees(line: Line) -> bool:
    """Whether a session ended, and another that stands on its last grant may have more now."""
    sessions = line.sessions.values()
    if all(session.open for session in sessions):
        return False
    return any(session.open and session.final for session in sessions)


def _wanted(job: Job) -> Wanted:
    if isinstance(job.request, CloseSilent):
        return Wanted(job.line_id, "", (), 0)
    return Wanted(job.line_id, job.session, _parts(job.request), job.request.number)


def _parts(request: ChargingRequest) -> list[str]:
    return [part_id(request.session, ask) for ask in request.asks or (Ask(),)]
