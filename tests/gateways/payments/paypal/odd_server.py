"""A server that answers whatever a story wants, and remembers what it was asked."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OddServer:
    """Answers each path with the next of its answers; the last one stays."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self._answers: dict[str, list[tuple[int, bytes]]] = {}

    def will(self, path: str, *answers: tuple[int, bytes]) -> None:
        """What a path answers from now on."""
        self._answers[path] = list(answers)

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """What it answers now."""
        self.asked.append(path)
        self.bodies.append(body)
        answers = self._answers.get(path.partition("?")[0], [(404, b"")])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextlib.contextmanager
def odd_server() -> Iterator[OddServer]:
    """The server, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            status, body = odd.answer(self.path, self.rfile.read(length))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", f"{odd.address}/elsewhere")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        odd = OddServer(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield odd
        server.shutdown()
        thread.join()
