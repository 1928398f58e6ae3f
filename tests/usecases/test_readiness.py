"""Before threads work side by side, every type is known to msgspec."""

import msgspec
import pytest

from eka.usecases.readiness import make_types_ready


def defined_with(name: str) -> type[msgspec.Struct]:
    """A type that can be learned only while the module still has `name`."""
    return msgspec.defstruct("Fresh", [("bytes", name)], module=__name__)


def test_a_type_that_is_ready_is_not_learned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "Late", int)
    fresh = defined_with("Late")
    assert make_types_ready() > 100
    monkeypatch.delitem(globals(), "Late")
    assert msgspec.json.decode(b'{"bytes": 5}', type=fresh) == fresh(5)


def test_else_it_is_learned_when_it_is_first_read() -> None:
    with pytest.raises(NameError):
        msgspec.json.decode(b'{"bytes": 5}', type=defined_with("Unheard"))
