"""Pages kept from one request of a session to the next, so that they need not be read again.

A kept page may be outdated: the store writes it only if its line's revision is still the same. What
would be answered without a write is therefore never answered from here.
"""

from msgspec.structs import replace

from eka.charging.dialogue import part_id
from eka.charging.requests import ChargingRequest
from eka.ledger.pages import Page
from eka.rules.lines import Line, Session

LINES_MAX = 50_000


class Shelf:
    """The lines that have open sessions here, the longest unused forgotten first."""

    def __init__(self, most: int = LINES_MAX) -> None:
        self._most = most
        self._kept: dict[int, tuple[Line, int, int]] = {}  # line, count of entries, revision
        self._lines: dict[str, int] = {}  # by session

    def __len__(self) -> int:
        return len(self._kept)

    def line_of(self, session: str) -> int | None:
        """The line of a session that stands open here."""
        return self._lines.get(session)

    def take(self, line_id: int, requests: list[ChargingRequest]) -> Page | None:
        """A fresh page of a kept line that is enough to answer these requests."""
        kept = self._kept.pop(line_id, None)
        if kept is None:
            return None
        self._kept[line_id] = kept  # it is now the one used last
        line, entry_count, revision = kept
        if all(_suffices(line, request) for request in requests):
            return Page(line_id, line, entry_count, revision)
        return None

    def keep(self, page: Page) -> None:
        """Keeps a page that was just written, if its line has open sessions."""
        self.drop(page.id)
        sessions = {
            id_: _without_old_answers(session)
            for id_, session in page.line.sessions.items()
            if session.open
        }
        if not sessions:
            return
        line = replace(page.line, sessions=sessions)
        self._kept[page.id] = (line, page.entry_count + len(page.entries), page.revision + 1)
        for session in sessions.values():
            self._lines[session.name] = page.id
        if len(self._kept) > self._most:
            self.drop(next(iter(self._kept)))

    def drop(self, line_id: int) -> None:
        """Forgets a line."""
        kept = self._kept.pop(line_id, None)
        if kept is not None:
            for session in kept[0].sessions.values():
                self._lines.pop(session.name, None)

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()
        self._lines.clear()


def _suffices(line: Line, request: ChargingRequest) -> bool:
    """Whether the request goes on with parts that stand here, and cannot be a repeat."""
    if request.kind not in ("update", "end") or not request.asks:
        return False
    for ask in request.asks:
        part = line.sessions.get(part_id(request.session, ask))
        if part is None or request.number <= part.last_number:
            return False
    return True


def _without_old_answers(session: Session) -> Session:
    return replace(session, answers={}) if session.answers else session
