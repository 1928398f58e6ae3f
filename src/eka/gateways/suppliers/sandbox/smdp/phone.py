"""What happens to a profile on a phone, step by step, as the SM-DP+ tells it (SGP.22, 5.3.5)."""

from typing import Literal

from msgspec import Struct

from eka.gateways.suppliers.sandbox.counter import Act
from eka.wire.es2plus import codes, points
from eka.wire.es2plus.codes import Code

EID = "89049032123451234512345678901235"  # the test eUICC of SGP.26

State = Literal["Released", "Downloaded", "Installed", "Enabled", "Disabled", "Deleted", "Error"]


class Step(Struct, frozen=True):
    """A notification point that is reached, how it ended, and the state that it leaves."""

    point: int
    state: State
    failed: Code | None = None


ELIGIBLE = Step(points.ELIGIBILITY, "Released")
DOWNLOADED = Step(points.DOWNLOAD, "Downloaded")
INSTALLED = Step(points.INSTALLATION, "Installed")
ENABLED = Step(points.ENABLING, "Enabled")
DISABLED = Step(points.DISABLING, "Disabled")
DELETED = Step(points.DELETION, "Deleted")
FAILED = Step(points.INSTALLATION, "Error", codes.DOWNLOAD_FAILED)

DOWNLOADING = (ELIGIBLE, DOWNLOADED)
INSTALLING = (*DOWNLOADING, INSTALLED)

# From which state an act leads through which steps; one that is not here does nothing.
STEPS: dict[tuple[str, Act], tuple[Step, ...]] = {
    ("Released", "download"): DOWNLOADING,
    ("Error", "download"): DOWNLOADING,
    ("Released", "install"): INSTALLING,
    ("Error", "install"): INSTALLING,
    ("Downloaded", "install"): (INSTALLED,),
    ("Released", "enable"): (*INSTALLING, ENABLED),
    ("Downloaded", "enable"): (INSTALLED, ENABLED),
    ("Installed", "enable"): (ENABLED,),
    ("Disabled", "enable"): (ENABLED,),
    ("Enabled", "disable"): (DISABLED,),
    # A phone switches a profile off before it deletes it (5.7.18).
    ("Enabled", "delete"): (DISABLED, DELETED),
    ("Installed", "delete"): (DELETED,),
    ("Disabled", "delete"): (DELETED,),
    ("Released", "fail"): (*DOWNLOADING, FAILED),
    ("Downloaded", "fail"): (FAILED,),
}
