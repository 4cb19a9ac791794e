"""The child process of `designs_pool`: one JSON line in, one design played, one JSON line out."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Answer until the parent closes the pipe or dies; whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    questions = sys.stdin
    first = json.loads(questions.readline())

    from pathlib import Path

    from powerplan.files.scenario import load_scenario
    from powerplan.study.designs import Settings, evaluate, refusal

    settings = Settings(**first["settings"])
    base = load_scenario(Path(first["scenario"]))
    for line in questions:
        values: Any = tuple((tuple(path), value) for path, value in json.loads(line))
        try:
            result = evaluate(base, values, settings)
        except MemoryError:
            result = refusal("out of memory", "crashed")
        answers.write(json.dumps(result, ensure_ascii=False, allow_nan=False) + "\n")
        answers.flush()
