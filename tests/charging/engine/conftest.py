"""The clock's hands, for stories in which time passes."""

from collections.abc import Iterator

import pytest
from tests.charging.engine.cast import Hands

from eka import clock


@pytest.fixture
def hands() -> Iterator[Hands]:
    """Moves the clock, and puts it right again."""
    yield Hands()
    clock.set_offset_source(None)
