"""What notification points tell."""

from eka.rules.profiles import LEADS, ProfileEvent
from eka.wire.es2plus import points


def test_the_points_of_the_standard_follow_a_profile_s_life() -> None:
    told = [points.event_of(point, {}) for point in range(1, 8)]
    assert told[:4] == ["eligible", "confirmation_entered", "downloaded", "installed"]
    assert told[4:] == ["deleted", "enabled", "disabled"]
    assert set(told[2:]) <= set(LEADS)


def test_points_that_nobody_agreed_on_tell_nothing() -> None:
    assert points.event_of(0, {}) is None
    assert points.event_of(101, {}) is None


def test_points_of_its_own_as_the_operator_agreed() -> None:
    agreed: dict[str, ProfileEvent] = {"101": "enabled", "7": "deleted"}
    assert points.event_of(101, agreed) == "enabled"
    assert points.event_of(7, agreed) == "deleted"
    assert points.event_of(6, agreed) == "enabled"
