"""SVG as text: elements, paths, and how wide a text will be."""

import unicodedata
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

Place = tuple[float, float]

# Advance widths in ems of common system fonts, rounded up; an em for what is wide by itself.
NARROW = frozenset("iljtfI.,:;|'’!()[] ")
WIDE = frozenset("mwMW%@—→")


def number(value: float) -> str:
    """A coordinate with at most one decimal: more would not be seen."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """An element; `class_` and names with underscores become what SVG calls them."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_value(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def text(content: str, x: float, y: float, /, **attributes: object) -> str:
    """A line of text at its baseline."""
    return element("text", escape(content), x=x, y=y, **attributes)


def titled(name: str, title: str, /, **attributes: object) -> str:
    """An element that tells what it is where one points at it."""
    return element(name, element("title", escape(title)), **attributes)


def outline(places: Iterable[Place]) -> str:
    """A path's data through places."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)


def area(upper: Iterable[Place], lower: Iterable[Place]) -> str:
    """A path's data around what lies between two edges, both from left to right."""
    return outline([*upper, *reversed(list(lower))]) + "Z"


def width_of(content: str, size: float) -> float:
    """How wide a text is at a font size, estimated on the safe side."""
    return size * sum(_advance(char) for char in content)


def _advance(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in NARROW:
        return 0.32
    if char in WIDE:
        return 0.92
    if char == "\u202f":
        return 0.25
    return 0.68 if char.isupper() else 0.58
