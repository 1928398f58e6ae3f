"""A PDF as a reader's eye and a printer see it."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def seen(text: str) -> str:
    """A text without its spaces: where a line was broken is the setter's business."""
    return re.sub(r"[\s\u200b\u00a0\u202f]+", "", text)


def says(pdf: bytes, *texts: str) -> bool:
    """Whether the paper shows all of these."""
    shown = seen("".join(pages(pdf)))
    missing = [text for text in texts if seen(text) not in shown]
    assert not missing, f"{missing} not in {shown}"
    return True


def fonts(pdf: bytes) -> Iterator[tuple[str, bool]]:
    """Each font that the pages use, and whether the file holds it."""
    for page in PdfReader(BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            for part in font.get_object()["/DescendantFonts"]:
                described = part.get_object()["/FontDescriptor"]
                held = any(f"/FontFile{kind}" in described for kind in ("", "2", "3"))
                yield described["/FontName"], held
