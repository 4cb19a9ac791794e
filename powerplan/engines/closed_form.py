"""The closed form: mean state shares by renewal-reward, printed beside every answer as a check.

An activation visits phases with known probabilities, so the mean time in a state is rate x visits x duration. What
it leaves out: waiting for busy parts, dropped activations, and overlap of events. Windows that confirm each other are
taken as alike and independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.codes import NS_PER_DAY, NS_PER_HOUR, NS_PER_S, Guard
from powerplan.plan.plan import END, FloatArray, Plan
from powerplan.workload.spec import (
    CascadeWorld,
    Clips,
    GateOpen,
    OnEvent,
    OnInterrupt,
    Periodic,
    Stream,
    TaskWorld,
    WorldSpec,
)


@dataclass(frozen=True)
class ClosedForm:
    """Long-run means of a Plan in its world."""

    state_share: FloatArray
    """Share of the time in each state (states,)."""
    task_rate_per_s: FloatArray
    """Activations per second (tasks,)."""
    level_seen_per_s: FloatArray
    level_passed_per_s: FloatArray
    phase_visits: FloatArray
    """Mean visits of each phase in one activation of its task (phases,)."""
    part_current_a: float
    """Mean current of all parts at their rails."""
    part_power_w: float
    """Mean of the constant powers of all parts."""


@dataclass(frozen=True)
class Meeting:
    """Samples per second that come from one label."""

    rate_per_s: float
    clips: Clips | None
    events_per_s: float = 0.0
    """Of the events that carry the label; 0 for what is always there."""
    lasts_s: float = 0.0


def closed_form(plan: Plan, spec: WorldSpec) -> ClosedForm:
    """Mean shares and rates of a Plan in its world."""
    tasks = len(plan.task_names)
    rate, drawn_s = np.zeros(tasks), np.zeros(tasks)
    visits, per_activation = np.zeros(len(plan.phase_task)), np.zeros(len(plan.phase_task))
    seen, passed = np.zeros(len(plan.level_cascade)), np.zeros(len(plan.level_cascade))
    for task, world in enumerate(spec.tasks):
        parent = int(plan.task_parent[task])
        if parent >= 0:
            rate[task] = _spawned_rate(plan, spec, parent, task, visits, float(rate[parent]))
        else:
            rate[task], drawn_s[task] = _release_rate(world, spec)
        pass_fraction = _level_fractions(plan, spec, world, rate[task])
        own = _visits(plan, task, world, pass_fraction)
        per_activation += own
        visits += rate[task] * own
        for level, fraction in pass_fraction.items():
            here = (plan.phase_level == level) & (plan.phase_task == task)
            seen[level] += visits[here].sum()
            passed[level] += visits[here].sum() * fraction
    share = _state_share(plan, visits, drawn_s)
    return ClosedForm(share, rate, seen, passed, per_activation, float(share @ plan.state_current_a),
                      float(share @ plan.state_power_w))


def _open_share(gate: str | None, hold_ns: int, spec: WorldSpec) -> tuple[float, float]:
    """(share of the time a gate is open, openings per second); causes are taken not to overlap."""
    if gate is None:
        return 1.0, 0.0
    share, openings = 0.0, 0.0
    for state in spec.states:
        if gate in state.seen_by and state.bout_ns:
            bouts = state.active_fraction / (state.bout_ns / NS_PER_S)
            share += state.active_fraction + bouts * hold_ns / NS_PER_S
            openings += bouts
    for kind in spec.events:
        if gate in kind.seen_by:
            noticed = kind.rate_per_s * spec.sensors[gate].detection_fraction
            inside = kind.during is not None and any(s.name == kind.during and gate in s.seen_by for s in spec.states)
            share += 0.0 if inside else noticed * (kind.lasts.typical_ns + hold_ns) / NS_PER_S
            openings += 0.0 if inside else noticed
    return min(share, 1.0), openings


def _interrupt_rate(sensor: str, spec: WorldSpec) -> float:
    found = spec.sensors[sensor]
    noticed = 1.0 if spec.even else found.detection_fraction
    rate = sum(kind.rate_per_s * noticed for kind in spec.events if sensor in kind.seen_by)
    rate += sum(state.active_fraction / (state.bout_ns / NS_PER_S) for state in spec.states if sensor in state.seen_by)
    return rate + (0.0 if spec.even else found.spurious_per_s)


def _release_rate(world: TaskWorld, spec: WorldSpec) -> tuple[float, float]:
    """(activations per second, mean drawn duration in seconds)."""
    release = world.release
    if isinstance(release, Periodic):
        return _periodic_rate(release), 0.0
    if isinstance(release, OnInterrupt):
        return _interrupt_rate(release.sensor, spec), 0.0
    if isinstance(release, OnEvent):
        return sum(kind.rate_per_s for kind in spec.events if kind.name == release.kind), 0.0
    if isinstance(release, GateOpen):
        share, openings = _open_share(release.gate, release.hold_ns, spec)
        if release.gate is None:
            return 1e-12, 1e12
        return openings, max(0.0, share / openings - release.start_up_ns / NS_PER_S) if openings else 0.0
    if isinstance(release, Stream):
        share, openings = _open_share(release.gate, release.hold_ns, spec)
        lost = openings * (release.start_up_ns + release.window_ns - release.hop_ns) / NS_PER_S
        return max(0.0, share - lost) * NS_PER_S / release.hop_ns, 0.0
    return 0.0, 0.0


def _periodic_rate(release: Periodic) -> float:
    """Releases per second of a task that follows the clock, over whole days."""
    if not release.hours:
        return NS_PER_S / release.period_ns
    open_ns = [(end - first) * NS_PER_HOUR - release.offset_ns for first, end in release.hours]
    return float(sum(-(-length_ns // release.period_ns) for length_ns in open_ns) * NS_PER_S / NS_PER_DAY)


def _spawned_rate(plan: Plan, spec: WorldSpec, parent: int, task: int, visits: FloatArray, parent_per_s: float
                  ) -> float:
    """Detections per second of the parent, dead time included as for random arrivals of what is detected."""
    asking = (plan.phase_spawn == task) & (plan.phase_task == parent)
    rate = float(visits[asking].sum())
    cascade = int(plan.task_cascade[parent])
    dead_s = plan.cascade_refractory_ns[cascade] / NS_PER_S if cascade >= 0 else 0.0
    if dead_s > 0.0:
        rate *= _single_fraction(plan, spec, spec.tasks[parent], parent_per_s, dead_s)
    return rate / (1.0 + rate * dead_s)


def _single_fraction(plan: Plan, spec: WorldSpec, world: TaskWorld, rate_per_s: float, dead_s: float) -> float:
    """Share of the detections left when those of one event that fall into the dead time of another are one. [1]"""
    cascade = spec.cascade(str(world.cascade))
    if cascade.outcomes is not None:
        return 1.0
    number = [one.name for one in spec.cascades].index(cascade.name)
    every = single = 0.0
    for meeting in _meetings(world, spec, cascade, rate_per_s):
        detected = _detected_fraction(plan, meeting.clips, number)
        many = meeting.rate_per_s * detected
        every += many
        if meeting.events_per_s > 0.0 and many > 0.0:
            windows = meeting.rate_per_s / meeting.events_per_s
            any_fraction = 1.0 - (1.0 - detected) ** windows
            in_turn = meeting.lasts_s / (meeting.lasts_s * meeting.events_per_s / many + dead_s)
            many = min(many, meeting.events_per_s * max(any_fraction, in_turn))
        single += many
    return single / every if every > 0.0 else 1.0


def _detected_fraction(plan: Plan, clips: Clips | None, cascade: int) -> float:
    """Share of the samples of one label that are detected. [1]"""
    shares = _level_shares(plan, clips, cascade)
    levels = [level for level in shares if plan.level_number[level] >= 0]
    sure = sum(passed for level, (_, passed) in shares.items() if plan.level_number[level] < 0)
    confirming = levels[-1] if plan.cascade_confirm_final[cascade] else levels[0]
    return (shares[levels[-1]][1] + sure) * _confirmed_fraction(
        shares[confirming], int(plan.cascade_confirm_count[cascade]), int(plan.cascade_confirm_of[cascade]))


def _level_fractions(plan: Plan, spec: WorldSpec, world: TaskWorld, rate_per_s: float) -> dict[int, float]:
    """Probability that each level passes, given that it is asked."""
    if world.cascade is None:
        return {}
    cascade = spec.cascade(world.cascade)
    number = [c.name for c in spec.cascades].index(world.cascade)
    levels = np.flatnonzero((plan.level_cascade == number) & (plan.level_number >= 0))
    if cascade.outcomes is not None:
        last = len(levels) - 1
        fractions = [cascade.outcomes.escalate_fraction] + [1.0] * last
        if last:
            fractions[last] = cascade.outcomes.detect_fraction
        return {int(level): fraction for level, fraction in zip(levels, fractions, strict=True)}
    meetings = _meetings(world, spec, cascade, rate_per_s)
    asked, passing = np.zeros(len(plan.level_cascade)), np.zeros(len(plan.level_cascade))
    confirming = int(levels[-1] if plan.cascade_confirm_final[number] else levels[0])
    for meeting in meetings:
        shares, rate = _level_shares(plan, meeting.clips, number), meeting.rate_per_s
        for level, (asked_fraction, passed_fraction) in shares.items():
            asked[level] += rate * asked_fraction
            if level == confirming:
                # What follows is asked only about what enough of the last windows confirm.
                rate *= _confirmed_fraction(shares[level], int(plan.cascade_confirm_count[number]),
                                            int(plan.cascade_confirm_of[number]))
            passing[level] += rate * passed_fraction
    return {int(level): passing[level] / asked[level] if asked[level] > 0 else 0.0
            for level in np.flatnonzero(plan.level_cascade == number)}


def _confirmed_fraction(shares: tuple[float, float], needed: int, of: int) -> float:
    """Probability that enough of the windows before a passing one pass too, were they alike and independent. [1]"""
    asked_fraction, passed_fraction = shares
    passing = passed_fraction / asked_fraction if asked_fraction > 0.0 else 0.0
    return sum(comb(of - 1, count) * passing**count * (1.0 - passing) ** (of - 1 - count)
               for count in range(needed - 1, of))


def _level_shares(plan: Plan, clips: Clips | None, cascade: int) -> dict[int, tuple[float, float]]:
    """Shares of rows that each level of a cascade is asked about, and that pass it then; sure ones leave early."""
    score = clips.score if clips is not None and len(clips.score) else np.full((1, len(plan.level_cascade)), np.nan)
    asked, shares = np.ones(len(score), bool), {}

    def inside(level: int) -> NDArray[np.bool_]:
        column = score[:, plan.level_column[level]]
        return np.asarray((column >= plan.level_low_score[level]) & (column <= plan.level_high_score[level]))

    own = np.flatnonzero(plan.level_cascade == cascade)
    for level in own[plan.level_number[own] >= 0].tolist():
        passed = asked & inside(level)
        shares[level] = float(asked.mean()), float(passed.mean())
        for row in own[(plan.level_number[own] < 0) & (plan.level_column[own] == plan.level_column[level])].tolist():
            sure = passed & inside(row)
            shares[row] = float(passed.mean()), float(sure.mean())
            passed = passed & ~sure
        asked = passed
    return shares


def _meetings(world: TaskWorld, spec: WorldSpec, cascade: CascadeWorld, rate_per_s: float) -> list[Meeting]:
    """Which labels the samples of a task come from, and how often."""
    found, used = [], 0.0
    release = world.release
    for kind in spec.events:
        label = kind.label_of.get(cascade.name)
        clips = cascade.clips.get(label) if label is not None else None
        if isinstance(release, OnInterrupt):
            noticed = spec.sensors[release.sensor].detection_fraction if release.sensor in kind.seen_by else 0.0
            samples = kind.rate_per_s * noticed
        elif isinstance(release, OnEvent):
            samples = kind.rate_per_s if kind.name == release.kind else 0.0
        else:
            samples = kind.rate_per_s * _windows_per_event(release, kind.lasts.typical_ns, cascade, clips)
        if clips is not None and samples > 0:
            found.append(Meeting(samples, clips, kind.rate_per_s, kind.lasts.typical_ns / NS_PER_S))
            used += samples
        elif not isinstance(release, Stream | Periodic):
            used += samples
    rest = max(0.0, rate_per_s - used)
    shares = {label: share for label, share in cascade.background.items() if share is not None}
    for label in cascade.background:
        share = shares.get(label, 1.0 - sum(shares.values()))
        found.append(Meeting(rest * max(share, 0.0), cascade.clips.get(label)))
    if not cascade.background:
        found.append(Meeting(rest, None))
    return found


def _windows_per_event(release: object, lasts_ns: int, cascade: CascadeWorld, clips: Clips | None) -> float:
    if not isinstance(release, Stream | Periodic):
        return 0.0
    period_ns = release.hop_ns if isinstance(release, Stream) else release.period_ns
    window_ns = release.window_ns if isinstance(release, Stream) else 0
    touched = (lasts_ns + window_ns + cascade.grace_ns) / period_ns
    if clips is not None and clips.count and lasts_ns < window_ns and cascade.within_event == "sequence":
        return float(min(touched, np.diff(clips.first_row).mean()))
    return float(touched)


def _visits(plan: Plan, task: int, world: TaskWorld, pass_fraction: dict[int, float]) -> FloatArray:
    """Mean visits of each phase in one activation. (phases,)"""
    own = plan.phases_of(task)
    first, count = int(own[0]), len(own)
    flow = np.zeros((count, count))
    for phase in own:
        guard = int(plan.phase_guard[phase])
        passing = 1.0
        if guard in (Guard.LEVEL, Guard.ACCEPT):
            passing = pass_fraction.get(int(plan.phase_level[phase]), 0.0)
        elif guard == Guard.ATTEMPT:
            passing = 1.0 / _mean_attempts(world)
        for follower, probability in ((int(plan.phase_on_pass[phase]), passing),
                                      (int(plan.phase_on_fail[phase]), 1.0 - passing)):
            if follower != END and probability > 0.0:
                flow[follower - first, phase - first] += probability
    entry = np.zeros(count)
    entry[int(plan.task_entry[task]) - first] = 1.0
    found = np.zeros(len(plan.phase_task))
    found[own] = np.linalg.solve(np.eye(count) - flow, entry)
    return found


def _mean_attempts(world: TaskWorld) -> float:
    """Mean of a geometric count cut off at the limit."""
    lost = 1.0 - world.success_fraction
    if lost <= 0.0:
        return 1.0
    return (1.0 - lost ** world.attempt_limit) / world.success_fraction if world.success_fraction else float(
        world.attempt_limit)


def _state_share(plan: Plan, visits_per_s: FloatArray, drawn_s: FloatArray) -> FloatArray:
    """Share of the time in each state; what no phase claims is rest. (states,)"""
    share = np.zeros(len(plan.state_names))
    for phase in range(len(plan.phase_task)):
        duration_s = plan.phase_duration_ns[phase] / NS_PER_S
        if plan.phase_drawn_duration[phase]:
            duration_s = drawn_s[plan.phase_task[phase]]
        states = plan.set_state[plan.phase_set_first[phase]:plan.phase_set_first[phase + 1]]
        share[states] += visits_per_s[phase] * duration_s
    busy = np.bincount(plan.state_part, share, minlength=len(plan.part_names))
    share[plan.part_rest_state] += 1.0 - busy
    return share
