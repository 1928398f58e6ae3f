"""Where the translations are: one gettext catalogue for sentences about plans and lines.

The sentences in the source are the English ones. A `.po` that is newer than its compiled `.mo`, or
has none, is read itself, so that a fresh clone speaks every language before anything is compiled.
"""

import gettext
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DOMAIN = "words"
FOLDER = Path(__file__).parent.parent / "locale"
LOCALES = {"en": "en", "zh-hans": "zh_Hans"}


def N_(text: str) -> str:
    """Marks a sentence for translation where it stands in a table."""
    return text


@lru_cache(maxsize=len(LOCALES))
def translations(locale: str) -> gettext.NullTranslations:
    """The catalogue of a locale; English has none and stands as it is in the source."""
    folder = FOLDER / locale / "LC_MESSAGES"
    compiled, source = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
    if source.exists() and _is_newer(source, compiled):
        return gettext.GNUTranslations(_compile(source))
    return gettext.translation(DOMAIN, FOLDER, [locale], fallback=True)


def _is_newer(source: Path, compiled: Path) -> bool:
    return not compiled.exists() or source.stat().st_mtime > compiled.stat().st_mtime


def _compile(source: Path) -> BytesIO:
    with source.open("rb") as file:
        catalogue = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return compiled
