"""Flash wait states: a slower clock waits for fewer of them, so an inference takes fewer cycles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cascade.cost.rules import CycleRange

STALL_CACHED: Final = (0.0, 0.01, 0.03)
"""Cycles lost per cycle and wait state behind a cache or an accelerator. Executing from it is as fast as from RAM
(STM32L412: 3.42 CoreMark/MHz at 80 MHz and four wait states, a Cortex-M4 without any has 3.4); weights that stream
past a small cache wait once a line: four states per 16 weights of two cycles each are 12 %. Derived, not measured."""
STALL_PLAIN: Final = (0.05, 0.20, 0.35)
"""The same where every fetch of 64 bits waits: one state per four to five instructions. Derived, not measured."""


@dataclass(frozen=True)
class FlashWaits:
    """When a processor's flash needs how many wait states."""

    limits_hz: tuple[float, ...]
    """Highest clock with no wait state, with one, with two, ..."""
    cached: bool
    """Whether a cache or a prefetching accelerator stands between flash and core."""

    def states(self, clock_hz: float) -> int:
        """Wait states at a clock. [count]"""
        return sum(clock_hz > limit_hz * (1.0 + 1e-9) for limit_hz in self.limits_hz)


def clock_effect(waits: FlashWaits | None, clock_hz: float, known_hz: float | None) -> CycleRange | None:
    """Cycles at a clock over those at the clock they are known at; None where the wait states are the same. [1]

    (1 + s w) / (1 + s w_known) for w wait states and a share s of cycles that wait. `known_hz` None is the highest
    clock, at which published results are measured.
    """
    if waits is None or not waits.limits_hz:
        return None
    here, known = waits.states(clock_hz), waits.states(known_hz or waits.limits_hz[-1])
    if here == known:
        return None
    low, typical, high = (
        (1.0 + share * here) / (1.0 + share * known) for share in (STALL_CACHED if waits.cached else STALL_PLAIN)
    )
    low, high = min(low, high), max(low, high)
    kind = "behind a cache" if waits.cached else "without a cache"
    text = f"{here} flash wait states instead of {known} {kind}: {low:.2f} to {high:.2f} times the cycles"
    return CycleRange(low, typical, high, text, "assumed")
