"""What becomes of the rest if so much of a plan is used: sentences and the tide chart."""

from datetime import datetime

from msgspec import Struct

from eka.portal.slider import Slider
from eka.portal.speech import words
from eka.rules.advice import what_if
from eka.rules.plans import Plan

VISITOR_ZONE = "UTC"


class Scene(Struct, frozen=True):
    """One position of the slider, answered."""

    used: str
    sentences: list[str]
    tide: object = None


def scene_of(plan: Plan, slider: Slider | None, now: datetime) -> Scene:
    """The answer for a fresh line that starts at `now`."""
    used = slider.used if slider else 0
    answer = what_if(plan, used, VISITOR_ZONE, now)
    return Scene(words().data(used, plan), words().what_if(answer))
