"""Small scenarios whose figures can be followed by hand."""

from __future__ import annotations

from pathlib import Path

STEADY = """powerplan: 1
product: {{name: steady}}
supply:
{supply}
{environment}
parts:
  mcu: {{kind: load, current: 10 mA{rail}}}
{parts}
tasks:
  blink:
    when: {{every: {every}}}
    do: [{{run: mcu, for: 1 s}}]
workload: {{variance: none}}
{more}
run: {{days: 2}}
"""


def steady(folder: Path, supply: str, *, environment: str = "", parts: str = "", every: str = "100 s", more: str = "",
           rail: str = "") -> Path:
    """A load of 10 mA for one second in a hundred: 0.1 mA in the mean, 2.4 mAh a day."""
    indented = "\n".join("  " + line for line in supply.strip().splitlines())
    path = folder / "steady.yaml"
    path.write_text(STEADY.format(supply=indented, environment=environment, parts=parts, every=every, more=more,
                                  rail=rail), encoding="utf-8")
    return path
