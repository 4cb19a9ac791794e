"""What a report says beside its tables: the product, and how the answer was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from powerplan.batteries.life import REASONS
from powerplan.results.tables import Table

Tables = Mapping[str, Table]
"""Tables of one result by their name in the schema; a missing one counts as empty."""


@dataclass(frozen=True)
class ReportFacts:
    """Words and numbers of a report that stand in no table."""

    product: str
    scenario: str
    """Name of the scenario, for the foot of every plot."""
    where: str = ""
    users: str = ""
    note: str = ""
    engine: str = "reference"
    seed: int = 0
    simulated_days: float | None = None
    end_reason: str = ""
    """A key of REASONS, or a text of one's own."""
    horizon_days: float | None = None
    """Where the calculation of a life stops; None where a shelf life ends it before."""
    brown_out_v: float | None = None
    command: str = ""
    """Command that makes this report again."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """File -> hash of its content."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Program or package -> version."""
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Version of powerplan, empty where it is not given."""
        return self.versions.get("powerplan", "")

    @property
    def end_words(self) -> str:
        """Why the battery life ends, in words."""
        return REASONS.get(self.end_reason, self.end_reason)


FORMATS = ("html", "pdf", "md")
PLOT_KINDS = ("svg", "png", "pdf")


@dataclass(frozen=True)
class ReportOptions:
    """What a report is written as."""

    formats: tuple[str, ...] = FORMATS
    plot_kinds: tuple[str, ...] = ("svg", "png")
    further: bool = True
    """Threshold map, sensitivity, sending against computing and the spread of lives, which are computed for it."""
