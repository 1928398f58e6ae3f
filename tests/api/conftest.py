"""The shop of the stories about buying, to be spoken to by gateways over HTTP."""

from tests.usecases.buying.conftest import (
    _adapters,
    _clock,
    _market,
    clock,
    market,
    shop,
)

__all__ = ["_adapters", "_clock", "_market", "clock", "market", "shop"]
