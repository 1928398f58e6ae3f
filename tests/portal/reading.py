"""Reading a page as a browser and a reader would."""

import re
from html.parser import HTMLParser

from django.http import HttpResponseBase
from django.test import Client

VOID = {"meta", "link", "input", "br", "hr", "img"}
DRAWN = {"path", "rect", "circle", "use", "line"}


class Page(HTMLParser):
    """The parts of a page that tests ask about."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.unbalanced: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append((tag, found.get("lang")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.unbalanced.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        inside = {tag for tag, _ in self.open}
        if data.strip() and not inside & {"script", "style"}:
            language = next((lang for _, lang in reversed(self.open) if lang), "")
            self.texts.append((language.casefold(), data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self) -> str:
        """All that can be read, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(text for _, text in self.texts))


def read(client: Client, address: str, language: str = "en", status: int = 200) -> Page:
    """The page at an address, read in a language."""
    client.cookies["django_language"] = language
    response = client.get(address)
    assert response.status_code == status, address
    return Page(body(response))


def body(response: HttpResponseBase) -> str:
    """A response's text."""
    content = getattr(response, "content", b"")
    return bytes(content).decode()
