"""Everything an answer was made from, as it stands in `run.json`: so that two results can be compared without files."""

from __future__ import annotations

from typing import Any

from powerplan.results.document import number
from powerplan.study.bill import bill_of
from powerplan.study.run import RunResult
from powerplan.study.supply import supply_profiles
from powerplan.study.tables import tables_of


def inputs_of(result: RunResult) -> dict[str, Any]:
    """The scenario with its variants merged, every figure used, the bill, and energy a day by part and state."""
    loaded = result.loaded
    energy = {f"{row['part']} {row['state']}": number(float(row["energy_j_per_day"]))
              for row in tables_of(result)["energy"].rows()}
    bill = bill_of(loaded, supply_profiles(loaded)).document(result.metrics["battery_life"].value)
    return {"scenario": loaded.layers.keys, "bill": bill, "energy_j_per_day": energy,
            "figures": [{"part": used.part, "figure": used.figure, "value": number(used.value),
                         "low": number(used.low), "high": number(used.high), "dimension": used.dimension,
                         "basis": used.basis, "source": used.source} for used in result.figures]}
