"""Every published case within the tolerance of its source; those outside stay as bad as the table says, not worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.battery.published import COMPUTED, PUBLISHED, Published
from tests.shared import shared_path

TABLE = Path(__file__).with_name("published.md")


@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.case} {one.what}") for one in [*PUBLISHED, *COMPUTED]])
def test_published_case(one: Published):
    if one.facts:
        shared_path("facts", "traces", "otii-battery-profiles")
    found = one.predict()
    error = found / one.published - 1.0 if one.kind == "bound" else abs(found / one.published - 1.0)
    row = next(line for line in TABLE.read_text(encoding="utf-8").splitlines() if f"| {one.what} |" in line)
    assert row.split("|")[4].strip() == f"{found:.4g}", "run `python -m tests.battery.published` and say why it moved"
    if one.kind == "outside":
        assert error > one.tolerance, "now inside: say so in the table"
        assert one.note
    else:
        assert error <= one.tolerance + 1e-12
