"""Draws Worlds, one stretch of time after the other: events, what the sensors make of them, the releases of tasks.

Each stretch has random streams of its own, so that it can be drawn when it is needed and forgotten afterwards; what
goes on at its end goes on in the next. The World of a long horizon is that of its stretches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import IntArray
from powerplan.plan.world import Activations, Block, Events, World
from powerplan.workload.arrivals import STRETCH_NS, Interrupts, Lock, Stretch, no_spans
from powerplan.workload.columns import Column
from powerplan.workload.parts import Gathered, Part
from powerplan.workload.releases import Releases
from powerplan.workload.sources import Arrivals, Bouts, LockOut, Opening, Sensor
from powerplan.workload.spec import (
    CascadeWorld,
    GateOpen,
    OnEvent,
    OnInterrupt,
    Spawned,
    StateKind,
    Stream,
    TaskWorld,
    WorldSpec,
)
from powerplan.workload.streams import Streams

SPAWN_DRAWS = 4096
"""Attempts drawn for a task that others release; repeated when more are needed."""


class Draw:
    """The drawing of one World. All chance comes from `Streams`."""

    def __init__(self, spec: WorldSpec, horizon_ns: int, seed: int, replica: int) -> None:
        self.spec, self.horizon_ns, self.seed, self.replica = spec, horizon_ns, seed, replica
        self.states = {kind.name: Bouts(kind, spec.even) for kind in spec.states}
        self.backgrounds = {(cascade.name, label): self.states.get(label) or Bouts(
            StateKind(f"{cascade.name}/{label}", share, 3_600_000_000_000), spec.even)
            for cascade in spec.cascades for label, share in cascade.background.items() if share is not None}
        self.arrivals = [Arrivals(kind, number, spec.even) for number, kind in enumerate(spec.events)]
        self.sensors = {name: Sensor(name, given, spec.even) for name, given in spec.sensors.items()}
        self.openings = {key: Opening(*key, horizon_ns) for key in dict.fromkeys(_gates(spec))}
        self.locks = {task.name: LockOut(task.lock_out, Lock(), no_spans()) for task in spec.tasks if task.lock_out}
        self._columns = tuple(Column(np.int64) for _ in range(3))
        self.kind, self.onset_ns, self.end_ns = (column.values for column in self._columns)
        self.noticed = np.zeros((0, len(spec.cascades)), bool)
        self.first_new = 0
        """Number of the first event of the present stretch."""
        self.interrupts: dict[str, Interrupts] = {}
        self.releases = Releases(self)
        self.spawn_attempts = tuple(self._spawn_attempts(task) for task in spec.tasks)

    def blocks(self, length_ns: int, bin_count: int) -> Iterator[Block]:
        """The stretches of the World, one after the other."""
        for drawn in self._stretches(length_ns):
            yield Block(self._world([Gathered(part) for part in drawn], bin_count),
                        tuple(part.continues for part in drawn))

    def world(self, length_ns: int, bin_count: int) -> World:
        """The World of all stretches."""
        stretches = self._stretches(length_ns)
        gathered = [Gathered(part, self._ahead) for part in next(stretches)]
        for drawn in stretches:
            for task, part in zip(gathered, drawn, strict=True):
                task.add(part, self._ahead)
        return self._world(gathered, bin_count)

    def _stretches(self, length_ns: int) -> Iterator[list[Part]]:
        """What every task meets in one stretch after the other."""
        for number, start_ns in enumerate(range(0, max(self.horizon_ns, 1), length_ns)):
            stretch = Stretch(number, start_ns, min(start_ns + length_ns, self.horizon_ns))
            self._advance(stretch, Streams(self.seed, self.replica, number))
            yield [self.releases.of(task) for task in self.spec.tasks]

    @property
    def _ahead(self) -> float:
        """How many times as much there will be of everything in the end."""
        return self.horizon_ns / max(self.stretch.end_ns, 1)

    def _world(self, gathered: list[Gathered], bin_count: int) -> World:
        """The World of these releases of every task, which ends with the present stretch."""
        tasks = tuple(task.activations() for task in gathered)
        return World(self.stretch.end_ns, bin_count, self._known(tasks), tasks, self.spawn_attempts)

    def _advance(self, stretch: Stretch, streams: Streams) -> None:
        """Everything that happens in the next stretch."""
        self.stretch, self.streams = stretch, streams
        for bouts in dict.fromkeys([*self.states.values(), *self.backgrounds.values()]):
            bouts.advance(stretch, streams)
        self.first_new = len(self.kind)
        self._add_events([arrivals.advance(stretch, streams, self.states) for arrivals in self.arrivals])
        self.interrupts = {name: sensor.advance(self._causes(name), stretch, streams)
                           for name, sensor in self.sensors.items()}
        for opening in self.openings.values():
            opening.advance(stretch, self.interrupts)
        for lock in self.locks.values():
            counting = self.new_of([kind.name in lock.rule.kinds for kind in self.spec.events])
            lock.advance(self.onset_ns[counting], stretch)
        self.releases.advance()

    def _add_events(self, found: list[IntArray]) -> None:
        if not found:
            return
        kind = np.repeat(np.arange(len(found)), [len(part) for part in found])
        onset, end = np.concatenate(found).T
        order = np.argsort(onset, kind="stable")
        for column, new in zip(self._columns, (kind, onset, end), strict=True):
            column.add(new.take(order), self._ahead)
        self.kind, self.onset_ns, self.end_ns = (column.values for column in self._columns)

    def new_of(self, wanted: list[bool]) -> IntArray:
        """Numbers of the new events whose kind is wanted."""
        if self.first_new == len(self.kind):
            return np.empty(0, np.int64)
        return self.first_new + np.flatnonzero(np.array(wanted).take(self.kind[self.first_new:]))

    def _causes(self, sensor: str) -> Interrupts:
        """What can set off a sensor: new events, and lasting states that begin."""
        number = self.new_of([sensor in kind.seen_by for kind in self.spec.events])
        spans = [self.states[kind.name].begun for kind in self.spec.states if sensor in kind.seen_by]
        start = np.concatenate([self.onset_ns[number], *(span.start_ns for span in spans)])
        end = np.concatenate([self.end_ns[number], *(span.end_ns for span in spans)])
        event = np.concatenate([number, *(np.full(len(span), -1) for span in spans)])
        return Interrupts(start.astype(np.int64), event.astype(np.int64), end.astype(np.int64))

    def _known(self, drawn: tuple[Activations, ...]) -> Events:
        """All events so far, and which of them nothing has noticed yet."""
        count, cascades = len(self.kind), self.spec.cascades
        self.noticed = np.concatenate([self.noticed, np.zeros((count - len(self.noticed), len(cascades)), bool)])
        target, missed = np.zeros((count, len(cascades)), bool), np.zeros((count, len(cascades)), bool)
        for column, cascade in enumerate(cascades):
            wanted = np.array([kind.label_of.get(cascade.name) == cascade.target is not None
                               for kind in self.spec.events], bool)
            target[:, column] = wanted.take(self.kind) if count else False
            if self._waits_for_interrupt(cascade):
                self._notice(cascade, column, drawn)
                missed[:, column] = ~self.noticed[:, column]
        return Events(tuple(kind.name for kind in self.spec.events), self.kind, self.onset_ns, self.end_ns, target,
                      missed)

    def _waits_for_interrupt(self, cascade: CascadeWorld) -> bool:
        """Whether an interrupt must release the cascade's tasks."""
        releases = [task.release for task in self.spec.tasks if task.cascade == cascade.name]
        return any(release.gate is not None if isinstance(release, Stream)
                   else isinstance(release, OnInterrupt | OnEvent) for release in releases)

    def _notice(self, cascade: CascadeWorld, column: int, drawn: tuple[Activations, ...]) -> None:
        """Note the events that the cascade's tasks were released for."""
        for task, found in zip(self.spec.tasks, drawn, strict=True):
            if task.cascade == cascade.name:
                self.noticed[found.event[found.event >= 0], column] = True

    def attempts(self, task: TaskWorld, count: int, streams: Streams) -> IntArray | None:
        """Attempts until one gets through, at most the limit; None: evenly spaced runs take one."""
        if task.success_fraction >= 1.0 or self.spec.even:
            return None
        drawn = streams.generator("attempts", task.name).geometric(task.success_fraction, count)
        return np.minimum(drawn, task.attempt_limit).astype(np.int64)

    def _spawn_attempts(self, task: TaskWorld) -> IntArray:
        if not isinstance(task.release, Spawned) or task.success_fraction >= 1.0:
            return np.empty(0, np.int64)
        drawn = self.attempts(task, SPAWN_DRAWS, Streams(self.seed, self.replica))
        return np.ones(SPAWN_DRAWS, np.int64) if drawn is None else drawn


def _gates(spec: WorldSpec) -> Iterator[tuple[str | None, int]]:
    for task in spec.tasks:
        if isinstance(task.release, Stream | GateOpen):
            yield task.release.gate, task.release.hold_ns


def draw_blocks(spec: WorldSpec, horizon_ns: int, seed: int, replica: int = 0, bin_count: int | None = None
                ) -> Iterator[Block]:
    """The World of one replica in stretches of four weeks; evenly spaced worlds come in one.

    `bin_count` is the number of hours after which the ledger of engines repeats: by default a week, a day for short
    horizons.
    """
    return Draw(spec, horizon_ns, seed, replica).blocks(_stretch_ns(spec, horizon_ns), bin_count or _bins(horizon_ns))


def draw_world(spec: WorldSpec, horizon_ns: int, seed: int, replica: int = 0) -> World:
    """The World of one replica: the same arguments give the same World."""
    return Draw(spec, horizon_ns, seed, replica).world(_stretch_ns(spec, horizon_ns), _bins(horizon_ns))


def _stretch_ns(spec: WorldSpec, horizon_ns: int) -> int:
    """How much is drawn at once."""
    return max(horizon_ns, 1) if spec.even else STRETCH_NS


def _bins(horizon_ns: int) -> int:
    """Hours after which the load is taken to repeat."""
    return 168 if horizon_ns >= 7 * NS_PER_DAY else 24
