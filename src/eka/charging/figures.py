"""What the engine counts of itself: plain whole numbers, read by metrics when somebody asks."""

from bisect import bisect_left
from collections import Counter

# Upper bounds of the histogram's buckets, in seconds.
WAITED = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Figures:
    """Counts since the process began."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()  # by kind
        self.answers: Counter[str] = Counter()  # by result
        self.waited = [0] * (len(WAITED) + 1)  # answers by the time they took
        self.waited_seconds = 0.0
        self.batches: Counter[int] = Counter()  # by size, rounded up to a power of two
        self.batched = 0
        self.conflicts = 0  # pages that another writer was faster with
        self.notices: Counter[str] = Counter()  # gateways told, by what they were told
        self.silenced = 0  # lines with sessions that were ended because their gateway died

    def note_batch(self, size: int) -> None:
        """Counts a batch."""
        self.batches[1 << (size - 1).bit_length()] += 1
        self.batched += size

    def note_answer(self, kind: str, result: str, seconds: float) -> None:
        """Counts an answer and how long it took."""
        self.requests[kind] += 1
        self.answers[result] += 1
        self.waited[bisect_left(WAITED, seconds)] += 1
        self.waited_seconds += seconds
