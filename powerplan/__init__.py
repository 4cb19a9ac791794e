"""powerplan: battery life, latency and accuracy of a product, from one text file.

>>> import powerplan
>>> answer = powerplan.load("wake_word_remote.yaml").run()   # doctest: +SKIP
>>> answer.metrics["battery_life"].value                     # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powerplan.study.session import Project, Session

__all__ = ["load", "verify"]


def load(path: str | Path) -> Project:
    """A scenario file, read with everything it names. Raises InputError with every problem found."""
    from powerplan.study.session import Project

    return Project.read(Path(path))


def verify(path: str | Path) -> Session:
    """Plan a scenario and judge its requirements. Raises InputError."""
    return load(path).run()
