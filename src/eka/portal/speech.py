"""The words of the language that the reader chose."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from eka.ledger.offers import Offer
from eka.words import Words


def words() -> Words:
    """The words of this request's language."""
    return _words(get_language() or "en")


@lru_cache(maxsize=16)
def _words(language: str) -> Words:
    return Words(language)


def own(texts: Mapping[str, str], otherwise: str = "") -> str:
    """A text in the reader's language, else in English, else `otherwise`."""
    language = (get_language() or "en").casefold()
    for key, text in texts.items():
        if key.casefold() == language:
            return text
    return texts.get("en") or otherwise


def titles_of(offers: Iterable[Offer]) -> dict[str, str]:
    """What plans are called, by their names on the command line."""
    return {offer.plan.name: own(offer.title, offer.plan.name) for offer in offers}


def listed(parts: Iterable[str]) -> str:
    """Parts of an enumeration, with the language's comma."""
    return _(", ").join(parts)
