"""`python -m cascade.train NAME --out DIR`: one shipped cascade from its data to its card."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

UNAVAILABLE = 69
"""Exit code when a package that a training needs is not installed (EX_UNAVAILABLE of sysexits.h)."""
RECIPES = ("fashion_images", "keyword_audio", "motion_watch")


def train(
    name: str,
    out: Path,
    data: Path | None = None,
    *,
    seed: int = 1,
    quick: bool = False,
    keep_models: bool = False,
    silent: bool = False,
) -> dict[str, Any]:
    """Makes the cascade in `out` and gives its manifest; `quick` is a smoke test on a little of the data."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    from cascade.train.pack import make

    recipe = importlib.import_module(f"cascade.train.{name}").RECIPE

    def report(text: str) -> None:
        if not silent:
            sys.stderr.write(text + "\n")

    return make(recipe, out, data, seed, quick, keep_models, report)


def main(arguments: list[str] | None = None) -> int:
    """Command line of the trainings; the exit code."""
    from cascade.errors import CascadeError

    parser = argparse.ArgumentParser(prog="python -m cascade.train", description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--out", type=Path, required=True, help="folder that gets models, tables, card")
    parser.add_argument("--data", type=Path, default=None, help="folder with the data, if not where it installs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="smoke test: little data, one epoch")
    parser.add_argument("--keep-models", action="store_true", help="score and describe the models in DIR, do not train")
    options = parser.parse_args(arguments)
    try:
        train(
            options.name,
            options.out,
            options.data,
            seed=options.seed,
            quick=options.quick,
            keep_models=options.keep_models,
        )
    except CascadeError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except ModuleNotFoundError as error:
        sys.stderr.write(f"error: {error}; install the extra: pip install 'powerplan[train]'\n")
        return UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
