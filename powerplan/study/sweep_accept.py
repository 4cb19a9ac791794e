"""The score from which level 1 decides alone, tried at several places beside the pairs of thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded
from powerplan.study.sweep import ScenarioSweep, cascade_name, sweep_scenario
from powerplan.study.sweep_edges import own_pair

TRIED_COUNT = 4
Progress = Callable[[str, float], None]


def with_accept(loaded: Loaded, cascade: str, accept: float | None) -> Loaded:
    """The scenario with another score from which level 1 decides alone. Raises PowerplanError."""
    spec = loaded.scenario.cascade[cascade]
    if accept is not None and (spec.level2 is None or spec.level1.escalate != "above"):
        raise PowerplanError(f"--accept: level 1 of {cascade} decides alone only where it escalates above a threshold "
                             "to a level 2")
    if accept is not None and not own_pair(spec)[0] < accept <= 1.0:
        raise PowerplanError(f"--accept {accept:g}: lies above the threshold of level 1, {own_pair(spec)[0]:g}, and at "
                             "most at 1")
    level = spec.level1.model_copy(update={"accept": accept})
    cascades = loaded.scenario.cascade | {cascade: spec.model_copy(update={"level1": level})}
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"cascade": cascades}))


def candidates(loaded: Loaded, cascade: str) -> tuple[float, ...]:
    """Scores of the table above the scenario's own threshold, spread over the upper half of them."""
    table = loaded.inputs[cascade].table
    own = own_pair(loaded.scenario.cascade[cascade])[0]
    scores = np.unique(table.score[:, 0][table.score[:, 0] > own]) if table is not None else np.empty(0)
    upper = scores[len(scores) // 2 :]
    if not len(upper):
        return ()
    return tuple(upper[np.unique(np.linspace(0, len(upper) - 1, TRIED_COUNT).astype(int))].tolist())


def sweep_accepting(loaded: Loaded, cascade: str | None, accept: str, *, thresholds: int, seed: int | None = None,
                    days: float | None = None, progress: Progress | None = None) -> tuple[Loaded, ScenarioSweep]:
    """(the scenario with the best edge, its sweep); `accept` is a score, `never`, or `sweep` to try several."""
    name = cascade_name(loaded, cascade)
    edges: tuple[float | None, ...]
    if accept == "sweep":
        edges = (None, *candidates(loaded, name))
    else:
        edges = (None if accept == "never" else _number(accept),)
    tried = []
    for edge in edges:
        there = with_accept(loaded, name, edge)
        tried.append((edge, there, sweep_scenario(there, name, thresholds=thresholds, seed=seed, days=days,
                                                  progress=progress)))
    best = max(tried, key=lambda one: (one[2].feasible, -one[2].chosen.distance if not one[2].feasible else 0.0,
                                       round(one[2].chosen.battery_life_days, 6), one[2].chosen.recall or 0.0))
    said = tuple(_said(edge, found, found is best[2]) for edge, _, found in tried) if len(tried) > 1 else ()
    return best[1], replace(best[2], notes=(*best[2].notes, *said))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PowerplanError(f"--accept is a score from 0 to 1, `never`, or `sweep`, got {text!r}") from None


def _said(edge: float | None, found: ScenarioSweep, chosen: bool) -> str:
    where = "level 2 always asked" if edge is None else f"accepted from {edge:.4g} on"
    recall = "" if found.chosen.recall is None else f", recall {found.chosen.recall:.3g}"
    meets = "meets the requirements" if found.feasible else "meets them not"
    return (f"{where}: {found.chosen.battery_life_days:.0f} d{recall}, {found.chosen.false_alarms_per_day:.3g} false "
            f"alarms a day, {meets}{', taken' if chosen else ''}")
