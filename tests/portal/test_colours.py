"""The colours of the kinds, measured: contrast to the paper, distance to each other."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from eka.portal import apps
from eka.rules.plans import KINDS

TOKENS = Path(apps.__file__).parent / "static" / "portal" / "tokens.css"
Colour = tuple[float, float, float]

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
EYES: dict[str, list[Colour]] = {
    "all cones": [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
    "protanopia": [
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ],
    "deuteranopia": [
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ],
    "tritanopia": [
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ],
}
APART_MIN = 20  # CIE76


def _tokens(dark: bool) -> dict[str, str]:
    light, at_night = TOKENS.read_text(encoding="utf-8").split(
        "@media (prefers-color-scheme: dark)"
    )
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", at_night if dark else light))


def _linear(colour: str) -> Colour:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


def _contrast(one: str, other: str) -> float:
    lights = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue
        for red, green, blue in (_linear(one), _linear(other))
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _lab(linear: Colour) -> Colour:
    red, green, blue = (min(1.0, max(0.0, part)) for part in linear)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _seen(colour: str, eyes: list[Colour]) -> Colour:
    linear = _linear(colour)
    red, green, blue = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in eyes)
    return _lab((red, green, blue))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("eyes", EYES)
def test_kinds_stay_apart(eyes: str, dark: bool) -> None:
    tokens = _tokens(dark)
    for layer in ("kind", "fill"):
        seen = [_seen(tokens[f"{layer}-{kind}"], EYES[eyes]) for kind in KINDS]
        for one, other in combinations(seen, 2):
            apart = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
            assert apart >= APART_MIN, (layer, one, other)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_stand_out_from_the_paper(dark: bool) -> None:
    tokens = _tokens(dark)
    for name in ("ink", "ink-soft", "jade", "warn", "lost"):
        assert _contrast(tokens[name], tokens["paper"]) >= 4.5, name
    for kind in KINDS:
        assert _contrast(tokens[f"kind-{kind}"], tokens["paper"]) >= 3, kind
        assert _contrast(tokens[f"fill-{kind}"], tokens["ink"]) >= 4.5, kind
    assert _contrast(tokens["line-strong"], tokens["paper"]) >= 3
    assert _contrast(tokens["jade"], tokens["on-jade"]) >= 4.5
