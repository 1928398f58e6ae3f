"""Lists, their pages, and objects within objects (`expand`)."""

import re
from typing import Any

from eka.gateways.payments.sandbox.stripe.books import Books
from eka.gateways.payments.sandbox.stripe.forms import whole
from eka.gateways.payments.sandbox.stripe.refusals import Refused, missing
from eka.gateways.sandbox.records import Document

LIMIT, LIMIT_MAX = 10, 100
DEPTH_MAX = 4
SEARCHABLE_AFTER_S = 60
_QUERY = re.compile(r"metadata\['(\w+)'\]:'(\w+)'")
_BOUNDS = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def page(found: list[Document], asked: Document, url: str, filters: tuple[str, ...]) -> Document:
    """One page of a list, newest first."""
    kept = [one for one in found if _wanted(one, asked, filters)]
    limit = whole(str(asked.get("limit", LIMIT)), "limit")
    if not 1 <= limit <= LIMIT_MAX:
        raise Refused("Invalid limit: it must be between 1 and 100", "parameter_invalid", "limit")
    start = 0
    if after := asked.get("starting_after"):
        places = [place for place, one in enumerate(kept) if one["id"] == after]
        if not places:
            raise missing("object", str(after), "starting_after")
        start = places[0] + 1
    return {
        "object": "list",
        "data": kept[start : start + limit],
        "has_more": len(kept) > start + limit,
        "url": url,
    }


def searched(found: list[Document], query: str, url: str, now: int) -> Document:
    """The objects with this in their metadata; as at Stripe, a new one is not found at once."""
    match = _QUERY.fullmatch(query)
    if match is None:
        raise Refused("This sandbox searches only metadata['name']:'value'", "", "query")
    known = [one for one in found if int(one["created"]) + SEARCHABLE_AFTER_S <= now]
    data = [one for one in known if one["metadata"].get(match[1]) == match[2]]
    return {
        "object": "search_result",
        "data": data[:LIMIT],
        "has_more": False,
        "next_page": None,
        "url": url,
    }


def expanded(books: Books, answer: Document, paths: list[str]) -> Document:
    """The answer with the objects in place of the ids that `expand` names."""
    for path in paths:
        keys = path.split(".")
        if len(keys) > DEPTH_MAX:
            raise Refused("You cannot expand more than 4 levels of a property", "", "expand")
        answer = _expand(books, answer, keys)
    return answer


def _expand(books: Books, inside: Any, keys: list[str]) -> Any:
    if isinstance(inside, list):
        return [_expand(books, one, keys) for one in inside]
    if not keys or inside is None:
        return inside
    key, rest = keys[0], keys[1:]
    if key not in inside:
        raise Refused(f"This property cannot be expanded ({key}).", "", "expand")
    value = inside[key]
    if isinstance(value, str) and (found := books.find(value)):
        value = found
    return {**inside, key: _expand(books, value, rest)}


def _wanted(one: Document, asked: Document, filters: tuple[str, ...]) -> bool:
    created = asked.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    in_time = all(
        _BOUNDS[name](int(one["created"]), whole(str(bound), "created"))
        for name, bound in bounds.items()
    )
    return in_time and all(one.get(name) == asked[name] for name in filters if asked.get(name))
