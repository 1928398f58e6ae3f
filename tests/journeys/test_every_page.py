"""Every page in a real browser: nothing overflows, is refused, or comes from elsewhere."""

import pytest
from tests.journeys.chromium import sign_in_as
from tests.journeys.conftest import Open
from tests.journeys.shots import OWN, PUBLIC

WINDOWS = [
    (360, "en", "light"),
    (360, "zh-hans", "light"),
    (390, "en", "dark"),
    (390, "zh-hans", "light"),
    (1280, "en", "light"),
    (1280, "zh-hans", "dark"),
]


@pytest.mark.parametrize(("width", "language", "scheme"), WINDOWS)
def test_every_page_fits(visit: Open, width: int, language: str, scheme: str) -> None:
    page = visit("/", language, width, color_scheme=scheme)
    shop = page.url.rstrip("/")
    wide = []
    for path in PUBLIC.values():
        page.goto(shop + path)
        wide += [path] if _overflows(page.evaluate(WIDTHS)) else []
    for member in ("alice", "bowen", "hana", "kofi", "nadia"):
        line = sign_in_as(page, member)
        for path in OWN.values():
            page.goto(line + path if not path.startswith("/") else shop + path)
            wide += [f"{member} {path}"] if _overflows(page.evaluate(WIDTHS)) else []
    assert wide == []


WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def _overflows(widths: list[int]) -> bool:
    return widths[0] > widths[1]


def test_a_small_target_is_still_big_enough(visit: Open) -> None:
    """WCAG 2.2, 2.5.8: at least 24 by 24 pixels, links inside sentences aside."""
    page = visit("/")
    sign_in_as(page, "alice")
    for control in page.locator("button:visible, select:visible, summary:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 24, control.inner_text()
        assert box["width"] >= 24, control.inner_text()
