"""Checks of uploaded files: a model by its bytes and then in a supervised child process, a score table row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from powerplan.errors import ModelError, PowerplanError
from powerplan.study.models import of_cascade


class ScoresProblem(PowerplanError):
    """A score table that cannot be used."""


def check_model(file: Path) -> dict[str, Any]:
    """Facts of a model that also runs. Raises ModelError: rejected, crashed, out of time, out of memory."""
    from cascade.interpreter import Interpreter

    try:
        with of_cascade(), Interpreter(file) as model:
            facts = model.facts
            shape = (1, *facts.input.shape[1:]) if facts.input.shape else (1,)
            model.run(np.zeros(shape, model.facts.input.dtype))
    except ModelError as error:
        # Where the service keeps its files is nobody's business.
        raise ModelError(str(error).replace(str(file), "the model")) from None
    return {
        "operators": facts.operator_counts, "macs": facts.macs, "weight_bytes": facts.weight_bytes,
        "arena_lower_bound_bytes": facts.arena_lower_bound_bytes, "quantization": facts.quantization,
        "input_shape": list(facts.input.shape), "output_shape": list(facts.output.shape), "notes": list(facts.notes),
    }


def check_scores(file: Path) -> dict[str, Any]:
    """What a score table holds. Raises ScoresProblem."""
    from cascade.errors import CascadeError
    from cascade.scores import read_scores

    try:
        table = read_scores(file)
    except CascadeError as error:
        raise ScoresProblem(str(error).replace(str(file), "scores.csv")) from None
    labels, counts = np.unique([str(label) for label in table.label], return_counts=True)
    return {"rows": len(table.label), "levels": table.level_count,
            "labels": dict(zip(labels.tolist(), counts.tolist(), strict=True)), "metadata": dict(table.metadata)}
