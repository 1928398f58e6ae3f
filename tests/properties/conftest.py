"""A plan and an instant that stories in this folder share."""

from datetime import UTC, datetime

import pytest

from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan


@pytest.fixture
def four() -> Plan:
    """A thousand bytes a month, carried for one more."""
    return plan_from_text({"name": "four", "data": "1KB", "period": "1mo", "rollover": {}})


@pytest.fixture
def noon() -> datetime:
    """Noon on New Year's Day."""
    return datetime(2026, 1, 1, 12, tzinfo=UTC)
