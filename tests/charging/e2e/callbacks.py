"""The notifyUri of an SMF: a small HTTP/2 server that notes what it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import h2.config
import h2.connection
import h2.events


class Callbacks:
    """Answers 204 to everything."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []  # path and body
        self.heard = asyncio.Event()
        self.root = ""
        self._serving: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends the connections."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        paths: dict[int, str] = {}
        bodies: dict[int, bytes] = {}
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                match event:
                    case h2.events.RequestReceived(stream_id=int(stream), headers=headers):
                        paths[stream] = {str(k): str(v) for k, v in headers or []}[":path"]
                    case h2.events.DataReceived(stream_id=int(stream), data=bytes(chunk)):
                        bodies[stream] = bodies.get(stream, b"") + chunk
                    case h2.events.StreamEnded(stream_id=int(stream)):
                        connection.send_headers(stream, [(":status", "204")], end_stream=True)
                        self.told.append((paths[stream], json.loads(bodies[stream])))
                        self.heard.set()
            writer.write(connection.data_to_send())


@contextlib.asynccontextmanager
async def callbacks() -> AsyncIterator[Callbacks]:
    """Listens on a free port of this machine."""
    told = Callbacks()
    server = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield told
    finally:
        server.close()
        await told.close()
