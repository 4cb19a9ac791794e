"""A microcontroller: run points measured per clock, sleep states that keep RAM or do not, and waking up.

Neural-network code draws well above the headline figure, so a run point names its workload and the nearest to
neural-network work is taken. A core fed by a linear regulator is a constant current, one behind a switching
regulator a constant power.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from powerplan.components.base import Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.spec import (
    Part,
    PartOptions,
    ProfileSpec,
    Stated,
    Strict,
    did_you_mean,
    draw,
    has_draw,
    to_ns,
)
from powerplan.model.amount import Current, Data, Duration, Energy, Frequency, Power, Voltage
from powerplan.model.figure import Figure

Workload = Literal["neural_network", "simd", "coremark", "typical", "headline", "idle", "with_radio"]
RUN_WORKLOADS: tuple[Workload, ...] = ("neural_network", "simd", "coremark", "typical", "headline")
"""Nearest to neural-network code first; idle and radio points are not running a model."""
SWITCHING = frozenset({"smps", "buck"})
RUN_STATE = "run"
UNNAMED_SLEEP = "sleep"
"""Sleep state of a part that gives a sleep current and no name."""


class RunPoint(Strict):
    """The draw at one clock, with what the code did."""

    clock: Frequency
    regulator: Literal["ldo", "smps", "buck"] | None = None
    """What feeds the core; where nobody says, the point is a constant current."""
    workload: Workload
    supply: Voltage | None = None
    """Voltage the figure holds at."""
    code: str | None = None
    """What ran, and from which memory."""
    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    whole_board: bool = False
    """The figure includes everything on the board."""
    note: str | None = None


class SleepState(Strict):
    """A low-power state; what it keeps belongs to its name."""

    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    ram_kept: Data | None = None
    rtc: bool | None = None
    """Whether a real-time clock runs."""
    clock_source: str | None = None
    wake_time: Figure[Duration] | None = None
    """From the wake-up event to the first instruction."""
    restarts: bool = False
    """Waking is a reset: the program starts anew, the boot time comes on top."""
    whole_board: bool = False
    """The figure includes everything on the board."""
    note: str | None = None


class Extra(Strict):
    """Memory or a chip beside the core that a design may have or not (PSRAM, SDRAM, QSPI flash)."""

    sleep: Figure[Current] | None = None
    """While the core sleeps: self-refresh of a memory, standby of a flash."""
    run: Figure[Current] | None = None
    """While the core runs; without it the sleep figure flows on."""
    memory: Data | None = None
    note: str | None = None


class FlashWaits(Strict):
    """How many wait states the flash needs over the clock."""

    limits: tuple[Frequency, ...]
    """Highest clock without a wait state, with one, with two, ..."""
    cached: bool
    """Whether a cache or a prefetching accelerator stands between flash and core."""
    source: str
    where: str | None = None
    basis: Literal["datasheet", "measured", "derived", "assumed"]
    note: str | None = None


class Throughput(Strict):
    """One published inference result; the cost model reads these rows."""

    model: str
    dtype: str
    runtime: str
    clock: Frequency
    core: str | None = None
    macs: int | None = None
    """Multiply-accumulates of one inference."""
    latency: Duration
    energy: Energy | None = None
    power: Power | None = None
    """Mean power while energy was measured (its clock may differ from the latency run)."""
    supply: Voltage | None = None
    source: str
    basis: Literal["datasheet", "measured", "derived", "assumed"]
    note: str | None = None


class McuSpec(ProfileSpec):
    """Profile of a microcontroller or accelerator."""

    kind: Literal["mcu", "board"]
    core: Stated[str] | None = None
    """Core family: cortex-m33, xtensa-lx7, riscv."""
    isa: Stated[str] | None = None
    """Extensions that kernels use: dsp, helium, simd."""
    fpu: Stated[Literal["none", "single", "double"]] | None = None
    npu: Stated[str] | None = None
    clock_max: Figure[Frequency] | None = None
    flash: Figure[Data] | None = None
    ram: Figure[Data] | None = None
    flash_waits: FlashWaits | None = None
    """The inference takes fewer cycles at a clock with fewer wait states."""
    run: dict[str, RunPoint] = Field(default_factory=dict)
    run_current: Figure[Current] | None = None
    """One current for all running: wins over the run points."""
    run_power: Figure[Power] | None = None
    """One power for all running: wins over the run points."""
    sleep: dict[str, SleepState] = Field(default_factory=dict)
    default_sleep: str | None = None
    """Sleep state taken where the scenario names none."""
    boot_time: Figure[Duration] | None = None
    """From reset to the program's first line."""
    extras: dict[str, Extra] = Field(default_factory=dict)
    throughput: list[Throughput] = Field(default_factory=list)


class McuOptions(PartOptions):
    """What a scenario may say of a microcontroller."""

    clock: Frequency | None = None
    """Default: the highest clock with a figure nearest to neural-network work."""
    sleep: str | None = None
    """A sleep state of the profile, or `auto`: what takes the least energy between two periodic tasks, waking included,
    among the states with a clock."""
    regulator: Literal["ldo", "smps", "buck"] | None = None
    run: str | None = None
    """A run point by name, where clock and regulator do not settle it."""
    extras: list[str] = Field(default_factory=list)
    run_current: Current | None = None
    run_power: Power | None = None
    sleep_current: Current | None = None
    sleep_ram_kept: Data | None = None
    wake_time: Duration | None = None
    boot_time: Duration | None = None
    flash: Data | None = None
    ram: Data | None = None

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "run_current": "run_current",
        "run_power": "run_power",
        "boot_time": "boot_time",
        "flash": "flash",
        "ram": "ram",
        "sleep_current": "sleep.{sleep}.current",
        "wake_time": "sleep.{sleep}.wake_time",
    }

    def figure_key(self, option: str, data: Mapping[str, Any]) -> str:
        """Key path an option stands for; that of a sleep figure holds the name of the sleep state."""
        sleep = self.sleep or data.get("default_sleep") or UNNAMED_SLEEP
        return super().figure_key(option, data).format(sleep=sleep)


class Mcu(Part[McuSpec, McuOptions]):
    """A microcontroller; its states are the chosen sleep state, `run`, and `idle` where a figure exists."""

    @property
    def sleep_state(self) -> str:
        """Name of the sleep state between activities."""
        name = self.options.sleep or self.spec.default_sleep
        if name is None and UNNAMED_SLEEP in self.spec.sleep:
            return UNNAMED_SLEEP
        if name is None and not self.spec.sleep:
            raise self.missing("sleep_current")
        if name is None:
            raise self.refuse("sleep", "no sleep state is named", f"allowed: {', '.join(self.spec.sleep)}")
        if name not in self.spec.sleep:
            raise self.refuse("sleep", f'unknown sleep state "{name}"', did_you_mean(name, self.spec.sleep))
        return name

    @property
    def clock_hz(self) -> float | None:
        """Clock the core runs at, None where neither scenario nor profile says one. [Hz]"""
        if self.options.clock is not None:
            return self.options.clock.typ
        points = self._points()
        if points and not self._own_run_figure():
            return self._best(points).clock.typ
        return self.spec.clock_max.typ if self.spec.clock_max else None

    def flash_bytes(self, use: Use) -> int:
        """Program memory on the chip. [bytes]"""
        return round(use("flash"))

    def ram_bytes(self, use: Use) -> int:
        """Working memory on the chip. [bytes]"""
        return round(use("ram"))

    def lower(self, use: Use) -> Lowered:
        """The sleep state first, then `run`, then `idle` where the profile has it for this clock."""
        sleep_name = self.sleep_state
        sleep = self.spec.sleep[sleep_name]
        current_a, power_w = draw(self, f"sleep.{sleep_name}", use)
        kept = self.options.sleep_ram_kept or sleep.ram_kept
        states = [
            PowerState(
                sleep_name,
                current_a + self._extras_a("sleep", use) + self.beside_a(use, sleep.whole_board),
                power_w,
                None if kept is None else round(kept.typ),
            ),
            self._run_state(use),
        ]
        idle = self._idle_point()
        if idle is not None:
            current_a, power_w = self._point_draw(idle, use)
            whole_board = self.spec.run[idle].whole_board
            beside_a = self._extras_a("run", use) + self.beside_a(use, whole_board)
            states.append(PowerState("idle", current_a + beside_a, power_w))
        return Lowered(states)

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`compute` holds the running core for `duration_ns`; `wake` brings it there."""
        if request.verb == "wake":
            return [self.wake_step(use)]
        if request.verb != "compute" or "duration_ns" not in request.arguments:
            raise UnknownRequest(self.name, request.verb, "compute (duration_ns, stage), wake")
        stage = str(request.arguments.get("stage", "action"))
        return [Step(RUN_STATE, int(request.arguments["duration_ns"]), stage, needs_cpu=True)]

    def wake_step(self, use: Use) -> Step:
        """From the wake-up event to the first line of the program, at the running draw."""
        name = self.sleep_state
        wake_s = use(f"sleep.{name}.wake_time")
        if self.spec.sleep[name].restarts:
            wake_s += use("boot_time")
        return Step(RUN_STATE, to_ns(wake_s), "wake", needs_cpu=True)

    def beside_a(self, use: Use, whole_board: bool) -> float:  # noqa: ARG002
        """Current of what is soldered beside the chip; a bare chip has nothing. [A]"""
        return 0.0

    def _run_state(self, use: Use) -> PowerState:
        whole_board = False
        if self._own_run_figure():
            power_first = self.has("run_power") and not self.has("run_current")
            current_a, power_w = (0.0, use("run_power")) if power_first else (use("run_current"), 0.0)
        else:
            points = self._points()
            if not points:
                raise self.missing("run_current")
            best = self._best(points)
            whole_board = best.whole_board
            current_a, power_w = self._draw_at_clock(points, use)
        beside_a = self._extras_a("run", use) + self.beside_a(use, whole_board)
        return PowerState(RUN_STATE, current_a + beside_a, power_w)

    def _own_run_figure(self) -> bool:
        return self.has("run_current") or self.has("run_power")

    def _points(self) -> dict[str, RunPoint]:
        """Run points that fit the options."""
        named = self.options.run
        if named is not None:
            if named not in self.spec.run:
                raise self.refuse("run", f'unknown run point "{named}"', did_you_mean(named, self.spec.run))
            return {named: self.spec.run[named]}
        regulator = self.options.regulator
        return {
            name: point
            for name, point in self.spec.run.items()
            if point.workload in RUN_WORKLOADS
            and has_draw(self, f"run.{name}")
            and (regulator is None or point.regulator == regulator)
        }

    def run_point(self) -> RunPoint | None:
        """The run point nearest to neural-network work at the options' clock, None where none is published."""
        points = self._points()
        at_clock = {name: point for name, point in points.items()
                    if self.options.clock is None or point.clock.typ == self.options.clock.typ}
        return self._best(at_clock or points) if points else None

    def _best(self, points: Mapping[str, RunPoint]) -> RunPoint:
        return points[self._ranked(points)[0]]

    def _ranked(self, points: Mapping[str, RunPoint]) -> list[str]:
        """Names of run points: nearest to neural-network work first, then the higher clock."""
        return sorted(points, key=lambda name: (RUN_WORKLOADS.index(points[name].workload), -points[name].clock.typ))

    def _draw_at_clock(self, points: Mapping[str, RunPoint], use: Use) -> tuple[float, float]:
        """Draw of the running core at the chosen clock. [A], [W]

        Between two published clocks of one regulator and workload the draw is interpolated linearly; outside
        of them it is refused, because the part that does not scale with the clock is unknown.
        """
        ranked = self._ranked(points)
        clock = self.options.clock
        if clock is None:
            return self._point_draw(ranked[0], use)
        for name in ranked:
            if abs(points[name].clock.typ - clock.typ) <= 1e-6 * clock.typ:
                return self._point_draw(name, use)
        for name in ranked:
            family = _family(points, points[name])
            below = [other for other in family if points[other].clock.typ < clock.typ]
            above = [other for other in family if points[other].clock.typ > clock.typ]
            if below and above:
                low, high = below[-1], above[0]
                share = (clock.typ - points[low].clock.typ) / (points[high].clock.typ - points[low].clock.typ)
                low_draw, high_draw = self._point_draw(low, use), self._point_draw(high, use)
                current_a, power_w = (a + share * (b - a) for a, b in zip(low_draw, high_draw, strict=True))
                return current_a, power_w
        published = sorted({point.clock.typ for point in points.values()})
        allowed = ", ".join(f"{clock_hz / 1e6:g} MHz" for clock_hz in published)
        raise self.refuse(
            "clock",
            f"no run current is known at {clock.typ / 1e6:g} MHz",
            f"allowed: {allowed}, or give run_current:",
        )

    def _point_draw(self, name: str, use: Use) -> tuple[float, float]:
        """Constant power behind a switching regulator, constant current otherwise. [A], [W]"""
        point = self.spec.run[name]
        path = f"run.{name}"
        if point.regulator in SWITCHING:
            if self.has(f"{path}.power"):
                return 0.0, use(f"{path}.power")
            if point.supply is not None:
                return 0.0, use(f"{path}.current") * point.supply.typ
        return draw(self, path, use)

    def _idle_point(self) -> str | None:
        clock_hz = self.clock_hz
        for name, point in self.spec.run.items():
            same_feed = self.options.regulator in (None, point.regulator)
            if point.workload == "idle" and same_feed and clock_hz == point.clock.typ:
                return name
        return None

    def _extras_a(self, state: Literal["sleep", "run"], use: Use) -> float:
        """Current of the chosen extras in a state. [A]"""
        total_a = 0.0
        for extra in self.options.extras:
            if extra not in self.spec.extras:
                raise self.refuse("extras", f'unknown extra "{extra}"', did_you_mean(extra, self.spec.extras))
            path = f"extras.{extra}.{state}"
            # A memory refreshes itself while it is used too; its active draw is often not published.
            total_a += use(path if self.has(path) else f"extras.{extra}.sleep")
        return total_a


def _family(points: Mapping[str, RunPoint], like: RunPoint) -> list[str]:
    """Run points of the same regulator, workload, supply and code, by rising clock."""

    def key(point: RunPoint) -> tuple[object, ...]:
        return point.regulator, point.workload, point.supply, point.code

    return sorted(
        (name for name, point in points.items() if key(point) == key(like)),
        key=lambda name: points[name].clock.typ,
    )
