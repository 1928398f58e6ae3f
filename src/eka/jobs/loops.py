"""Everything that runs by itself, each in a loop of its own.

A loop asks a table's index of due things for work, does it, and sleeps a little when there is
none. Nothing is kept in memory: a process that is killed loses nothing, and several may run.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from msgspec import Struct

from eka import clock

log = logging.getLogger(__name__)

TROUBLE_PAUSE_S = 1.0

Turn = Callable[[datetime], int]  # does what is due at an instant; how much there was


class Loop(Struct, frozen=True):
    """What is done again and again, and how long to rest when there was nothing to do."""

    name: str
    turn: Turn
    rest_s: float
    threads: int = 1


class Loops:
    """Runs loops side by side until they are told to stop."""

    def __init__(self, loops: list[Loop]) -> None:
        self._loops = loops
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ends every loop after the turn at hand."""
        self._stopping.set()

    def start(self) -> list[threading.Thread]:
        """Starts the loops' threads."""
        threads = [
            threading.Thread(target=self._run, args=(loop,), name=loop.name)
            for loop in self._loops
            for _ in range(loop.threads)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, loop: Loop) -> None:
        try:
            while not self._stopping.is_set():
                self._stopping.wait(self._turn(loop))
        finally:
            connection.close()

    def _turn(self, loop: Loop) -> float:
        """One turn; how long to rest after it."""
        try:
            return 0.0 if loop.turn(clock.now()) else loop.rest_s
        except (OperationalError, InterfaceError):
            log.exception("%s: the database does not answer; trying again", loop.name)
            connection.close()
        except Exception:
            # One defect must not end what the whole shop waits for.
            log.exception("%s: a turn failed", loop.name)
        return TROUBLE_PAUSE_S
