"""The two devices of the benchmark: a wake-word remote and a doorbell, each as a Plan and a World of some length.

Wake word: a level-1 inference every 20 ms, 5 ms each; about 12 windows an hour pass it without a word and run level 2
of 12 ms; 10 words a day of 8 windows, each answered by a radio message. Doorbell, on a quiet day: 30 motions, a
third of them people, camera, two levels, Wi-Fi; one live view. And a device that does nothing but contend, for the
event loop alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powerplan.components.base import PowerState
from powerplan.plan.builder import CascadeSpec, Phase, PlanBuilder, TaskSpec
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, Guard, Mark, Stage
from powerplan.plan.plan import END, IntArray, Plan
from powerplan.plan.world import Activations, Block, Events, World, no_activations

MS = 1_000_000
HOP_NS = 20 * MS
PASSES_PER_HOUR = 12.0
WORDS_PER_DAY, WINDOWS_PER_WORD = 10, 8
INTERRUPTS_PER_DAY, VISITORS_PER_DAY = 30, 10

CONTENTION_PERIODS_NS = (9_999_973, 23_000_009, 41_000_039, 97_000_061)
CONTENTION_LASTS_NS = (3_000_002, 5_000_008, 9_000_010, 19_000_022)
"""Together they keep the processor busy for 0.93 of the time."""


def wake_word_plan(low_1: float = 0.5, low_2: float = 0.6) -> Plan:
    """Microphone always on, one processor, one radio."""
    plan = PlanBuilder()
    plan.part("mcu", "main", [PowerState("sleep", current_a=2e-6), PowerState("run", current_a=4e-3)])
    plan.part("mic", "main", [PowerState("off"), PowerState("listen", current_a=6.4e-4)])
    plan.part("radio", "main", [PowerState("off"), PowerState("send", current_a=6e-3)])
    plan.cascades.append(CascadeSpec("word", refractory_ns=2 * NS_PER_S))
    levels = [plan.level("word", 0, low_1, np.inf), plan.level("word", 1, low_2, np.inf)]
    mcu, both = frozenset({"mcu"}), frozenset({"mcu", "radio"})
    plan.tasks.append(TaskSpec("listening", [Phase(0, Stage.CAPTURE, frozenset({"mic"}), (("mic", "listen"),),
                                                   drawn=True)], records=False))
    plan.tasks.append(TaskSpec("hear", [
        Phase(5 * MS, Stage.LEVEL1, mcu, (("mcu", "run"),), Guard.LEVEL, levels[0]),
        Phase(12 * MS, Stage.LEVEL2, mcu, (("mcu", "run"),), Guard.LEVEL, levels[1]),
        Phase(0, guard=Guard.DECIDE, spawn="answer", on_pass=END, on_fail=END)],
        cascade="word", records=False, rank=1))
    plan.tasks.append(TaskSpec("answer", [
        Phase(50 * MS, Stage.SEND, both, (("mcu", "run"), ("radio", "send")), marks=Mark.ACTION)], parent="hear"))
    return plan.build()


def wake_word_world(days: float, seed: int = 1, passes_per_hour: float = PASSES_PER_HOUR) -> World:
    """Background passes by geometric gaps; every word fills a few windows."""
    draw = np.random.default_rng(seed)
    horizon_ns = round(days * NS_PER_DAY)
    count = horizon_ns // HOP_NS
    share = passes_per_hour * HOP_NS / (3_600 * NS_PER_S)
    words = int(days * WORDS_PER_DAY)
    onset = np.sort(draw.integers(0, max(horizon_ns - NS_PER_S, 1), words)).astype(np.int64)
    first = -(-onset // HOP_NS)
    loud = (first[:, None] + np.arange(WINDOWS_PER_WORD)).reshape(-1)
    word = np.repeat(np.arange(words), WINDOWS_PER_WORD)
    new = (np.diff(np.maximum.accumulate(loud), prepend=-1) > 0) & (loud < count)  # words may overlap
    loud, word = loud[new], word[new]
    quiet = _without(_thinned(draw, share, count), first, first + WINDOWS_PER_WORD)
    place = np.searchsorted(quiet, first)[word] + np.arange(len(loud))
    score = draw.random((len(quiet) + len(loud), 2))
    score[:, 0] *= 0.5
    score[:, 0] += 0.5
    score[:, 1] *= 0.605
    score[place] = _beta_4_2(draw, (len(loud), 2))
    ordinal, event = np.empty(len(score), np.int64), np.full(len(score), -1)
    ordinal[place], event[place] = loud, word
    ordinal[event < 0] = quiet
    hear = _activations([0], [HOP_NS], [count], ordinal, event, score)
    one = np.ones(1, np.int64)
    nothing = np.empty((1, 0))
    listening = Activations(0 * one, one, one, 0 * one, -one, nothing, nothing, np.array([horizon_ns]), one)
    return _world(days, onset, onset + NS_PER_S // 2, (listening, hear, no_activations()))


def wake_word_blocks(months: int, days: float = 30.0) -> Iterator[Block]:
    """The same device for long, drawn month by month, so that memory holds one month and the events."""
    length_ns = round(days * NS_PER_DAY)
    onset: IntArray = np.empty(0, np.int64)
    end: IntArray = np.empty(0, np.int64)
    for month in range(months):
        drawn, start_ns = wake_word_world(days, seed=month), month * length_ns
        _, hear, nothing = drawn.activations
        event = np.where(hear.event >= 0, hear.event + len(onset), -1)
        hear = replace(hear, run_start_ns=hear.run_start_ns + start_ns, event=event)
        listening = nothing
        if month == 0:
            listening = replace(drawn.activations[0], duration_ns=np.array([months * length_ns]))
        onset = np.concatenate([onset, drawn.events.onset_ns + start_ns])
        end = np.concatenate([end, drawn.events.end_ns + start_ns])
        world = _world(days, onset, end, (listening, hear, nothing))
        yield Block(replace(world, horizon_ns=start_ns + length_ns), (False, month > 0, False))


def doorbell_plan(low_1: float = 0.5, low_2: float = 0.6) -> Plan:
    """PIR wakes the processor; camera, two levels, Wi-Fi; a live view a day."""
    plan = PlanBuilder()
    plan.part("mcu", "main", [PowerState("stop", current_a=1e-5), PowerState("run", current_a=3e-2)])
    plan.part("camera", "main", [PowerState("off"), PowerState("boot", current_a=0.06),
                                    PowerState("on", current_a=0.09)])
    plan.part("wifi", "main", [PowerState("off"), PowerState("join", current_a=0.1), PowerState("send", current_a=0.2)])
    plan.cascades.append(CascadeSpec("visitor", refractory_ns=30 * NS_PER_S))
    levels = [plan.level("visitor", 0, low_1, np.inf), plan.level("visitor", 1, low_2, np.inf)]
    mcu, seeing, sending = frozenset({"mcu"}), frozenset({"mcu", "camera"}), frozenset({"mcu", "wifi"})
    plan.tasks.append(TaskSpec("look", [
        Phase(3 * MS, Stage.WAKE, mcu, (("mcu", "run"),)),
        Phase(300 * MS, Stage.CAPTURE, seeing, (("mcu", "run"), ("camera", "boot"))),
        Phase(100 * MS, Stage.CAPTURE, seeing, (("mcu", "run"), ("camera", "on")), marks=Mark.SAMPLE),
        Phase(120 * MS, Stage.LEVEL1, mcu, (("mcu", "run"),), Guard.LEVEL, levels[0]),
        Phase(700 * MS, Stage.LEVEL2, mcu, (("mcu", "run"),), Guard.LEVEL, levels[1]),
        Phase(0, guard=Guard.DECIDE, spawn="ring", on_pass=END, on_fail=END)],
        cascade="visitor", queue_count=1))
    plan.tasks.append(TaskSpec("ring", [
        Phase(900 * MS, Stage.SEND, sending, (("mcu", "run"), ("wifi", "join"))),
        Phase(400 * MS, Stage.SEND, sending, (("mcu", "run"), ("wifi", "send")), marks=Mark.ACTION)], parent="look"))
    plan.tasks.append(TaskSpec("live view", [
        Phase(900 * MS, Stage.SEND, sending, (("mcu", "run"), ("wifi", "join"))),
        Phase(60 * NS_PER_S, Stage.SEND, sending, (("mcu", "run"), ("wifi", "send")))], rank=1))
    return plan.build()


def doorbell_world(days: float, seed: int = 1) -> World:
    """Motions at any time of day, a third of them visitors of 8 s."""
    draw = np.random.default_rng(seed)
    horizon_ns = round(days * NS_PER_DAY)
    count = int(days * INTERRUPTS_PER_DAY)
    at = np.sort(draw.integers(0, horizon_ns, count)).astype(np.int64)
    visitor = draw.random(count) < VISITORS_PER_DAY / INTERRUPTS_PER_DAY
    event = np.where(visitor, np.cumsum(visitor) - 1, -1)
    score = np.where(visitor[:, None], draw.beta(5, 2, (count, 2)), draw.beta(2, 4, (count, 2)))
    ones = np.ones(count, np.int64)
    look = Activations(at, ones, ones, np.arange(count), event, score, score, 0 * ones, ones)
    views = -(-horizon_ns // NS_PER_DAY)
    live = _activations([NS_PER_DAY // 2], [NS_PER_DAY], [views], np.empty(0, np.int64), np.empty(0, np.int64),
                          np.empty((0, 0)))
    onset = at[visitor]
    return _world(days, onset, onset + 8 * NS_PER_S, (look, no_activations(), live))


def contention_plan() -> Plan:
    """Four periodic tasks that ask for one processor all the time, by rank."""
    plan = PlanBuilder()
    plan.part("mcu", "main", [PowerState("sleep", current_a=2e-6), PowerState("run", current_a=4e-3)])
    for number, lasts_ns in enumerate(CONTENTION_LASTS_NS):
        half = Phase(lasts_ns // 2, Stage.OTHER, frozenset({"mcu"}), (("mcu", "run"),))
        plan.tasks.append(TaskSpec(f"task {number}", [half, replace(half)], rank=number, records=False))
    return plan.build()


def contention_world(days: float) -> World:
    """Periods without a common multiple inside the run, so that plain SimPy meets no ties."""
    horizon_ns = round(days * NS_PER_DAY)
    empty = np.empty(0, np.int64)
    drawn = tuple(_activations([number], [period_ns], [-(-horizon_ns // period_ns)], empty, empty, np.empty((0, 0)))
                  for number, period_ns in enumerate(CONTENTION_PERIODS_NS))
    return _world(days, empty, empty, drawn, cascades=0)


def _thinned(draw: np.random.Generator, share: float, count: int) -> IntArray:
    """Ordinals below `count`, each chosen with this probability: gaps are the whole parts of exponential numbers."""
    if share <= 0.0:
        return np.empty(0, np.int64)
    gaps = draw.standard_exponential(int(count * share + 6 * np.sqrt(count * share) + 16))
    gaps *= -1.0 / np.log1p(-share)
    np.floor(gaps, out=gaps)
    gaps += 1.0
    points = np.cumsum(gaps, out=gaps)  # whole numbers, exact far beyond any horizon
    return points[:np.searchsorted(points, count, side="right")].astype(np.int64) - 1


def _without(points: IntArray, begin: IntArray, end: IntArray) -> IntArray:
    """Sorted points that lie in none of some stretches."""
    first, last = np.searchsorted(points, begin), np.searchsorted(points, end)
    hit = last > first
    inside = [np.arange(one, two) for one, two in zip(first[hit], last[hit], strict=True)]
    return np.delete(points, np.concatenate([np.empty(0, np.int64), *inside]))


def _beta_4_2(draw: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of the beta distribution with 4 and 2: the second largest of five even ones.

    The largest of n even numbers is exp(-e / n) with an exponential e, and the next one that of n - 1 below it.
    """
    rarity = draw.standard_exponential(shape) / 5.0
    rarity += draw.standard_exponential(shape) / 4.0
    return np.asarray(np.exp(np.negative(rarity, out=rarity), out=rarity))


def _activations(start: list[int], period: list[int], count: list[int], ordinal: IntArray, event: IntArray,
                 score: np.ndarray) -> Activations:
    listed = len(ordinal)
    return Activations(np.array(start, np.int64), np.array(period, np.int64), np.array(count, np.int64),
                       ordinal, event, score, score, np.broadcast_to(np.int64(0), listed),
                       np.broadcast_to(np.int64(1), listed))


def _world(days: float, onset: IntArray, end: IntArray, activations: tuple[Activations, ...],
           cascades: int = 1) -> World:
    count = len(onset)
    events = Events(("event",), np.zeros(count, np.int64), onset, end, np.ones((count, cascades), bool),
                    np.zeros((count, cascades), bool))
    return World(round(days * NS_PER_DAY), 168 if days >= 7 else 24, events, activations,
                 tuple(np.empty(0, np.int64) for _ in activations))
