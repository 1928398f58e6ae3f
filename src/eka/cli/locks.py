"""Locks between processes that cannot outlive their holders."""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class Lock:
    """A flock on a file of its own.

    The kernel frees it when the last process that has the file open is gone, however it went, so
    there is nothing to clean up after a kill -9. A child that is given `fileno` holds it as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Take the lock and say whether it was to be had; with `wait`, wait for it.

        Errors: OSError if the file cannot be created.
        """
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self.release()
        self._file = file
        return True

    def is_free(self) -> bool:
        """Whether nobody holds the lock alone at this moment."""
        # A shared probe, so that two who look at once do not take each other for the holder.
        probe = Lock(self.path)
        free = probe.take(shared=True)
        probe.release()
        return free

    def fileno(self) -> int:
        """The open file, for a child that is to hold the lock too."""
        if self._file is None:
            raise ValueError(f"{self.path} is not held")
        return self._file

    def release(self) -> None:
        """Let go; harmless when not held."""
        # Closing, never LOCK_UN: that would take the lock from children who share the file.
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "Lock":
        self.take(wait=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
