"""The releases of every task in a stretch of time, and what each of them meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.codes import NS_PER_DAY, NS_PER_HOUR
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload import scores
from powerplan.workload.parts import NO_SCORES, Part, no_part
from powerplan.workload.ranges import Pieces, Ranges, Runs, pieces, windows_inside
from powerplan.workload.spec import (
    NOTHING_ROW,
    CascadeWorld,
    GateOpen,
    OnEvent,
    OnInterrupt,
    Periodic,
    Spawned,
    Stream,
    TaskWorld,
)
from powerplan.workload.windows import Playing, Seen, event_windows

if TYPE_CHECKING:
    from powerplan.workload.draw import Draw

class Releases:
    """Releases of tasks, from what happens in the present stretch of a Draw."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self._first = 0
        """Number of the first event that may still be met."""
        self._share: dict[str, FloatArray] = {f"{task.name}/{task.cascade}": np.empty((0, 2))
                                              for task in draw.spec.tasks if task.cascade is not None}
        """Which clip every event from `_first` on plays, and from where in it, by task and cascade."""
        self._patience_ns = max([0, *(task.release.window_ns for task in draw.spec.tasks
                                      if isinstance(task.release, Stream))])
        self._patience_ns += max([0, *(cascade.grace_ns for cascade in draw.spec.cascades)])

    def advance(self) -> None:
        """Draw the clips of new events, forget events that nothing meets any more."""
        draw = self.draw
        known = np.arange(self._first, draw.first_new)
        met = draw.end_ns[known] + self._patience_ns >= draw.stretch.start_ns
        waiting = [sensor.ahead.event[sensor.ahead.event >= 0].min(initial=draw.first_new)
                   for sensor in draw.sensors.values()]
        late = [found.event[found.event >= 0].min(initial=draw.first_new) for found in draw.interrupts.values()]
        first = min([int(known[met][0]) if met.any() else draw.first_new, *map(int, waiting), *map(int, late)])
        for entity, share in self._share.items():
            new = draw.streams.generator("event clips", entity).random((len(draw.kind) - draw.first_new, 2))
            self._share[entity] = np.concatenate([share[first - self._first:], new])
        self._first = first

    def of(self, task: TaskWorld) -> Part:
        """Releases of a task in the present stretch."""
        release = task.release
        if isinstance(release, Spawned):
            return no_part()
        if isinstance(release, Periodic):
            return self._windows(task, pieces(self._periodic(release), self.draw.stretch), 0, 0)
        if isinstance(release, Stream):
            return self._windows(task, self._stream(release), release.window_ns, release.lead_ns)
        if isinstance(release, GateOpen):
            return self._gate(release)
        return self._triggered(task, release)

    def _periodic(self, release: Periodic) -> Runs:
        """Whole runs that touch the stretch: one for ever, or one for every span of hours of every day."""
        draw = self.draw
        if not release.hours:
            count = max(0, -(-(draw.horizon_ns - release.offset_ns) // release.period_ns))
            return Runs(np.array([release.offset_ns]), np.array([release.period_ns]), np.array([count]))
        days = np.arange(draw.stretch.start_ns // NS_PER_DAY, -(-draw.stretch.end_ns // NS_PER_DAY))
        spans = np.array(release.hours, np.int64) * NS_PER_HOUR
        start = (days[:, None] * NS_PER_DAY + spans[:, 0] + release.offset_ns).ravel()
        length = np.maximum(spans[:, 1] - spans[:, 0] - release.offset_ns, 0)
        most = np.tile(-(-length // release.period_ns), len(days))
        inside = np.clip(-(-(draw.horizon_ns - start) // release.period_ns), 0, most)
        return Runs(start, np.full(len(start), release.period_ns), inside)

    def _stream(self, stream: Stream) -> Pieces:
        """One run of windows per span in which the stream is open; a window ends inside its span."""
        spans = self.draw.openings[stream.gate, stream.hold_ns].spans
        first_end = spans.start_ns + stream.start_up_ns + stream.window_ns
        count = np.maximum(0, (spans.end_ns - first_end) // stream.hop_ns + 1)
        start = np.maximum(first_end - stream.lead_ns, spans.start_ns)
        count = np.clip(-(-(self.draw.horizon_ns - start) // stream.hop_ns), 0, count)
        return pieces(Runs(start, np.full(len(start), stream.hop_ns), count), self.draw.stretch)

    def _gate(self, release: GateOpen) -> Part:
        spans = self.draw.openings[release.gate, release.hold_ns].begun
        count = len(spans)
        ones, row = np.ones(count, np.int64), np.zeros(count, np.int64)
        listening = np.maximum(0, spans.end_ns - spans.start_ns - release.start_up_ns)
        return Part(Runs(spans.start_ns, ones, ones), np.arange(count), np.full(count, -1), row, row,
                    duration_ns=listening)

    def _windows(self, task: TaskWorld, found: Pieces, window_ns: int, lead_ns: int) -> Part:
        """Releases that follow the clock, with the windows in which something can happen as candidates."""
        runs = found.runs
        total = int(runs.count.sum())
        if task.cascade is None:
            chosen = np.arange(total if task.success_fraction < 1.0 else 0, dtype=np.int64)
            return self._part(task, runs, chosen, np.full(len(chosen), -1), continues=found.continues)
        cascade = self.draw.spec.cascade(task.cascade)
        labels, playing = self._playing(task, cascade)
        generator = self.draw.streams.generator("event rows", f"{task.name}/{cascade.name}")
        seen = event_windows(cascade, labels, playing, found, window_ns, lead_ns, generator)
        quiet = self._background_windows(task, cascade, runs, total, lead_ns)
        ordinal, event, row = _together(seen, quiet)
        return self._part(task, runs, ordinal, event, row, row, cascade, found.continues)

    def _playing(self, task: TaskWorld, cascade: CascadeWorld) -> tuple[list[str], Playing]:
        """Events that windows may touch, with their clips, and the labels they are numbered by."""
        draw = self.draw
        named = [kind.label_of.get(cascade.name) for kind in draw.spec.events]
        labels = [label for label in dict.fromkeys(named) if label is not None and label in cascade.clips]
        number = np.array([labels.index(label) if label in labels else -1 for label in named], np.int64)
        known = slice(self._first, len(draw.kind))
        kind = draw.kind[known]
        label = number[kind] if len(number) else np.empty(0, np.int64)
        return labels, Playing(np.arange(self._first, len(draw.kind)), draw.onset_ns[known], draw.end_ns[known],
                               label, self._share[f"{task.name}/{cascade.name}"])

    def _background_windows(self, task: TaskWorld, cascade: CascadeWorld, runs: Runs, total: int, lead_ns: int
                            ) -> scores.Found:
        """Candidates among the windows without an event."""
        draw = self.draw
        if cascade.outcomes is not None:
            return self._outcomes(task, cascade, total)
        parts: list[scores.Found] = []
        free = Ranges(np.array([0]), np.array([total]))
        for label, share in cascade.background.items():
            if share is None:
                continue
            spans = draw.backgrounds[cascade.name, label].spans
            inside, free = free.split(windows_inside(runs, spans, lead_ns))
            parts.append(self._background(task, cascade, label, inside))
        rest = next((label for label, share in cascade.background.items() if share is None), None)
        if rest is not None:
            parts.append(self._background(task, cascade, rest, free))
        if not parts:
            return scores.nothing()
        return scores.Found(np.concatenate([part.ordinal for part in parts]),
                            np.concatenate([part.row for part in parts]))

    def _background(self, task: TaskWorld, cascade: CascadeWorld, label: str, windows: Ranges) -> scores.Found:
        """Candidates among the windows of one background label."""
        found = scores.background(cascade, label, windows.count, self.draw.streams, task.name)
        return scores.Found(windows.number(found.ordinal), found.row)

    def _outcomes(self, task: TaskWorld, cascade: CascadeWorld, total: int) -> scores.Found:
        shares = cascade.outcomes
        if shares is None:
            return scores.nothing()
        if self.draw.spec.even:
            return scores.even_outcomes(shares, total, cascade.level_count)
        generator = self.draw.streams.generator("outcomes", f"{task.name}/{cascade.name}")
        return scores.random_outcomes(shares, total, cascade.level_count, generator)

    def _triggered(self, task: TaskWorld, release: OnInterrupt | OnEvent) -> Part:
        """Releases by interrupts or events: every one is a candidate."""
        draw = self.draw
        if isinstance(release, OnInterrupt):
            found = draw.interrupts[release.sensor]
            time, event = found.time_ns, found.event
        else:
            event = draw.new_of([kind.name == release.kind for kind in draw.spec.events])
            time = draw.onset_ns[event]
        locked = self._locked(task, time)
        if locked.any():
            time, event = time[~locked], event[~locked]
        ones = np.ones(len(time), np.int64)
        runs = Runs(time, ones, ones)
        ordinal = np.arange(len(time), dtype=np.int64)
        if task.cascade is None:
            return self._part(task, runs, ordinal, event)
        cascade = draw.spec.cascade(task.cascade)
        late_row = self._background_rows(task, cascade, len(time))
        row = late_row.copy()
        if cascade.outcomes is None:
            self._fill_event_rows(task, cascade, event, row)
        return self._part(task, runs, ordinal, event, row, late_row, cascade)

    def _locked(self, task: TaskWorld, time_ns: IntArray) -> NDArray[np.bool_]:
        """Which releases fall into a lock-out of their task."""
        lock = self.draw.locks.get(task.name)
        if lock is None or not len(lock.spans):
            return np.zeros(len(time_ns), bool)
        last = np.searchsorted(lock.spans.start_ns, time_ns, side="left") - 1
        return np.asarray((last >= 0) & (time_ns <= lock.spans.end_ns[np.maximum(last, 0)]), bool)

    def _background_rows(self, task: TaskWorld, cascade: CascadeWorld, count: int) -> IntArray:
        row = np.full(count, NOTHING_ROW)
        if cascade.outcomes is not None:
            found = self._outcomes(task, cascade, count)
            row[found.ordinal] = found.row
            return row
        rest = next((label for label, share in cascade.background.items() if share is None), None)
        clips = cascade.clips.get(rest) if rest else None
        if rest and clips is not None and clips.count:
            generator = self.draw.streams.generator("late", f"{task.name}/{cascade.name}")
            row = cascade.first_row[rest] + generator.integers(0, len(clips.score), count)
        return row

    def _fill_event_rows(self, task: TaskWorld, cascade: CascadeWorld, event: IntArray, row: IntArray) -> None:
        """One row per event, of a clip of its label."""
        labels, playing = self._playing(task, cascade)
        known = np.flatnonzero(event >= 0)
        place = event.take(known) - self._first
        label = playing.label.take(place)
        for number, name in enumerate(labels):
            clips = cascade.clips[name]
            own = np.flatnonzero(label == number)
            if not len(own) or not clips.count:
                continue
            share = playing.clip_share.take(place.take(own), axis=0)
            clip = (share[:, 0] * clips.count).astype(np.int64)
            inside = (share[:, 1] * clips.size.take(clip)).astype(np.int64)
            row[known.take(own)] = cascade.first_row[name] + clips.first_row.take(clip) + inside

    def _part(self, task: TaskWorld, runs: Runs, ordinal: IntArray, event: IntArray, row: IntArray | None = None,
              late_row: IntArray | None = None, cascade: CascadeWorld | None = None, continues: bool = False) -> Part:
        """The part of a task, with the attempts of its radio."""
        draw, none = self.draw, np.zeros(len(ordinal), np.int64)
        row = none if row is None else row
        return Part(runs, ordinal, event, row, row if late_row is None else late_row,
                    NO_SCORES if cascade is None else cascade.table,
                    attempts=draw.attempts(task, len(ordinal), draw.streams), continues=continues)


def _together(seen: Seen, quiet: scores.Found) -> tuple[IntArray, IntArray, IntArray]:
    """(ordinal, event, row) of windows with an event and of those without; the event stays where both have one."""
    ordinal = np.concatenate([seen.ordinal, quiet.ordinal])
    order = np.argsort(ordinal, kind="stable")
    ordinal = ordinal.take(order)
    fresh = np.ones(len(ordinal), bool)
    np.not_equal(ordinal[1:], ordinal[:-1], out=fresh[1:])
    ordinal, order = ordinal[fresh], order[fresh]
    event = np.full(len(ordinal), -1)
    event[order < len(seen.event)] = seen.event
    return ordinal, event, np.concatenate([seen.row, quiet.row]).take(order)
