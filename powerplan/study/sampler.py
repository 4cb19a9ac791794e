"""Designs that optuna asks for: several objectives, requirements as constraints, the same designs for the same seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from powerplan.study.choice import Objective
from powerplan.study.space import Dimension, Space, Values

if TYPE_CHECKING:
    from powerplan.study.optimize import Played

BATCH_COUNT = 4
"""Designs asked for at once, whatever the number of processes, so that it changes nothing."""
REPEATS_LIMIT_COUNT = 25
"""Batches without a new design after which everything worth asking for was asked for."""
STARTUP_FRACTION = 0.25
WORST = 1e30
CONSTRAINT = "distance"


def asked_for(space: Space, objectives: Sequence[Objective], budget: int, seed: int,
              play: Callable[[Sequence[Values]], list[Played]]) -> None:
    """Ask, play and tell until so many different designs were played. Tree-structured Parzen estimator.

    Bergstra, Bardenet, Bengio, Kégl: Algorithms for hyper-parameter optimization, 2011; optuna's implementation with
    several objectives and constraints.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = optuna.samplers.TPESampler(
            seed=seed, multivariate=True, constant_liar=True, n_startup_trials=max(4, round(budget * STARTUP_FRACTION)),
            constraints_func=lambda trial: (float(trial.user_attrs[CONSTRAINT]),))
        study = optuna.create_study(directions=[{"max": "maximize", "min": "minimize"}[one.direction]
                                                for one in objectives], sampler=sampler)
        seen: set[str] = set()
        idle = 0
        while len(seen) < budget and idle < REPEATS_LIMIT_COUNT and not _all_seen(space, seen):
            trials = [study.ask() for _ in range(min(BATCH_COUNT, budget - len(seen)))]
            designs = [_design(trial, space) for trial in trials]
            new = {repr(values) for values in designs} - seen
            idle = 0 if new else idle + 1
            seen |= new
            for trial, one in zip(trials, play(designs), strict=True):
                _tell(study, trial, one, objectives)


def _all_seen(space: Space, seen: set[str]) -> bool:
    return space.is_finite and len(seen) >= space.size


def _design(trial: Any, space: Space) -> Values:
    return space.values([_suggested(trial, dimension) for dimension in space.dimensions])


def _suggested(trial: Any, dimension: Dimension) -> Any:
    if dimension.turned is None:
        return dimension.choices[trial.suggest_categorical(dimension.path, list(range(len(dimension.choices))))]
    value = trial.suggest_float(dimension.path, dimension.low, dimension.high, log=dimension.by_factors)
    return dimension.turned.written(value)


def _tell(study: Any, trial: Any, one: Played, objectives: Sequence[Objective]) -> None:
    """Results of a design; one that was refused is the worst there is."""
    distance = one.result["distance"]
    trial.set_user_attr(CONSTRAINT, WORST if distance is None else distance)
    values = []
    for objective in objectives:
        value = one.value(objective.name)
        values.append(value if value is not None else -WORST if objective.direction == "max" else WORST)
    study.tell(trial, values)
