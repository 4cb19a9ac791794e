"""Reads a scenario with everything it names, and simulates nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from powerplan.errors import PowerplanError, Problem
from powerplan.files.problems import EXPLANATIONS, unknown_name
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.lowering.lower import Lowering
from powerplan.study.run import prepare


@dataclass(frozen=True)
class Checked:
    """A scenario that reads well."""

    loaded: Loaded
    lowering: Lowering
    warnings: tuple[Problem, ...]

    def text(self) -> str:
        """What was read, in one line."""
        read = self.loaded.scenario
        counts = {"part": len(self.loaded.parts), "task": len(read.tasks), "cascade": len(read.cascade),
                  "requirement": len(self.loaded.requirements)}
        said = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in counts.items())
        return f"{self.loaded.path.name}: reads well: {said}"

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {"schema_version": 1, "scenario": self.loaded.path.name, "ok": True,
                "problems": [asdict(problem) for problem in self.warnings], "hashes": self.loaded.hashes}


class UnknownCode(PowerplanError):
    """There is no message with this code."""


def check(path: Path | str) -> Checked:
    """Read a scenario with profiles, tables and models. Raises InputError with every problem."""
    loaded = load_scenario(Path(path))
    lowering, _ = prepare(loaded)
    return Checked(loaded, lowering, loaded.warnings)


def explanation(code: str) -> str:
    """What a message code means. Raises UnknownCode."""
    found = EXPLANATIONS.get(code.upper())
    if found is None:
        raise UnknownCode(f"there is no message code {code!r}; {unknown_name(code.upper(), EXPLANATIONS)}")
    return f"{code.upper()}: {found}"
