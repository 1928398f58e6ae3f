"""The real charging process on Olga's shop, for all stories in which it lives on."""

from collections.abc import Iterator

import pytest
from tests.charging.conftest import Charging, Shop


@pytest.fixture(scope="session")
def charging(shop: Shop) -> Iterator[Charging]:
    """Both doors are open; it ends in order when the stories are over."""
    with Charging(shop.url) as process:
        yield process
        process.terminate()
        assert process.wait() == 0, process.log
        assert "Traceback" not in process.log, process.log
