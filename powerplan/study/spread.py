"""What differs from one replica of a product to the next: P5, P50 and P95 of every metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from powerplan.plan.plan import FloatArray
from powerplan.results.metric import Metric
from powerplan.study.draws import middle_and_ends

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class Spread:
    """Every metric of every replica."""

    samples: dict[str, FloatArray]
    """Metric -> its value in each replica, NaN where one has none; of the battery life, samples over replicas and
    figures."""
    units: dict[str, str]

    @classmethod
    def of(cls, metrics: Sequence[Mapping[str, Metric]], life_s: FloatArray) -> Spread:
        """From the metrics of replicas, and sampled lives where there are any."""
        units = {name: metric.unit for row in metrics for name, metric in row.items()}
        samples = {name: np.array([row[name].value if name in row else np.nan for row in metrics]) for name in units}
        if len(life_s):
            samples["battery_life"] = life_s / SECONDS_PER_DAY
        return cls(samples, units)

    def interval(self, name: str) -> tuple[float, float, float] | None:
        """P5, P50 and P95 of a metric."""
        return middle_and_ends(self.samples.get(name, np.empty(0)))

    def widened(self, name: str, metric: Metric) -> Metric:
        """A metric whose interval is P5 to P95 over the replicas."""
        ends = self.interval(name)
        if ends is None:
            return metric
        return replace(metric, low=min(ends[0], metric.value), high=max(ends[2], metric.value),
                       method=f"{metric.method}; P5 to P95 of {len(self.samples[name])} replicas")
