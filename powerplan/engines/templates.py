"""What an activation does that nothing disturbs, as a tree of its decisions with all effects of every way through it.

Once the scores, the refractory time and the attempts have chosen a way, an undisturbed activation does the same at the
same offsets from its start as any other that took this way. The fast engine adds up such a template instead of walking
the phases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from powerplan.engines.per_plan import once_per_plan
from powerplan.engines.stays import Stay, Walk
from powerplan.plan.codes import Guard, Mark, Stage
from powerplan.plan.plan import END, Plan
from powerplan.plan.world import World

ATTEMPTS = 3
"""Attempts of a radio that templates hold; activations that need more are walked."""
LEAVES = 32


@dataclass(frozen=True)
class Leaf:
    """One way through the phases of a task, from start to end."""

    duration_ns: int
    touches: int
    """Bit set of the parts held or changed; all of them rest before and after."""
    held: int
    """Bit set of the parts held from the start to the end."""
    stays: tuple[Stay, ...]
    first_change_ns: int
    """Offset of the first change of state, -1 where it changes none."""
    last_change_ns: int
    entered: tuple[int, ...]
    """States entered, in order, with repeats."""
    seen: tuple[int, ...]
    """Levels asked."""
    passed: tuple[int, ...]
    """Levels that let the sample pass."""
    sample_ns: int
    """Offset of the last look at the world, -1 where there is none."""
    decided_ns: int
    """Offset of the last decision of the cascade, -1 where there is none."""
    action_ns: int
    """Offset of the first visible action, -1 where there is none."""
    spawn: int
    """Task released at the end, or -1."""
    stage_ns: tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """A decision. The followers are numbers of nodes, or -1 - the number of a leaf."""

    guard: int
    level: int
    offset_ns: int
    sample_ns: int
    """Offset of the last look at the world before it, -1 where there is none."""
    attempt: int
    """Attempts made so far, this one included."""
    passed: int
    failed: int


@dataclass
class Template:
    """All ways through one task."""

    nodes: list[Node] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    root: int = 0
    whole: bool = True
    """Every way could be followed; the leaves of those that could not last -1."""
    tries: int = 0
    """Attempts held, 0 where the task makes none."""
    plain: bool = True
    """No phase lasts as long as the World says; otherwise it holds for activations without draws only."""
    idle: int = -1
    """Leaf of an activation that every level rejects, -1 where that depends on more."""

    @property
    def touches(self) -> int:
        """Parts that any way touches, as a bit set."""
        bits = 0
        for leaf in self.leaves:
            bits |= leaf.touches
        return bits

    @property
    def held(self) -> int:
        """Parts that every way holds from its start to its end, as a bit set; none where an action may follow."""
        bits = -1
        for leaf in self.leaves:
            bits &= leaf.held if leaf.spawn < 0 else 0
        return bits if self.whole else 0


@once_per_plan
def templates(plan: Plan) -> list[Template]:
    """The template of every task."""
    return [_template(plan, task) for task in range(len(plan.task_names))]


def idle_leaf(plan: Plan, world: World, task: int) -> int:
    """Leaf of the releases of a task that are counted and not played, -1 where there are none."""
    template = templates(plan)[task]
    if plan.task_parent[task] >= 0 or plan.task_records[task] or (template.tries and len(world.spawn_attempts[task])):
        return -1
    return template.idle


def idle_leaves(plan: Plan, world: World) -> list[Leaf | None]:
    """The activation that is counted and not played, of every task; None where there is none."""
    found = [idle_leaf(plan, world, task) for task in range(len(plan.task_names))]
    return [templates(plan)[task].leaves[leaf] if leaf >= 0 else None for task, leaf in enumerate(found)]


def _template(plan: Plan, task: int) -> Template:
    own = plan.phase_task == task
    made = Template(plain=not bool(plan.phase_drawn_duration[own].any()),
                    tries=ATTEMPTS if (plan.phase_guard[own] == Guard.ATTEMPT).any() else 0)
    made.root = _Way(plan, made).follow(int(plan.task_entry[task]))
    made.idle = _idle(made)
    return made


def _idle(made: Template) -> int:
    """The leaf that an activation without a candidate comes to, -1 where it decides or cannot be followed."""
    place = made.root
    while place >= 0:
        node = made.nodes[place]
        if node.guard == Guard.DECIDE:
            return -1
        place = node.failed if node.guard in (Guard.LEVEL, Guard.ACCEPT) else node.passed
    leaf = made.leaves[-1 - place]
    return -1 - place if leaf.spawn < 0 and leaf.duration_ns >= 0 else -1


class _Way:
    """The state of a device part of the way through an activation; branches where a guard decides."""

    def __init__(self, plan: Plan, made: Template) -> None:
        self.plan, self.made, self.walk = plan, made, Walk(plan)
        self.at_ns, self.held, self.attempt, self.steps = 0, 0, 0, 0
        self.always_held = -1
        """Parts held in all phases up to the last one that takes time or asks for parts."""
        self.held_so_far = -1
        """Parts held in all phases, those of the present instant included."""
        self.sample_ns, self.decided_ns, self.action_ns, self.spawn = -1, -1, -1, -1
        self.seen: tuple[int, ...] = ()
        self.passed: tuple[int, ...] = ()
        self.stage_ns = [0] * len(Stage)

    def branch(self) -> _Way:
        """An independent copy."""
        other = _Way.__new__(_Way)
        other.__dict__.update(self.__dict__)
        other.walk, other.stage_ns = self.walk.copy(), list(self.stage_ns)
        return other

    def follow(self, phase: int) -> int:
        """Go on from a phase; returns the number of the next node, or -1 - that of the leaf."""
        plan, made = self.plan, self.made
        while phase != END:
            self.steps += 1
            if self.spawn >= 0 or self.steps > len(plan.phase_task) * (ATTEMPTS + 1) or len(made.leaves) > LEAVES:
                made.whole = False
                return self.leaf(lasts_ns=-1)
            self.play(phase)
            guard = int(plan.phase_guard[phase])
            if guard != Guard.NONE:
                return self.decide(phase, guard)
            self.release(phase)
            phase = int(plan.phase_on_pass[phase])
        return self.end()

    def play(self, phase: int) -> None:
        """The phase itself, up to its guard."""
        plan, walk = self.plan, self.walk
        holds, marks = int(plan.phase_holds[phase]), int(plan.phase_marks[phase])
        walk.give_back(self.held & ~holds, self.at_ns)
        asks = holds & ~self.held
        self.held = holds
        self.held_so_far &= holds
        walk.touches |= holds
        if marks & Mark.SAMPLE:
            self.sample_ns = self.at_ns
        if marks & Mark.ACTION and self.action_ns < 0:
            self.action_ns = self.at_ns
        for state in plan.set_state[plan.phase_set_first[phase]:plan.phase_set_first[phase + 1]].tolist():
            walk.enter(state, self.at_ns)
        lasts_ns = 0 if plan.phase_drawn_duration[phase] else int(plan.phase_duration_ns[phase])
        self.stage_ns[int(plan.phase_stage[phase])] += lasts_ns
        if lasts_ns or asks:
            self.always_held = self.held_so_far
        self.at_ns += lasts_ns

    def release(self, phase: int) -> None:
        """The action a passed guard asks for; it may only be the last thing that happens."""
        self.spawn = int(self.plan.phase_spawn[phase])

    def decide(self, phase: int, guard: int) -> int:
        """Both branches of a guard."""
        plan, made = self.plan, self.made
        asks = guard in (Guard.LEVEL, Guard.ACCEPT)
        level = int(plan.phase_level[phase]) if asks else -1
        if asks:
            self.seen += (level,)
        self.attempt += guard == Guard.ATTEMPT
        node, number = Node(guard, level, self.at_ns, self.sample_ns, self.attempt, 0, 0), len(made.nodes)
        made.nodes.append(node)
        if guard == Guard.DECIDE:
            self.decided_ns = self.at_ns
        yes, no = self.branch(), self
        if guard == Guard.LEVEL:
            no.decided_ns = self.at_ns
        yes.passed += (level,) * asks
        yes.release(phase)
        passed = yes.follow(int(plan.phase_on_pass[phase]))
        exhausted = guard == Guard.ATTEMPT and self.attempt >= ATTEMPTS
        failed = passed if exhausted else no.follow(int(plan.phase_on_fail[phase]))
        made.nodes[number] = replace(node, passed=passed, failed=failed)
        return number

    def end(self) -> int:
        """All parts must rest again."""
        self.walk.give_back(self.held, self.at_ns)
        if self.walk.rests():
            return self.leaf(self.at_ns)
        self.made.whole = False
        return self.leaf(lasts_ns=-1)

    def leaf(self, lasts_ns: int) -> int:
        """The way ends here; returns -1 - the number of its leaf."""
        walk, made = self.walk, self.made
        stays, first_ns, last_ns = walk.stays()
        held = self.always_held if self.at_ns else 0
        made.leaves.append(Leaf(lasts_ns, walk.touches, held, stays, first_ns, last_ns, walk.entered, self.seen,
                                self.passed, self.sample_ns, self.decided_ns, self.action_ns, self.spawn,
                                tuple(self.stage_ns)))
        return -len(made.leaves)
