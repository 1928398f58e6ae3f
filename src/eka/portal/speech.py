"""The words of the language that the reader chose."""

from collections.abc import Mapping
from functools import lru_cache

from django.utils.translation import get_language

from eka.words import Words


def words() -> Words:
    """The words of this request's language."""
    return _words(get_language() or "en")


@lru_cache(maxsize=16)
def _words(language: str) -> Words:
    return Words(language)


def own_title(titles: Mapping[str, str], otherwise: str) -> str:
    """A title in the reader's language, else in English, else what there is."""
    language = (get_language() or "en").casefold()
    for key, title in titles.items():
        if key.casefold() == language:
            return title
    return titles.get("en") or otherwise
