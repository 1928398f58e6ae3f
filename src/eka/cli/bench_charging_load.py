"""The load on a door: sockets here, what is said over them in `bench_charging_gy` and `..._nchf`.

It shares the machine with what it measures, so it does as little as it can.
"""

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from random import random
from typing import Protocol

from eka.cli.bench_charging_meter import Meter, Task

LAST = 9  # the number of a session's last request: one begins, eight go on, one ends

_CHUNK_BYTES = 262_144
_SEND_SECONDS_MAX = 30
_LEAVE_SECONDS_MAX = 2


class Caller(Protocol):
    """One connection's side of the talk. Times are those of `perf_counter`."""

    running: int  # sessions that go on

    def greet(self) -> bytes:
        """What is sent first; requests follow once something came back."""

    def receive(self, data: bytes, now: float) -> bytes:
        """Takes what came and says what is to be sent.

        Errors: RuntimeError where the other side does not want to go on.
        """

    def leave(self) -> bytes:
        """The last words."""


MakeCaller = Callable[[int, int, Task, Meter], Caller]  # its number among them, its sessions


def imsi_of(line_id: int) -> bytes:
    """The IMSI of one of the bench's lines."""
    return b"99970%010d" % line_id


def msisdn_of(line_id: int) -> bytes:
    """The telephone number of one of the bench's lines."""
    return b"8613%09d" % line_id


def any_line(lines: int) -> int:
    """The id of a line, chosen by chance."""
    return int(random() * lines) + 1


def drive(task: Task, meter: Meter, make_caller: MakeCaller) -> None:
    """Opens the connections and talks until the meter says that it is over, and sessions ended."""
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        talks: list[tuple[socket.socket, Caller]] = []
        for number in range(task.connections):
            sessions = len(range(number, task.outstanding, task.connections))
            caller = make_caller(number, sessions, task, meter)
            talks.append((stack.enter_context(_connected(task.port)), caller))
            selector.register(talks[-1][0], selectors.EVENT_READ, talks[-1])
            talks[-1][0].sendall(caller.greet())
        while not meter.is_over or any(caller.running for _, caller in talks):
            for key, _ in selector.select(1):
                _turn(*key.data)
            meter.look(time.perf_counter())
        for connection, caller in talks:
            _leave(connection, caller.leave())


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), _SEND_SECONDS_MAX)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _turn(connection: socket.socket, caller: Caller) -> None:
    data = connection.recv(_CHUNK_BYTES)
    if not data:
        raise RuntimeError("the server closed the connection")
    # What is outstanding fits the sockets' buffers, so this does not wait for the server.
    if answer := caller.receive(data, time.perf_counter()):
        connection.sendall(answer)


def _leave(connection: socket.socket, words: bytes) -> None:
    connection.settimeout(_LEAVE_SECONDS_MAX)
    with suppress(OSError):
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(_CHUNK_BYTES):
            pass
