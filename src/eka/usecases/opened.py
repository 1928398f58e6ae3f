"""What a file of settings opens, by name: read anew when it changes, and replaced by a process."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

K = TypeVar("K", bound=str)
V = TypeVar("V")


class Opened(Generic[K, V]):
    """The parts that the file named by an environment variable opens."""

    def __init__(self, variable: str, opening: Callable[[Path], dict[K, V]]) -> None:
        self._variable, self._opening = variable, opening
        self._opened: dict[tuple[str, int], dict[K, V]] = {}
        self._given: dict[K, V] = {}

    def all(self) -> Mapping[K, V]:
        """Every part by name; none where there is no file."""
        if self._given:
            return self._given
        path = os.environ.get(self._variable)
        if not path or not Path(path).is_file():
            return {}
        key = (path, Path(path).stat().st_mtime_ns)
        if key not in self._opened:
            self._opened.clear()
            self._opened[key] = self._opening(Path(path))
        return self._opened[key]

    def use(self, chosen: Mapping[K, V]) -> None:
        """Takes these instead of the file's; none: the file's again."""
        self._given.clear()
        self._given.update(chosen)
