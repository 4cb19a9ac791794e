"""What is installed, what is missing, and what the limits are."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec
from typing import Any

from powerplan.study.session import versions

OPTIONAL = {"tensorflow": "train: train and quantize models", "tflite_micro": "arena: measured arena of a model",
            "ethosu": "vela: time on an Ethos-U", "numba": "fast engine", "pvlib": "sun: harvest from a location",
            "SALib": "global sensitivity", "optuna": "search for designs",
            "fastapi": "serve: REST and page", "pandas": "tables as data frames"}


def examine(warm_up: bool = False) -> dict[str, Any]:
    """Versions, optional parts and places; `warm_up` compiles the engines first."""
    from powerplan.files.library import data_root, list_profiles
    from powerplan.files.references import shipped_cascades
    from powerplan.study.templates import names

    found: dict[str, Any] = {**versions(), "platform": platform.platform(), "processors": os.cpu_count(),
                             "data": str(data_root()), "profiles": len(list_profiles()), "scenarios": len(names()),
                             "cascades": ", ".join(shipped_cascades()) or "none"}
    for module, purpose in OPTIONAL.items():
        found[f"optional {module}"] = f"found ({purpose})" if find_spec(module) else f"not installed ({purpose})"
    if warm_up:
        found["engines"] = _compile_engines()
    found["font for Chinese"] = _chinese_font()
    found["locale"] = os.environ.get("LC_ALL") or os.environ.get("LANG") or "C"
    return found


def _compile_engines() -> str:
    """Runs and sweeps a small shipped scenario, so that numba fills its cache."""
    import time

    from powerplan.batteries import fast as battery
    from powerplan.engines.compiled import compiling as engine
    from powerplan.files.library import data_root
    from powerplan.files.scenario import load_scenario
    from powerplan.study.run import run
    from powerplan.study.sweep import sweep_scenario

    if not find_spec("numba"):
        return "numba is not installed: the reference engine answers"
    start = time.perf_counter()
    scenarios = data_root() / "scenarios"
    run(scenarios / "hand" / "wake_word_remote.yaml", days=1)
    sweep_scenario(load_scenario(scenarios / "wake_word_remote.yaml"), thresholds=2, days=1)
    engine.keep()
    battery.keep()
    return f"compiled in {time.perf_counter() - start:.1f} s"


def _chinese_font() -> str:
    from powerplan.report.typeface import drawable

    text = "智能锁"
    return "bundled" if drawable(text) == text else "missing: plots escape such letters"


def limit_table() -> dict[str, Any]:
    """Limits of what is read and run."""
    from powerplan.files import strict_yaml, yaml_tree
    from powerplan.study import run

    return {
        "scenario size": f"{strict_yaml.SIZE_LIMIT_BYTES // 1024} KiB",
        "scenario keys and values": getattr(yaml_tree, "NODE_LIMIT_COUNT", 5_000),
        "scenario depth": getattr(yaml_tree, "DEPTH_LIMIT_COUNT", 32),
        "model size": "32 MB",
        "default simulated days": f"at most {run.LONGEST_DEFAULT_DAYS}",
        "default activations": run.ACTIVATION_BUDGET,
        "name and note length": "200 characters",
    }
