"""Requests as Stripe takes them: forms whose names have brackets."""

import re
from typing import Any
from urllib.parse import parse_qsl

from eka.gateways.payments.sandbox.stripe.refusals import Refused, required
from eka.gateways.sandbox.records import Document

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> Document:
    """`a[b]=1&c[0][d]=2&e[]=3` is {"a": {"b": "1"}, "c": [{"d": "2"}], "e": ["3"]}."""
    tree: Document = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise Refused(f"Invalid parameter name: {name}", "parameter_invalid", name)
        _put(tree, [match[1], *_KEY.findall(match[2])], value)
    plain = _lists(tree)
    assert isinstance(plain, dict)
    return plain


def _put(tree: Document, keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        following = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(following, dict):
            raise Refused("Invalid hash", "parameter_invalid", key)
        tree = following
    tree[keys[-1] or str(len(tree))] = value


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    plain = {key: _lists(value) for key, value in tree.items()}
    if plain and all(key.isdecimal() for key in plain):
        return [plain[key] for key in sorted(plain, key=int)]
    return plain


class Form:
    """The parameters of one request, which must all be known."""

    def __init__(self, values: Document, known: tuple[str, ...]) -> None:
        for name in values:
            if name not in (*known, "expand"):
                raise Refused(f"Received unknown parameter: {name}", "parameter_unknown", name)
        self.values = values

    def text(self, *path: str) -> str:
        """A text that may be left out."""
        found: Any = self.values
        for key in path:
            found = found.get(key, "") if isinstance(found, dict) else ""
        if not isinstance(found, str):
            raise Refused("Invalid string", "parameter_invalid", _written(path))
        return found

    def must(self, *path: str) -> str:
        """A text that must be there."""
        found = self.text(*path)
        if not found:
            raise required(_written(path))
        return found

    def number(self, *path: str) -> int:
        """A whole number that must be there."""
        return whole(self.must(*path), _written(path))

    def metadata(self, *path: str) -> dict[str, str]:
        """The metadata below `path`."""
        found: Any = self.values
        for key in (*path, "metadata"):
            found = found.get(key) or {} if isinstance(found, dict) else {}
        for key, value in found.items():
            if len(key) > 40 or len(str(value)) > 500:
                raise Refused("Metadata is too long", "parameter_invalid", f"metadata[{key}]")
        return {str(key): str(value) for key, value in found.items()}


def whole(text: str, param: str) -> int:
    """The whole number of a text."""
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise Refused(f"Invalid integer: {text}", "parameter_invalid", param)
    return int(text)


def _written(path: tuple[str, ...]) -> str:
    return path[0] + "".join(f"[{key}]" for key in path[1:])
