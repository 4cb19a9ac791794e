"""Draws one World: events first, then what the sensors make of them, then the releases of every task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.plan.world import Activations, Events, World, no_activations
from powerplan.workload import arrivals, scores
from powerplan.workload.arrivals import Causes, Interrupts, Spans
from powerplan.workload.ranges import Ranges, Runs, windows_inside
from powerplan.workload.spec import (
    CascadeWorld,
    GateOpen,
    OnEvent,
    OnInterrupt,
    Periodic,
    Spawned,
    Stream,
    TaskWorld,
    WorldSpec,
)
from powerplan.workload.streams import Streams

SPAWN_DRAWS = 4096
"""Attempts drawn for a task that others release; repeated when more are needed."""


class Draw:
    """The drawing of one World. All chance comes from `streams`."""

    def __init__(self, spec: WorldSpec, horizon_ns: int, seed: int, replica: int) -> None:
        self.spec, self.horizon_ns = spec, horizon_ns
        self.streams = Streams(seed, replica)
        self.states = {kind.name: arrivals.state_spans(kind, spec, self.streams, horizon_ns)
                       for kind in spec.states}
        self.kind, self.onset_ns, self.end_ns = self._events()
        self.interrupts = {name: self._interrupts(name) for name in spec.sensors}

    def world(self) -> World:
        """All draws together."""
        activations = [self._task(task) for task in self.spec.tasks]
        target = np.zeros((len(self.kind), len(self.spec.cascades)), bool)
        missed = np.zeros_like(target)
        for column, cascade in enumerate(self.spec.cascades):
            wanted = np.array([kind.label_of.get(cascade.name) == cascade.target is not None
                               for kind in self.spec.events], bool)
            target[:, column] = wanted[self.kind] if len(self.kind) else False
            missed[:, column] = self._never_noticed(cascade, activations)
        events = Events(tuple(kind.name for kind in self.spec.events), self.kind, self.onset_ns, self.end_ns,
                        target, missed)
        week = self.horizon_ns >= 7 * NS_PER_DAY
        return World(self.horizon_ns, 168 if week else 24, events, tuple(activations),
                     tuple(self._spawn_attempts(task) for task in self.spec.tasks))

    # --- events and sensors ------------------------------------------------------------------------------------

    def _events(self) -> tuple[IntArray, IntArray, IntArray]:
        kinds, onsets, ends = [], [], []
        for number, kind in enumerate(self.spec.events):
            onset = arrivals.event_onsets(kind, number, self.spec, self.streams, self.horizon_ns, self.states)
            lasts = arrivals.lengths(kind.lasts, len(onset), self.streams.generator("lasts", kind.name),
                                     self.spec.even)
            kinds.append(np.full(len(onset), number, np.int64))
            onsets.append(onset)
            ends.append(onset + lasts)
        if not kinds:
            empty = np.empty(0, np.int64)
            return empty, empty, empty
        kind_of, onset_ns, end_ns = (np.concatenate(part) for part in (kinds, onsets, ends))
        order = np.lexsort((kind_of, onset_ns))
        return kind_of[order], onset_ns[order], end_ns[order]

    def _interrupts(self, sensor: str) -> Interrupts:
        seen = np.array([sensor in kind.seen_by for kind in self.spec.events], bool)
        number = np.flatnonzero(seen[self.kind]) if len(self.kind) else np.empty(0, np.int64)
        spans = [self.states[kind.name] for kind in self.spec.states if sensor in kind.seen_by]
        start = np.concatenate([self.onset_ns[number], *(span.start_ns for span in spans)])
        end = np.concatenate([self.end_ns[number], *(span.end_ns for span in spans)])
        event = np.concatenate([number, *(np.full(len(span), -1) for span in spans)])
        causes = Causes(start.astype(np.int64), end.astype(np.int64), event.astype(np.int64))
        return arrivals.interrupts(sensor, self.spec, causes, self.streams, self.horizon_ns)

    def _never_noticed(self, cascade: CascadeWorld, activations: list[Activations]) -> NDArray[np.bool_]:
        """Events that no task of the cascade was released for, where an interrupt would have had to."""
        noticed = np.zeros(len(self.kind), bool)
        waits_for_interrupt = False
        for task, drawn in zip(self.spec.tasks, activations, strict=True):
            if task.cascade != cascade.name:
                continue
            gated = isinstance(task.release, Stream) and task.release.gate is not None
            waits_for_interrupt |= gated or isinstance(task.release, OnInterrupt | OnEvent)
            noticed[drawn.event[drawn.event >= 0]] = True
        return ~noticed if waits_for_interrupt else np.zeros(len(self.kind), bool)

    # --- releases ----------------------------------------------------------------------------------------------

    def _task(self, task: TaskWorld) -> Activations:
        release = task.release
        if isinstance(release, Spawned):
            return no_activations()
        if isinstance(release, Periodic):
            return self._windows(task, self._run(release.offset_ns, release.period_ns, self.horizon_ns), 0, 0)
        if isinstance(release, Stream):
            return self._windows(task, self._stream_runs(release), release.window_ns, release.lead_ns)
        if isinstance(release, GateOpen):
            return self._gate(release)
        return self._triggered(task, release)

    @staticmethod
    def _run(start_ns: int, period_ns: int, end_ns: int) -> Runs:
        count = max(0, -(-(end_ns - start_ns) // period_ns))
        return Runs(np.array([start_ns]), np.array([period_ns]), np.array([count]))

    def _open_spans(self, gate: str | None, hold_ns: int) -> Spans:
        if gate is None:
            return Spans(np.array([0]), np.array([self.horizon_ns]))
        return arrivals.open_gate(self.interrupts[gate], hold_ns, self.horizon_ns)

    def _stream_runs(self, stream: Stream) -> Runs:
        """One run of windows per span in which the stream is open; a window ends inside its span."""
        spans = self._open_spans(stream.gate, stream.hold_ns)
        first_end = spans.start_ns + stream.start_up_ns + stream.window_ns
        count = np.maximum(0, (spans.end_ns - first_end) // stream.hop_ns + 1)
        start = np.maximum(first_end - stream.lead_ns, spans.start_ns)
        used = (count > 0) & (start < self.horizon_ns)
        count = np.minimum(count, -(-(self.horizon_ns - start) // stream.hop_ns))
        return Runs(start[used], np.full(int(used.sum()), stream.hop_ns), count[used])

    def _gate(self, release: GateOpen) -> Activations:
        spans = self._open_spans(release.gate, release.hold_ns)
        count = len(spans)
        ones = np.ones(count, np.int64)
        listening = np.maximum(0, spans.end_ns - spans.start_ns - release.start_up_ns)
        nothing = np.empty((count, 0))
        return Activations(spans.start_ns, ones, ones, np.arange(count), np.full(count, -1), nothing, nothing,
                           listening, ones)

    def _windows(self, task: TaskWorld, runs: Runs, window_ns: int, lead_ns: int) -> Activations:
        """Releases that follow the clock, with the windows in which something can happen as candidates."""
        total = int(runs.count.sum())
        if task.cascade is None:
            chosen = np.arange(total if task.success_fraction < 1.0 else 0, dtype=np.int64)
            score = np.empty((len(chosen), 0))
            return self._activations(task, runs, chosen, np.full(len(chosen), -1), score, score)
        cascade = self.spec.cascade(task.cascade)
        ordinal, event, score = self._event_windows(task, cascade, runs, window_ns, lead_ns)
        found = self._background_windows(task, cascade, runs, total, lead_ns)
        free = ~np.isin(found.ordinal, ordinal)
        ordinal = np.concatenate([ordinal, found.ordinal[free]])
        event = np.concatenate([event, np.full(int(free.sum()), -1)])
        score = np.concatenate([score, found.score[free]])
        order = np.argsort(ordinal, kind="stable")
        return self._activations(task, runs, ordinal[order], event[order], score[order], score[order])

    def _event_windows(self, task: TaskWorld, cascade: CascadeWorld, runs: Runs, window_ns: int, lead_ns: int
                       ) -> tuple[IntArray, IntArray, FloatArray]:
        """Windows that touch an event, with its clip's rows; the target wins where two events meet."""
        generator = self.streams.generator("event clips", f"{task.name}/{cascade.name}")
        draws = generator.random((len(self.kind), 2))
        owner: dict[int, tuple[int, FloatArray]] = {}
        labels = [kind.label_of.get(cascade.name) for kind in self.spec.events]
        run_first = runs.first_ordinal
        for event in range(len(self.kind)):
            label = labels[self.kind[event]]
            clips = cascade.clips.get(label) if label is not None else None
            if clips is None or not clips.count:
                continue
            first, last = self._touched(runs, run_first, int(self.onset_ns[event]),
                                        int(self.end_ns[event]) + cascade.grace_ns, window_ns, lead_ns)
            if last <= first:
                continue
            short = int(self.end_ns[event] - self.onset_ns[event]) < window_ns
            clip = int(draws[event, 0] * clips.count)
            begin, rows = scores.event_rows(clips, clip, float(draws[event, 1]), last - first,
                                            cascade.within_event, short, generator)
            for step, row in enumerate(rows):
                at = first + begin + step
                if label == cascade.target or at not in owner:
                    owner[at] = (event, row)
        ordinal = np.array(sorted(owner), np.int64)
        event_of = np.array([owner[int(at)][0] for at in ordinal], np.int64)
        score = np.array([owner[int(at)][1] for at in ordinal]).reshape(len(ordinal), cascade.level_count)
        return ordinal, event_of, score

    @staticmethod
    def _touched(runs: Runs, run_first: IntArray, onset_ns: int, end_ns: int, window_ns: int, lead_ns: int
                 ) -> tuple[int, int]:
        """Ordinals [first, last) of the windows of one run that overlap [onset, end)."""
        run = int(np.searchsorted(runs.start_ns, onset_ns - lead_ns, side="right")) - 1
        for number in (run, run + 1):
            if not 0 <= number < len(runs.start_ns):
                continue
            start, period = int(runs.start_ns[number]) + lead_ns, int(runs.period_ns[number])
            first = max(0, (onset_ns - start) // period + 1) if window_ns else max(0, -(-(onset_ns - start) // period))
            last = min(int(runs.count[number]), -(-(end_ns + window_ns - start) // period))
            if last > first:
                return int(run_first[number]) + first, int(run_first[number]) + last
        return 0, 0

    def _background_windows(self, task: TaskWorld, cascade: CascadeWorld, runs: Runs, total: int, lead_ns: int
                            ) -> scores.Found:
        """Candidates among the windows without an event."""
        if cascade.outcomes is not None:
            return self._outcomes(task, cascade, total)
        parts: list[scores.Found] = []
        spans = scores.label_spans(cascade, self.states, self.streams, self.spec.even, self.horizon_ns)
        free = Ranges(np.array([0]), np.array([total]))
        for label, when in spans:
            inside = free.common(windows_inside(runs, when, lead_ns))
            found = scores.background(cascade, label, inside.count, self.streams, task.name)
            parts.append(scores.Found(inside.number(found.ordinal), found.score))
            free = free.without(inside)
        rest = next((label for label, share in cascade.background.items() if share is None), None)
        if rest is not None:
            found = scores.background(cascade, rest, free.count, self.streams, task.name)
            parts.append(scores.Found(free.number(found.ordinal), found.score))
        if not parts:
            return scores.Found(np.empty(0, np.int64), np.empty((0, cascade.level_count)))
        return scores.Found(np.concatenate([part.ordinal for part in parts]),
                            np.concatenate([part.score for part in parts]))

    def _outcomes(self, task: TaskWorld, cascade: CascadeWorld, total: int) -> scores.Found:
        shares = cascade.outcomes
        if shares is None:
            return scores.Found(np.empty(0, np.int64), np.empty((0, cascade.level_count)))
        if self.spec.even:
            return scores.even_outcomes(shares, total, cascade.level_count)
        generator = self.streams.generator("outcomes", f"{task.name}/{cascade.name}")
        return scores.random_outcomes(shares, total, cascade.level_count, generator)

    def _triggered(self, task: TaskWorld, release: OnInterrupt | OnEvent) -> Activations:
        """Releases by interrupts or events: every one is a candidate."""
        if isinstance(release, OnInterrupt):
            found = self.interrupts[release.sensor]
            time, event = found.time_ns, found.event
        else:
            wanted = [number for number, kind in enumerate(self.spec.events) if kind.name == release.kind]
            event = np.flatnonzero(np.isin(self.kind, wanted))
            time = self.onset_ns[event]
        inside = (time < self.horizon_ns) & ~self._locked(task, time)
        time, event = time[inside], event[inside]
        ones = np.ones(len(time), np.int64)
        runs = Runs(time, ones, ones)
        ordinal = np.arange(len(time), dtype=np.int64)
        if task.cascade is None:
            nothing = np.empty((len(time), 0))
            return self._activations(task, runs, ordinal, event, nothing, nothing)
        cascade = self.spec.cascade(task.cascade)
        late = self._background_scores(task, cascade, len(time))
        score = late.copy()
        if cascade.outcomes is None:
            self._fill_event_scores(task, cascade, event, score)
        return self._activations(task, runs, ordinal, event, score, late)

    def _locked(self, task: TaskWorld, time_ns: IntArray) -> NDArray[np.bool_]:
        """Which releases fall into a lock-out of their task."""
        rule = task.lock_out
        if rule is None:
            return np.zeros(len(time_ns), bool)
        counting = [number for number, kind in enumerate(self.spec.events) if kind.name in rule.kinds]
        spans = arrivals.locked_spans(self.onset_ns[np.isin(self.kind, counting)], rule.after, rule.within_ns,
                                      rule.lasts_ns)
        last = np.searchsorted(spans.start_ns, time_ns, side="left") - 1
        held = last >= 0
        return np.asarray(held & (time_ns <= spans.end_ns[np.maximum(last, 0)] if len(spans) else held), bool)

    def _background_scores(self, task: TaskWorld, cascade: CascadeWorld, count: int) -> FloatArray:
        score = np.full((count, cascade.level_count), -np.inf)
        if cascade.outcomes is not None:
            found = self._outcomes(task, cascade, count)
            score[found.ordinal] = found.score
            return score
        rest = next((label for label, share in cascade.background.items() if share is None), None)
        clips = cascade.clips.get(rest) if rest else None
        if clips is not None and clips.count:
            rows = self.streams.generator("late", f"{task.name}/{cascade.name}").integers(0, len(clips.score), count)
            score[:] = clips.score[rows]
        return score

    def _fill_event_scores(self, task: TaskWorld, cascade: CascadeWorld, event: IntArray, score: FloatArray) -> None:
        """One row per event, of a clip of its label."""
        draws = self.streams.generator("event clips", f"{task.name}/{cascade.name}").random((len(self.kind), 2))
        labels = [kind.label_of.get(cascade.name) for kind in self.spec.events]
        for position, number in enumerate(event.tolist()):
            label = labels[self.kind[number]] if number >= 0 else None
            clips = cascade.clips.get(label) if label is not None else None
            if clips is None or not clips.count:
                continue
            clip = int(draws[number, 0] * clips.count)
            first, end = int(clips.first_row[clip]), int(clips.first_row[clip + 1])
            score[position] = clips.score[first + int(draws[number, 1] * (end - first))]

    def _activations(self, task: TaskWorld, runs: Runs, ordinal: IntArray, event: IntArray, score: FloatArray,
                     late: FloatArray) -> Activations:
        count = len(ordinal)
        return Activations(
            runs.start_ns.astype(np.int64), runs.period_ns.astype(np.int64), runs.count.astype(np.int64),
            ordinal.astype(np.int64), event.astype(np.int64), np.ascontiguousarray(score, np.float64),
            np.ascontiguousarray(late, np.float64), np.zeros(count, np.int64), self._attempts(task, count))

    def _attempts(self, task: TaskWorld, count: int) -> IntArray:
        """Attempts until one gets through, at most the limit; evenly spaced runs take one."""
        if task.success_fraction >= 1.0 or self.spec.even:
            return np.ones(count, np.int64)
        drawn = self.streams.generator("attempts", task.name).geometric(task.success_fraction, count)
        return np.minimum(drawn, task.attempt_limit).astype(np.int64)

    def _spawn_attempts(self, task: TaskWorld) -> IntArray:
        if not isinstance(task.release, Spawned) or task.success_fraction >= 1.0:
            return np.empty(0, np.int64)
        return self._attempts(task, SPAWN_DRAWS)


def draw_world(spec: WorldSpec, horizon_ns: int, seed: int, replica: int = 0) -> World:
    """The World of one replica: the same arguments give the same World."""
    return Draw(spec, horizon_ns, seed, replica).world()
