"""Writes the made-up score tables beside this file: `python scenarios/scores/make.py`.

These numbers are no measurement of anything. Each score is 1 / (1 + exp(-x)); x is a mean of its label and level, plus
a normal deviation of its clip (a day, a machine, an animal) and one of its row, of which half the variance is shared by
both levels. They let a scenario run and be swept until its maker brings a table of the real models.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Label:
    """How the scores of one label are made up."""

    name: str
    clips: int
    rows_per_clip: int
    step_s: float
    mean_1: float
    mean_2: float
    clip_spread: float = 0.5
    row_spread: float = 1.0


TABLES: dict[str, tuple[int, tuple[Label, ...]]] = {
    "doorbell_camera": (61, (
        Label("person", 400, 1, 0.0, 3.4, 3.2, row_spread=1.3),
        Label("other", 1200, 1, 0.0, -2.1, -2.6, row_spread=1.6),
    )),
    "cat_counter": (31, (
        Label("cat", 150, 8, 0.5, 3.0, 2.2),
        Label("other", 200, 4, 0.5, 2.2, -3.2),
        Label("still", 600, 1, 0.0, -7.5, -4.0, clip_spread=0.3, row_spread=0.9),
    )),
    "glacier_watch": (41, (
        Label("crevasse", 60, 10, 3600.0, 2.0, 2.6),
        Label("ice", 600, 1, 0.0, -5.0, -1.6, row_spread=1.3),
    )),
    "tortoise_tracker": (51, (
        Label("sick", 60, 30, 10.0, 2.4, 1.6),
        Label("walking", 60, 20, 10.0, -1.2, -6.5, clip_spread=0.4),
        Label("resting", 60, 20, 10.0, -4.0, -7.0, clip_spread=0.4),
    )),
    "vibration_monitor": (71, (
        Label("worn", 40, 30, 60.0, 2.6, 2.0, clip_spread=1.0),
        Label("fine", 40, 60, 60.0, -1.5, -6.0, clip_spread=0.5),
    )),
    "forest_listener": (81, (
        Label("chainsaw", 60, 20, 1.0, 3.0, 2.4, clip_spread=0.8),
        Label("forest", 80, 20, 1.0, -2.2, -6.5, clip_spread=0.5),
        Label("storm", 30, 20, 1.0, -0.4, -5.0, clip_spread=0.5),
    )),
}


def rows_of(label: Label, generator: np.random.Generator) -> list[str]:
    """CSV lines of one label."""
    count = label.clips * label.rows_per_clip
    clip = np.repeat(generator.standard_normal(label.clips), label.rows_per_clip) * label.clip_spread
    common, own_1, own_2 = generator.standard_normal((3, count)) * np.sqrt(0.5)
    x = np.stack([label.mean_1 + clip + label.row_spread * (common + own_1),
                  label.mean_2 + clip + label.row_spread * (common + own_2)])
    score = 1.0 / (1.0 + np.exp(-x))
    return [f"{label.name}-{number // label.rows_per_clip},{number % label.rows_per_clip * label.step_s:g},"
            f"{label.name},{score[0, number]:.4f},{score[1, number]:.4f}" for number in range(count)]


def main() -> None:
    """Write every table."""
    for name, (seed, labels) in TABLES.items():
        generator = np.random.default_rng(seed)
        lines = [f"# origin: made up by scenarios/scores/make.py with seed {seed}; a measurement of nothing",
                 "clip_id,time,label,score_1,score_2"]
        for label in labels:
            lines += rows_of(label, generator)
        (Path(__file__).parent / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
