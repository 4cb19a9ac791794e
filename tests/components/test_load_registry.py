"""Loads, options that every part has, and kinds from other packages."""

import sys
import types
from importlib.metadata import EntryPoint
from typing import Literal

import pytest
from pydantic import ValidationError

from powerplan.components import registry
from powerplan.components.base import Interrupt, Lowered, MissingFigure, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.spec import Part, PartError, PartOptions, ProfileSpec, draw
from powerplan.model.amount import Current
from powerplan.model.figure import Figure
from tests.components.parts import part, states, steps

MS = 1_000_000


def test_a_motor_without_profile() -> None:
    built = part({"kind": "load", "current": "250 mA"}, "motor")
    assert [(step.state, step.duration_ns) for step in steps(built, "run", duration_ns=600 * MS)] == [("on", 600 * MS)]
    assert [(state.name, state.current_a) for state in states(built).values()] == [("off", 0.0), ("on", 0.25)]


def test_the_inrush_is_the_first_part_of_the_run() -> None:
    entry = {"profile": "lock_motor", "inrush": {"current": "900 mA", "duration": "50 ms"}}
    built = part(entry)
    found = [(step.state, step.duration_ns // MS) for step in steps(built, "run")]
    assert found == [("inrush", 50), ("on", 950)]
    assert states(built)["inrush"].current_a == pytest.approx(0.9, rel=1e-12)


def test_a_load_may_be_a_power_and_may_rest_at_a_current() -> None:
    found = states(part({"kind": "load", "power": "1 W", "rest_current": "300 uA"}))
    assert (found["on"].power_w, found["on"].current_a, found["off"].current_a) == (1.0, 0.0, 300e-6)


def test_a_load_without_current_is_refused() -> None:
    with pytest.raises(MissingFigure, match="current"):
        states(part({"kind": "load"}))
    with pytest.raises(UnknownRequest, match="run"):
        steps(part({"kind": "load", "current": "1 mA"}), "capture")


def test_ranges_and_distributions_stay_with_the_figure() -> None:
    built = part({"kind": "load", "current": {"min": "200 mA", "typ": "250 mA", "max": "400 mA"}})
    figure = built.figures["current"]
    assert (figure.min, figure.typ, figure.max, figure.dimension, figure.basis) == (0.2, 0.25, 0.4, "current", "user")


def test_lowering_takes_its_figures_from_the_caller_only() -> None:
    built = part({"profile": "lock_motor"})
    asked: list[str] = []

    def doubled(path: str) -> float:
        asked.append(path)
        return 2 * built.use_typical(path)

    on = next(state for state in built.lower(doubled).states if state.name == "on")
    assert on.current_a == pytest.approx(0.5, rel=1e-12)
    assert asked == ["current"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        pytest.param({"kind": "motor", "current": "1 mA"}, ["unknown kind", "load"], id="unknown kind"),
        pytest.param({"current": "1 mA"}, ["profile: NAME", "kind: KIND"], id="neither profile nor kind"),
        pytest.param({"profile": "lock_motor", "kind": "radio"}, ["radio", "it is load"], id="two kinds"),
        pytest.param({"profile": "lock_motor", "figures": {"curent": "1 mA"}}, ['"current"'], id="no such figure"),
    ],
)
def test_refused_entries(entry: dict[str, object], words: list[str]) -> None:
    with pytest.raises(PartError) as refusal:
        part(entry, "motor")
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        pytest.param({"kind": "load", "curent": "1 mA"}, "curent", id="unknown option"),
        pytest.param({"kind": "load", "current": "1"}, "current", id="no unit"),
        pytest.param({"profile": "ov2640", "rest": "asleep"}, "rest", id="unknown choice"),
        pytest.param({"profile": "generic_pdm", "count": 0}, "count", id="no microphone"),
    ],
)
def test_options_are_strict(entry: dict[str, object], key: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        part(entry)
    assert refusal.value.errors()[0]["loc"][0] == key


class LampSpec(ProfileSpec):
    """Profile of a kind that a test package brings."""

    kind: Literal["lamp"]
    current: Figure[Current] | None = None


class LampOptions(PartOptions):
    """Options of that kind."""

    current: Current | None = None

    FIGURE_KEYS = {"current": "current"}  # noqa: RUF012


class Lamp(Part[LampSpec, LampOptions]):
    """Off or on."""

    def lower(self, use: Use) -> Lowered:
        """Two states."""
        return Lowered([PowerState("off"), PowerState("on", *draw(self, "", use))])

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`run` for a time."""
        del use
        return [Step("on", int(request.arguments["duration_ns"]))]

    def interrupt(self, use: Use) -> Interrupt | None:
        """None."""
        del use


def test_a_new_kind_of_part_comes_from_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("lamp_package")
    module.KIND = registry.Kind("lamp", LampSpec, LampOptions, Lamp)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lamp_package", module)
    point = EntryPoint("lamp", "lamp_package:KIND", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    registry._places.cache_clear()
    try:
        assert "lamp" in registry.kind_names()
        built = part({"kind": "lamp", "current": "15 mA"})
        assert states(built)["on"].current_a == pytest.approx(15e-3, rel=1e-12)
        assert steps(built, "run", duration_ns=MS)[0].duration_ns == MS
    finally:
        registry._places.cache_clear()
        registry.kind.cache_clear()


def test_a_memory_takes_the_time_of_what_is_written() -> None:
    flash = part({"profile": "spi_nor_flash"})
    assert steps(flash, "run", data_bytes=300_000)[0].duration_ns == pytest.approx(300_000 / 76_000 * 1e9, rel=1e-6)
    assert steps(flash, "run", data_bytes=300_000, duration_ns=5)[0].duration_ns == 5
    with pytest.raises(MissingFigure, match="run_time"):
        steps(flash, "run")
