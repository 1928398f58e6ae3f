"""Usage files on disk: looked through once before anything is imported, then read in batches.

What makes a file no usage file at all (bytes that are no text, broken quotes, a wrong header) is
found before the first record is debited. What is wrong with a single row only concerns that row.
"""

import codecs
import csv
import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from eka.rules.documents import BadInput
from eka.rules.usage_text import SKEW_MAX, Layout, Row, Stretch

CHUNK_BYTES = 1 << 20
RIGHT = "save the file as CSV in UTF-8"


class UsageFile:
    """A usage file that can be read: the digest of its bytes, its data rows, its columns.

    Raises BadInput, with the line and what would be right, and OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = _check_bytes(path)
        self.layout, self.rows = self._check_rows()

    def stretches(
        self, lane: int, lanes: int, done: int, size: int, now: Callable[[], datetime]
    ) -> Iterator[Stretch]:
        """What a lane takes of the data rows after the first `done`, about `size` at a time."""
        with self._open() as text:
            rows = _data_rows(csv.reader(text, strict=True))
            for _ in itertools.islice(rows, done + 1):
                pass
            while chunk := list(itertools.islice(rows, size * lanes)):
                latest = now() + SKEW_MAX
                mine = [
                    Row(place, line, fields, self.layout.read(fields, latest))
                    for place, (line, fields) in enumerate(chunk, done)
                    if self.layout.lane(fields, lanes) == lane
                ]
                yield Stretch(done, done + len(chunk), mine)
                done += len(chunk)

    def _open(self) -> IO[str]:
        return self.path.open(encoding="utf-8-sig", newline="")

    def _check_rows(self) -> tuple[Layout, int]:
        with self._open() as text:
            reader = csv.reader(text, strict=True)
            try:
                rows = _data_rows(reader)
                line, names = next(rows, (1, []))
                return Layout(names, line), sum(1 for _ in rows)
            except csv.Error as error:
                said = f"this is not CSV: {error}; put fields with commas in double quotes"
                raise BadInput(said, reader.line_num) from None


def _data_rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows in which anything stands, the header first, with the line each ends on."""
    return ((reader.line_num, row) for row in reader if any(row))


def _check_bytes(path: Path) -> str:
    """The digest of the file's bytes, which are text without NUL. Raises BadInput."""
    digest, decoder, line = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            _check_chunk(decoder, chunk, line)
            line += chunk.count(b"\n")
    _check_chunk(decoder, b"", line, last=True)
    return digest.hexdigest()


def _check_chunk(
    decoder: codecs.IncrementalDecoder, chunk: bytes, line: int, *, last: bool = False
) -> None:
    if (nul := chunk.find(b"\0")) >= 0:
        line += chunk.count(b"\n", 0, nul)
        raise BadInput(f"a NUL byte stands here; {RIGHT}", line)
    try:
        decoder.decode(chunk, final=last)
    except UnicodeDecodeError as error:
        line += error.object.count(b"\n", 0, error.start)
        byte = error.object[error.start]
        raise BadInput(f"byte 0x{byte:02x} is not UTF-8 text; {RIGHT}", line) from None
