"""The engine's figures in Prometheus' words, made when somebody asks."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from eka.charging.engine import Engine
from eka.charging.figures import WAITED


class Metrics(Collector):
    """Collects from an engine, and from the doors' own counters by door and name."""

    def __init__(
        self, engine: Engine, doors: Mapping[str, Mapping[str, Mapping[str, int]]]
    ) -> None:
        self._engine, self._doors = engine, doors
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    async def answer(self, path: str) -> tuple[int, bytes, str]:
        """The page that Prometheus reads."""
        return 200, generate_latest(self._registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """Everything the engine counts."""
        figures = self._engine.figures
        yield _counter("requests", "Requests answered, by kind", "kind", figures.requests)
        yield _counter("answers", "Answers, by result", "result", figures.answers)
        yield _counter("notices", "Gateways told, by what", "notice", figures.notices)
        yield _seconds(figures.waited, figures.waited_seconds)
        yield _sizes(figures.batches, figures.batched)
        conflicts = CounterMetricFamily(
            "eka_charging_conflicts", "Lines that another writer changed first"
        )
        conflicts.add_metric([], figures.conflicts)
        yield conflicts
        yield GaugeMetricFamily(
            "eka_charging_waiting", "Requests that wait for a lane", self._engine.waiting
        )
        yield GaugeMetricFamily("eka_charging_kept_lines", "Lines in memory", self._engine.kept)
        for door, counters in self._doors.items():
            for name, counts in counters.items():
                yield _counter(f"{door}_{name}", f"The {door} door's {name}", "what", counts)


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"eka_charging_{name}", text, labels=[label])
    for value, count in counts.items():
        family.add_metric([str(value)], count)
    return family


def _seconds(counts: list[int], total: float) -> Metric:
    bounds = [*map(str, WAITED), "+Inf"]
    running, buckets = 0, []
    for bound, count in zip(bounds, counts, strict=True):
        running += count
        buckets.append((bound, running))
    family = HistogramMetricFamily(
        "eka_charging_answer_seconds", "From a request's arrival to its durable answer"
    )
    family.add_metric([], buckets, total)
    return family


def _sizes(batches: Mapping[int, int], total: int) -> Metric:
    running, buckets = 0, []
    for size in sorted(batches):
        running += batches[size]
        buckets.append((str(float(size)), running))
    family = HistogramMetricFamily("eka_charging_batch_size", "Requests in one transaction")
    family.add_metric([], [*buckets, ("+Inf", running)], total)
    return family
