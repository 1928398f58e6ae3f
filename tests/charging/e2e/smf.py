"""A small HTTP/2 client of the 5G door, for stories in which connections break all the time.

httpx leaves the socket of a connection that broke under several requests to the garbage collector.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class Broken(Exception):
    """The connection ended before the answer came; whether the request was served is not known."""


@dataclass
class Reply:
    """An HTTP answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Smf:
    """One connection with prior knowledge, any number of requests at a time."""

    def __init__(self, root: str) -> None:
        parts = urlsplit(root)
        assert parts.hostname is not None
        assert parts.port is not None
        self._address, self._authority = (parts.hostname, parts.port), parts.netloc
        config = h2.config.H2Configuration(header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._replies: dict[int, tuple[Reply, asyncio.Future[Reply]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self.usable = False

    async def connect(self) -> None:
        """Raises OSError."""
        reader, self._writer = await asyncio.open_connection(*self._address)
        self._h2.initiate_connection()
        self._flush()
        self.usable = True
        self._reading = asyncio.create_task(self._read(reader))

    async def post(self, path: str, body: Any) -> Reply:
        """Raises Broken."""
        try:
            stream = self._h2.get_next_available_stream_id()
            headers = [
                (":method", "POST"),
                (":scheme", "http"),
                (":authority", self._authority),
                (":path", path),
                ("content-type", "application/json"),
            ]
            self._h2.send_headers(stream, headers)
            self._h2.send_data(stream, json.dumps(body).encode(), end_stream=True)
        except h2.exceptions.H2Error:
            self.usable = False
            raise Broken from None
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[stream] = Reply(), waiting
        self._flush()
        return await waiting

    async def close(self) -> None:
        """Goes without a word."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(65_536):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
        except (OSError, h2.exceptions.H2Error):
            pass
        finally:
            self.usable = False
            for _, waiting in self._replies.values():
                if not waiting.done():
                    waiting.set_exception(Broken())
            self._replies.clear()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived(stream_id=int(stream), headers=headers):
                reply = self._replies[stream][0]
                reply.headers = {str(name): str(value) for name, value in headers or []}
                reply.status = int(reply.headers[":status"])
            case h2.events.DataReceived(stream_id=int(stream), data=bytes(data)):
                self._replies[stream][0].body += data
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            case h2.events.StreamEnded(stream_id=int(stream)):
                reply, waiting = self._replies.pop(stream)
                waiting.set_result(reply)
            case h2.events.StreamReset(stream_id=int(stream)):
                _, waiting = self._replies.pop(stream)
                waiting.set_exception(Broken())
            case h2.events.ConnectionTerminated():
                self.usable = False

    def _flush(self) -> None:
        assert self._writer is not None
        self._writer.write(self._h2.data_to_send())
