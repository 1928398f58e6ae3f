"""What a sandbox remembers: documents by kind and id, in memory or in an SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

Document = dict[str, Any]


class Records:
    """Documents of JSON. Used from the one thread that serves a sandbox."""

    def __init__(self, path: Path | None = None) -> None:
        self._file = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._file.isolation_level = None
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS document"
            " (kind TEXT, id TEXT, body BLOB, PRIMARY KEY (kind, id))"
        )
        self._kept: dict[str, dict[str, Document]] = {}
        for kind, id_, body in self._file.execute(
            "SELECT kind, id, body FROM document ORDER BY rowid"
        ):
            self._kept.setdefault(kind, {})[id_] = msgspec.json.decode(body)

    def get(self, kind: str, id_: str) -> Document | None:
        """The document, to be changed only through `put`."""
        found = self._kept.get(kind, {}).get(id_)
        return None if found is None else dict(found)

    def put(self, kind: str, id_: str, document: Document) -> None:
        """Keeps the document in place of what was there."""
        self._kept.setdefault(kind, {})[id_] = dict(document)
        self._file.execute(
            # Not REPLACE: what is changed keeps its place, so that a restart changes no order.
            "INSERT INTO document VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, id_, msgspec.json.encode(document)),
        )

    def drop(self, kind: str, id_: str) -> None:
        """Forgets the document, if it is there."""
        self._kept.get(kind, {}).pop(id_, None)
        self._file.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, id_))

    def all(self, kind: str) -> Iterator[Document]:
        """The documents of a kind, oldest first."""
        return (dict(document) for document in list(self._kept.get(kind, {}).values()))

    def count(self, kind: str) -> int:
        """How many documents of a kind there are."""
        return len(self._kept.get(kind, {}))

    def number(self, kind: str) -> int:
        """The next number of a kind: 1, 2, 3, ..."""
        following = int((self.get("number", kind) or {"last": 0})["last"]) + 1
        self.put("number", kind, {"last": following})
        return following

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written within is kept whole or not at all, should the process be killed."""
        if self._file.in_transaction:
            yield
            return
        self._file.execute("BEGIN")
        try:
            yield
        finally:
            self._file.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
