"""What becomes of the rest if so much of a plan is used: sentences and the tide chart."""

from datetime import datetime

from msgspec import Struct

from eka.portal.slider import Slider
from eka.portal.speech import words
from eka.portal.tide import Tide, tide_of
from eka.rules.advice import what_if
from eka.rules.plans import Plan
from eka.rules.tide import timeline_of_what_if

VISITOR_ZONE = "UTC"


class Scene(Struct, frozen=True):
    """One position of the slider, answered."""

    sentences: list[str]
    tide: Tide


def scene_of(plan: Plan, slider: Slider | None, now: datetime) -> Scene:
    """The answer for a fresh line that starts at `now`."""
    used = slider.used if slider else 0
    answer = what_if(plan, used, VISITOR_ZONE, now)
    return Scene(words().what_if(answer), tide_of(timeline_of_what_if(answer)))
