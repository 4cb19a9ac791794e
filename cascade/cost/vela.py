"""Time on an Ethos-U as Arm's Vela compiler estimates it, where Vela is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cascade.cost.imports import ImportedCost, ImportProblem, parse_vela
from cascade.errors import MissingExtra
from cascade.tflite import read_model

ACCELERATORS: Final = (
    "ethos-u55-32", "ethos-u55-64", "ethos-u55-128", "ethos-u55-256", "ethos-u65-256", "ethos-u65-512",
    "ethos-u85-128", "ethos-u85-256", "ethos-u85-512", "ethos-u85-1024", "ethos-u85-2048",
)
VELA_TIMEOUT_S: Final = 300.0
_MAIN: Final = "import sys; from ethosu.vela.vela import main; sys.exit(main(sys.argv[1:]))"


def vela_cost(path: str | Path, accelerator: str = "ethos-u55-128", command: Sequence[str] | None = None
              ) -> ImportedCost:
    """Vela's estimate of one inference. The file passes the static check first; Vela runs in a process of its own."""
    if accelerator not in ACCELERATORS:
        raise ImportProblem(str(path), 0, f"no Ethos-U {accelerator!r}; allowed: {', '.join(ACCELERATORS)}")
    if command is None:
        if importlib.util.find_spec("ethosu") is None:
            raise MissingExtra("the time on an Ethos-U comes from Vela; install it with: pip install powerplan[vela], "
                               "or import its summary CSV")
        command = (sys.executable, "-c", _MAIN)
    read_model(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = subprocess.run(
                [*command, str(Path(path).resolve()), "--accelerator-config", accelerator, "--output-dir", folder],
                capture_output=True, text=True, timeout=VELA_TIMEOUT_S, cwd=folder, check=False,
            )
        except subprocess.TimeoutExpired:
            raise ImportProblem(str(path), 0, f"Vela did not answer within {VELA_TIMEOUT_S:g} s") from None
        summaries = sorted(Path(folder).glob("*_summary_*.csv"))
        if run.returncode or len(summaries) != 1:
            last = (run.stderr or run.stdout).strip().splitlines()[-1:] or ["no output"]
            raise ImportProblem(str(path), 0, f"Vela refuses the model: {last[0][:200]}")
        return parse_vela(summaries[0].read_text(encoding="utf-8"), str(path))
