"""The press: typst sets a template with a paper's contents and gives the bytes of a PDF.

What people wrote reaches typst as JSON in one input and is never part of its source, so that none
of it can become markup. The system's fonts are left out: every machine gives the same bytes.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import typst

TEMPLATES = Path(__file__).parent / "templates"
FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
BREAK = "\u200b"
REPLACEMENT = "\ufffd"
JOINERS = "\u200c\u200d"  # without them some scripts and emoji are spelled wrongly

Form = Literal["receipt", "statement"]

# Words that may not fit a column; most addresses of mail are shorter, and stay fit to be copied.
_LONG_WORD = re.compile(r"[!-~]{33,}")
_PIECE = re.compile(r"(.{12})(?=.)")
_HEAP = re.compile("([\u0300-\u036f\u20d0-\u20ff]{4})[\u0300-\u036f\u20d0-\u20ff]+")


def pdf(form: Form, contents: Mapping[str, Any], at: datetime) -> bytes:
    """The paper as PDF; `at` is the date that the file says of itself."""
    made = typst.compile(
        TEMPLATES / f"{form}.typ",
        root=TEMPLATES,
        font_paths=fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=inputs(contents),
        timestamp=at,
    )
    assert isinstance(made, bytes)
    return made


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """The fonts of papers: Noto for Han, Latin and most other scripts, none of this machine's."""
    folders = [str(files(package)) for package in FONT_PACKAGES]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def inputs(contents: Mapping[str, Any]) -> dict[str, str]:
    """The contents as typst receives them, every text in them cleaned."""
    return {"paper": msgspec.json.encode(_cleaned(contents)).decode()}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(part) for key, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list | tuple) else value


def printable(text: str) -> str:
    """A text fit for paper: on one line, without invisible controls, with places to break.

    Marks that turn the direction of writing go too: they would reorder what stands beside them.
    Of a heap of accents, which would grow over its neighbours, a few are kept.
    """
    kept = "".join(_visible(character) for character in " ".join(text.split()))
    flat = _HEAP.sub(lambda heap: heap[1], kept)
    return _LONG_WORD.sub(lambda word: _PIECE.sub(rf"\1{BREAK}", word[0]), flat)


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":
            return character if character in JOINERS else ""
        case "Cc" | "Cs" | "Co" | "Cn":
            return REPLACEMENT
        case _:
            return character
