"""Mean cost and joint rates of stages in a row, from the share of inputs that reach each stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError


def reached(exits: Sequence[float]) -> tuple[float, ...]:
    """Share of inputs that reach each stage, from the share that ends at each. [1]"""
    if abs(sum(exits) - 1.0) > 5e-3 or any(not 0.0 <= share <= 1.0 for share in exits):
        raise DataError(f"shares that end at each stage must add up to 1, got {', '.join(f'{x:g}' for x in exits)}")
    found, left = [], 1.0
    for share in exits:
        found.append(max(0.0, left))
        left -= share
    return tuple(found)


def mean_cost(costs: Sequence[float], reach: Sequence[float]) -> float:
    """Mean cost of an input: every stage's own cost times the share that reaches it. [unit of the costs]

    t = c1 + sum of c_k P(reach k): Teerapittayanon, McDanel, Kung, "BranchyNet", ICPR 2016.
    """
    if len(costs) != len(reach):
        raise DataError(f"{len(costs)} costs for {len(reach)} stages")
    return float(sum(cost * share for cost, share in zip(costs, reach, strict=True)))


def own_costs(reach: npt.NDArray[np.float64], total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Own cost of each stage that explains measured means best (least relative squares). (stages,)

    `reach` has one row per measurement, `total` its mean cost.
    """
    weighted = reach / total[:, None]
    return np.asarray(np.linalg.lstsq(weighted, np.ones(len(total)), rcond=None)[0], np.float64)


def independent_rates(rates: Sequence[float]) -> tuple[float, ...]:
    """Share that passes up to each stage where stages err independently of each other. [1]

    Viola and Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001. Real stages do
    not: compare with paired scores before believing it.
    """
    return tuple(np.cumprod(np.asarray(rates, float)).tolist())
