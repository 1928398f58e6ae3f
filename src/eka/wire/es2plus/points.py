"""What a notification point tells of a profile (SGP.22, 5.3.5).

Version 2 defines 1 to 4 and keeps up to 99 for later; 5 to 7 are those of version 3, which servers
of version 2 send too. From 100 on each SM-DP+ has its own, if any: the operator agrees on them, as
`more` tells.
"""

from collections.abc import Mapping

from eka.rules.profiles import ProfileEvent

ELIGIBILITY, CONFIRMATION, DOWNLOAD, INSTALLATION, DELETION, ENABLING, DISABLING = range(1, 8)

# The point of the confirmation is called Confirmation Failure, and most often comes as a failure.
EVENTS: Mapping[int, ProfileEvent] = {
    ELIGIBILITY: "eligible",
    CONFIRMATION: "confirmation_entered",
    DOWNLOAD: "downloaded",
    INSTALLATION: "installed",
    DELETION: "deleted",
    ENABLING: "enabled",
    DISABLING: "disabled",
}


def event_of(point: int, more: Mapping[str, ProfileEvent]) -> ProfileEvent | None:
    """What happened; None where nobody knows. `more` is by the point's number in decimal."""
    return more.get(str(point)) or EVENTS.get(point)
