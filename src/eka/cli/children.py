"""Child processes that do not outlive their parent, even one that is killed with -9."""

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "EKA_PARENT_PID"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent dies. Linux only; elsewhere nothing.

    It is the parent's thread that counts, so the parent must start us from its main thread.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def follow_parent() -> None:
    """For a child of `eka dev`: end when it ends, also when it ended before we could ask."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return
    die_with_parent()
    if os.getppid() != int(parent):
        raise SystemExit(128 + signal.SIGTERM)
