"""What a task does, as a line of segments: for a time, these parts are held in these states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from powerplan.components.base import Request, Step
from powerplan.lowering.parts import LoweredPart
from powerplan.model.scenario import Do
from powerplan.plan.builder import Phase
from powerplan.plan.codes import Guard, Mark, Stage

STAGES = {"wake": Stage.WAKE, "capture": Stage.CAPTURE, "features": Stage.FEATURES, "action": Stage.ACTION,
          "send": Stage.SEND, "level1": Stage.LEVEL1, "level2": Stage.LEVEL2, "level3": Stage.LEVEL3,
          "level4": Stage.LEVEL4}


NO_PROCESSOR = "the scenario has no part of kind mcu or board; add one under `parts:`, as in mcu: {profile: nrf52840}"


@dataclass(frozen=True)
class Segment:
    """A stretch of time in which nothing changes."""

    duration_ns: int
    stage: Stage
    states: dict[str, str] = field(default_factory=dict)
    """Part held -> its state."""
    marks: int = 0
    attempt_first: bool = False
    attempt_last: bool = False
    """The end of one radio attempt; a further one starts again at the last `attempt_first`."""
    retry_after_ns: int = 0
    """Of the end of an attempt: how long a message is kept before it is tried again."""
    retry: tuple[Segment, ...] = ()
    """What comes before that further attempt: the time it is kept, and waking up again."""
    computes: frozenset[str] = frozenset()
    """Processors that run during the segment."""


@dataclass(frozen=True)
class Kit:
    """The parts a task works with."""

    parts: dict[str, LoweredPart]
    processor: str | None
    """The processor drivers and models run on unless they say otherwise."""
    refuse: Callable[[str], Exception]
    """Makes the error for something that the step at hand cannot do."""

    def part(self, name: str) -> LoweredPart:
        """The part of that name."""
        if name not in self.parts:
            raise self.refuse(f"there is no part {name!r}; the parts are {', '.join(self.parts)}")
        return self.parts[name]


def segments_of(step: Do, kit: Kit) -> list[Segment]:
    """Segments of one step, the cascade verb excepted."""
    if step.parallel is not None:
        return _side_by_side(step.parallel, kit)
    if step.wait is not None:
        return [Segment(step.wait.duration_ns, Stage.OTHER)]
    verb = step.verb
    part = kit.part(getattr(step, verb))
    steps = part.steps(Request(verb, arguments_of(step)))
    segments = [_segment(part, one, kit, step) for one in steps]
    takes_data = verb in ("capture", "sample") or step.stage == "capture"
    acts = verb in ("run", "send") and step.stage in (None, "action")
    if acts and segments:
        segments[0] = replace(segments[0], marks=segments[0].marks | Mark.ACTION)
    if takes_data and segments:
        segments[-1] = replace(segments[-1], marks=segments[-1].marks | Mark.SAMPLE)
    if verb == "send" and segments:
        segments[0] = replace(segments[0], attempt_first=True)
        kept = getattr(part.part.options, "retry_after", None)
        segments[-1] = replace(segments[-1], attempt_last=True, retry_after_ns=kept.duration_ns if kept else 0)
    return segments


def arguments_of(step: Do) -> dict[str, float | int | str]:
    """Arguments of a request as a part takes them, in SI units."""
    given: dict[str, float | int | str] = {}
    if step.for_ is not None:
        given["duration_ns"] = step.for_.duration_ns
    if step.bytes is not None:
        given["data_bytes"] = round(step.bytes.typ)
    if step.frames is not None:
        given["frames"] = step.frames
    if step.mode is not None:
        given["mode"] = step.mode
    if step.energy is not None:
        given["energy_j"] = step.energy.typ
    if step.stage is not None:
        given["stage"] = step.stage
    return given


def _segment(part: LoweredPart, step: Step, kit: Kit, do: Do) -> Segment:
    states = {part.name: step.state}
    computes = frozenset({part.name} if step.needs_cpu and do.verb == "compute" else ())
    if step.needs_cpu and not computes:
        if kit.processor is None:
            raise kit.refuse(f"{part.name} needs a processor, and {NO_PROCESSOR}")
        states[kit.processor] = "run"
        computes = frozenset({kit.processor})
    stage = STAGES.get(do.stage or step.stage, Stage.OTHER)
    return Segment(step.duration_ns, stage, states, computes=computes)


def _side_by_side(steps: Sequence[Do], kit: Kit) -> list[Segment]:
    """Branches merged into one line; an open-ended `run` lasts as long as the longest of the others."""
    open_ended = [step for step in steps if step.run is not None and step.for_ is None]
    lines = [segments_of(step, kit) for step in steps if step not in open_ended]
    longest_ns = max((sum(segment.duration_ns for segment in line) for line in lines), default=0)
    if open_ended and not longest_ns:
        raise kit.refuse("a `run` without `for` needs something beside it that ends")
    for step in open_ended:
        part = kit.part(str(step.run))
        request = Request("run", {"duration_ns": longest_ns})
        lines.append([_segment(part, one, kit, step) for one in part.steps(request)])
    edges = sorted({0, longest_ns, *(at for line in lines for at in _ends(line))})
    merged = []
    for start_ns, end_ns in pairwise(edges):
        present = [segment for line in lines if (segment := _at(line, start_ns)) is not None]
        starting = [segment for line in lines for at, segment in zip(_starts(line), line, strict=True)
                    if at == start_ns]
        states: dict[str, str] = {}
        for segment in present:
            taken = set(states) & set(segment.states)
            if any(states[name] != segment.states[name] for name in taken):
                raise kit.refuse(f"{', '.join(sorted(taken))} cannot do two things at the same time")
            states |= segment.states
        marks = 0
        for segment in starting:
            marks |= segment.marks
        merged.append(Segment(end_ns - start_ns, present[0].stage, states, marks,
                              computes=frozenset().union(*(segment.computes for segment in present))))
    return merged


def _ends(line: Sequence[Segment]) -> list[int]:
    ends, at = [], 0
    for segment in line:
        at += segment.duration_ns
        ends.append(at)
    return ends


def _starts(line: Sequence[Segment]) -> list[int]:
    return [0, *_ends(line)[:-1]]


def _at(line: Sequence[Segment], time_ns: int) -> Segment | None:
    for start_ns, end_ns, segment in zip(_starts(line), _ends(line), line, strict=True):
        if start_ns <= time_ns < end_ns:
            return segment
    return None


def with_waking(segments: Sequence[Segment], kit: Kit, asleep: bool = True) -> list[Segment]:
    """The same line with a wake-up before every stretch in which a processor that slept has to run."""
    line: list[Segment] = []
    awake: frozenset[str] = frozenset() if asleep else frozenset(kit.parts)
    again: frozenset[str] = frozenset()
    for segment in segments:
        for name in sorted(segment.computes - awake):
            line.extend(_wake(kit.part(name), line))
        again = segment.computes if segment.attempt_first else again
        line.append(_kept(segment, again, kit) if segment.retry_after_ns else segment)
        awake = segment.computes
    return line


def with_switching_on(segments: Sequence[Segment], kit: Kit) -> list[Segment]:
    """The same for a task that looks at nothing: its processor wakes even to switch on what then acts by itself."""
    line = with_waking(segments, kit)
    if not line or line[0].computes or kit.processor is None or not line[0].marks & Mark.ACTION:
        return line
    return [*_wake(kit.part(kit.processor), []), *line]


def _kept(segment: Segment, computing: frozenset[str], kit: Kit) -> Segment:
    """The end of an attempt, with what comes before the next: nothing is held while the message is kept, and the
    processor wakes to try again."""
    waking = sorted(computing) or ([kit.processor] if kit.processor is not None else [])
    woken = [one for name in waking for one in _wake(kit.part(name), [])]
    return replace(segment, retry=(Segment(segment.retry_after_ns, Stage.OTHER), *woken))


def _wake(processor: LoweredPart, line: Sequence[Segment]) -> list[Segment]:
    if not hasattr(processor.part, "wake_step"):
        return []
    step = processor.part.wake_step(processor.use)
    kept = {}
    if line and line[-1].states:
        kept = {name: state for name, state in line[-1].states.items() if name != processor.name}
    if not step.duration_ns:
        return []
    return [Segment(step.duration_ns, Stage.WAKE, {**kept, processor.name: step.state},
                    computes=frozenset({processor.name}))]


def phases_of(segments: Sequence[Segment], exclusive: Sequence[frozenset[str]], offset: int = 0) -> list[Phase]:
    """Phases of a line of segments that starts at position `offset` of its task.

    A radio attempt that fails starts again where it began, at once or after the time its message is kept.
    """
    phases: list[Phase] = []
    attempt_start = offset
    for segment in segments:
        if segment.attempt_first:
            attempt_start = offset + len(phases)
        phase = _phase(segment, exclusive)
        phases.append(phase)
        if segment.attempt_last:
            phase.guard, phase.on_fail = Guard.ATTEMPT, attempt_start
        if segment.retry:
            phase.on_fail = offset + len(phases)
            phase.on_pass = phase.on_fail + len(segment.retry)
            phases.extend(_phase(one, exclusive) for one in segment.retry)
            phases[-1].on_pass = attempt_start
    return phases


def _phase(segment: Segment, exclusive: Sequence[frozenset[str]]) -> Phase:
    held = set(segment.states)
    groups = {f"exclusive_{number}" for number, members in enumerate(exclusive) if members & held}
    return Phase(segment.duration_ns, segment.stage, frozenset(held | groups), tuple(sorted(segment.states.items())),
                 marks=segment.marks)
