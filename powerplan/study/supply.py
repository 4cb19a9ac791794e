"""The way from the parts to the battery: rails, converters, what the battery has to give, and how long it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.batteries.demand import Capacitor, Demand, Limits, Policy, Pulse
from powerplan.batteries.life import Engine, Life, Step, life
from powerplan.batteries.otii import OtiiError
from powerplan.batteries.own import otii_cell
from powerplan.batteries.pack import IdealCell, Pack
from powerplan.batteries.profile import BatteryProfile, figure_of, pack_from, shelf_life_s
from powerplan.components.base import Use
from powerplan.components.harvester import HarvesterProfile
from powerplan.components.regulator import RegulatorProfile, lowest_battery_voltage, regulator_demand
from powerplan.components.spec import Profile, ProfileSpec
from powerplan.engines.record import Record
from powerplan.errors import InputError
from powerplan.files.library import load_profile
from powerplan.files.problems import problem_at
from powerplan.files.references import ReferenceProblem, beside
from powerplan.files.scenario import Loaded, placed
from powerplan.lowering.parts import BATTERY_RAIL, MAIN_RAIL, FigureLog, FigureUse, LoweredPart
from powerplan.model.scenario import Scenario
from powerplan.model.supply import HourlyTemperature, MonthlyTemperature, Regulator
from powerplan.plan.codes import NS_PER_S
from powerplan.plan.plan import FloatArray, Plan
from powerplan.study.harvest import harvested
from powerplan.study.meter import alarm_of

ROOM_TEMPERATURE_C = 21.0
HORIZON_S = 20 * 365 * 86_400.0
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PULSES_CHECKED = 12
IDEAL_VOLTAGE_V = 3.0
SECONDS_PER_YEAR = 365 * 86_400.0
OTII_SUFFIX = ".json"
"""A battery profile with this ending is an Otii file beside the scenario."""


@dataclass(frozen=True)
class RailSupply:
    """One rail: its converter, or none where its parts hang on the battery."""

    name: str
    voltage_v: float
    profile: RegulatorProfile | None
    use: Use | None


@dataclass(frozen=True)
class SupplyChain:
    """Everything between the parts and the chemistry."""

    pack: Pack | IdealCell
    rails: dict[str, RailSupply]
    temperature_c: FloatArray | float
    limits: Limits
    capacitor: Capacitor | None
    leakage_a: float
    harvest_w: FloatArray | None

    @property
    def standing_a(self) -> float:
        """What flows whatever the parts do: board, charger and the capacitor's leakage. [A]"""
        return self.leakage_a + (self.capacitor.leakage_a if self.capacitor is not None else 0.0)

    @property
    def coldest_c(self) -> float:
        """Coldest temperature of the year."""
        return float(np.min(self.temperature_c))

    @cached_property
    def battery_v(self) -> float:
        """Voltage of the half-full pack, at which energies are stated."""
        if isinstance(self.pack, IdealCell):
            return self.pack.nominal_v
        return float(self.pack.open_circuit(0.5, float(np.mean(self.temperature_c)))[0])


def supply_profiles(loaded: Loaded) -> dict[str, Profile]:
    """Profiles the supply names: battery, converters, harvester. Raises InputError with every unknown one."""
    supply = loaded.scenario.supply
    wanted: dict[str, tuple[str, str, tuple[str | int, ...]]] = {}
    if supply.battery.profile is not None:
        wanted["battery"] = (supply.battery.profile, "battery", ("supply", "battery", "profile"))
    for rail, regulator in _regulators(loaded.scenario).items():
        path: tuple[str | int, ...] = ("supply", "rails", rail, "regulator")
        if rail == MAIN_RAIL:
            path = ("supply", "regulator")
        wanted[f"regulator {rail}"] = (regulator.profile, "regulator", path)
    if supply.harvest is not None and supply.harvest.profile is not None:
        wanted["harvester"] = (supply.harvest.profile, "harvester", ("supply", "harvest", "profile"))
    found, problems = {}, []
    for key, (name, kind, path) in wanted.items():
        try:
            own = kind == "battery" and name.endswith(OTII_SUFFIX)
            folder = loaded.path.resolve().parent
            found[key] = otii_cell(beside(folder, name)) if own else load_profile(name, beside=folder, kind=kind)
        except InputError as error:
            problems.extend(placed(error, loaded.layers, path))
        except ReferenceProblem as error:
            problems.append(problem_at(loaded.layers, path, "PP303", f"{error.given!r} {error.message}", error.hint))
        except OtiiError as error:
            problems.append(problem_at(loaded.layers, path, "PP303", str(error), "a battery profile as Otii writes it"))
    if problems:
        raise InputError(problems)
    return found


def _regulators(scenario: Scenario) -> dict[str, Regulator]:
    named: dict[str, str | Regulator | None] = {"main": scenario.supply.regulator}
    named |= {name: rail.regulator for name, rail in scenario.supply.rails.items()}
    return {rail: Regulator(profile=given) if isinstance(given, str) else given
            for rail, given in named.items() if given is not None}


def supply_chain(scenario: Scenario, profiles: Mapping[str, Profile], parts: Mapping[str, LoweredPart],
                 log: FigureLog) -> SupplyChain:
    """The supply of a scenario, with every figure it uses logged."""
    pack, shelf_s = _pack(scenario, profiles, log)
    rails = _rails(scenario, profiles, parts, log, pack)
    supply = scenario.supply
    capacitor = None
    if supply.capacitor is not None:
        given = supply.capacitor
        capacitor = Capacitor(given.capacitance.typ, given.esr.typ if given.esr else 0.0,
                              given.leakage.typ if given.leakage else 0.0)
    alarm_at, meter = alarm_of(supply)
    brown_out_v = _brown_out(scenario, rails, parts)
    limits = Limits(brown_out_v, shelf_s, alarm_at, HORIZON_S, meter)
    chain = SupplyChain(pack, rails, temperatures(scenario), limits, capacitor,
                        supply.leakage.typ if supply.leakage else 0.0, None)
    return _with_harvest(chain, scenario, profiles, log)


def _pack(scenario: Scenario, profiles: Mapping[str, Profile], log: FigureLog) -> tuple[Pack | IdealCell, float | None]:
    battery = scenario.supply.battery
    loss = battery.self_discharge.typ * SECONDS_PER_YEAR if battery.self_discharge else None
    shelf = battery.shelf_life.typ if battery.shelf_life else None
    if battery.ideal:
        profile = profiles.get("battery")
        spec = profile.spec if profile is not None else None
        capacity_c = battery.capacity.typ if battery.capacity else 0.0
        voltage_v = battery.voltage.typ if battery.voltage else None
        if isinstance(spec, BatteryProfile):
            capacity_c = capacity_c or figure_of(spec, "capacity").typ
            voltage_v = voltage_v or figure_of(spec, "nominal_voltage").typ * battery.series
        if battery.capacity:
            log.note(FigureUse("battery", "capacity", battery.capacity.typ, battery.capacity.min, battery.capacity.max,
                               "charge", "the scenario", "", "user"))
        drawn_c = log.drawn.get(("battery", "capacity"), capacity_c)
        cell = IdealCell("ideal cell", drawn_c * battery.parallel, voltage_v or IDEAL_VOLTAGE_V, loss or 0.0)
        return cell, shelf
    profile = profiles["battery"]
    spec = profile.spec
    if not isinstance(spec, BatteryProfile):
        raise TypeError(f"{profile.name} is not a battery profile")
    use = profile_use("battery", spec, log, lambda path: figure_of(spec, path))
    pack = pack_from(spec, battery.series, battery.parallel, use,
                     battery.capacity.typ if battery.capacity else None, Path(profile.path).parent)
    if loss is not None:
        pack = replace(pack, self_discharge_per_year=loss)
    return pack, shelf if shelf is not None else shelf_life_s(spec, use)


def profile_use(name: str, spec: ProfileSpec, log: FigureLog, find: Any) -> Use:
    """The function through which a supply profile's figures are taken and logged."""

    def use(path: str) -> float:
        figure = find(path)
        return log.note(FigureUse(name, path, figure.typ, figure.min, figure.max, "",
                                  spec.sources.get(figure.source, figure.source), figure.where or "", figure.basis))

    return use


def _figure_at(spec: Any, path: str) -> Any:
    for key in path.split("."):
        spec = spec[int(key)] if isinstance(spec, list | tuple) else spec.get(key) if isinstance(spec, dict) \
            else getattr(spec, key)
    return spec


def _rails(scenario: Scenario, profiles: Mapping[str, Profile], parts: Mapping[str, LoweredPart], log: FigureLog,
           pack: Pack | IdealCell) -> dict[str, RailSupply]:
    regulators = _regulators(scenario)
    nominal_v = pack.nominal_v
    found = {}
    for rail in dict.fromkeys(part.rail for part in parts.values()):
        if rail not in regulators or rail == BATTERY_RAIL:
            found[rail] = RailSupply(rail, nominal_v, None, None)
            continue
        profile = profiles[f"regulator {rail}"]
        spec = profile.spec
        if not isinstance(spec, RegulatorProfile):
            raise TypeError(f"{profile.name} is not a regulator profile")
        stated = regulators[rail].output or (scenario.supply.rails[rail].voltage if rail in scenario.supply.rails
                                             else None)
        output_v = stated.typ if stated else _curve_output(spec)
        use = profile_use(f"regulator {rail}", spec, log, lambda path, spec=spec: _figure_at(spec, path))
        found[rail] = RailSupply(rail, output_v, spec, use)
    return found


def _curve_output(spec: RegulatorProfile) -> float:
    """Output voltage of the first efficiency curve, 3.3 V where there is none."""
    return spec.efficiency[0].output.typ if spec.efficiency else 3.3


def _brown_out(scenario: Scenario, rails: Mapping[str, RailSupply], parts: Mapping[str, LoweredPart]) -> float:
    """Lowest battery voltage: the stated one, else what converters and directly fed parts need."""
    if scenario.supply.brown_out is not None:
        return scenario.supply.brown_out.typ
    lowest = [0.0]
    for name, rail in rails.items():
        needed = [part.part.spec.supply_min.typ for part in parts.values()
                  if part.rail == name and getattr(part.part.spec, "supply_min", None) is not None]
        if rail.profile is None:
            lowest.extend(needed)
        elif rail.use is not None:
            held_v = max(needed, default=None)
            lowest.append(lowest_battery_voltage(rail.profile, rail.voltage_v, 0.0, rail.use, held_v))
    return max(lowest)


def temperatures(scenario: Scenario) -> FloatArray | float:
    """Temperature by hour of the year, or one value. [degree C]"""
    given = scenario.environment.temperature
    if given is None:
        return ROOM_TEMPERATURE_C
    if isinstance(given, MonthlyTemperature):
        return np.repeat([month.typ for month in given.monthly], np.array(MONTH_DAYS) * 24).astype(float)
    if isinstance(given, HourlyTemperature):
        return np.tile([hour.typ for hour in given.hourly], 365).astype(float)
    return float(given.typ)


def _with_harvest(chain: SupplyChain, scenario: Scenario, profiles: Mapping[str, Profile], log: FigureLog
                  ) -> SupplyChain:
    """The chain with what comes in by hour of the year, and with what the charger draws."""
    if scenario.supply.harvest is None:
        return chain
    spec = profiles["harvester"].spec if "harvester" in profiles else None
    if spec is not None and not isinstance(spec, HarvesterProfile):
        raise TypeError(f"{profiles['harvester'].name} is not a harvester profile")
    named = spec or ProfileSpec(kind="harvester", name="")
    use = profile_use("harvester", named, log, lambda path: getattr(spec, path))
    found = harvested(scenario.supply.harvest, spec, use, chain.battery_v, chain.temperature_c)
    return replace(chain, harvest_w=found.power_w, leakage_a=chain.leakage_a + found.quiescent_a)


@dataclass(frozen=True)
class Loads:
    """What every visited joint state asks of each rail and of the battery. Arrays over joint states."""

    rail_current_a: dict[str, FloatArray]
    battery_current_a: FloatArray
    battery_power_w: FloatArray


def loads_of(plan: Plan, record: Record, chain: SupplyChain) -> Loads:
    """Demand of every joint state, through the converters of its rails."""
    count = len(record.joint_code)
    states = np.array([plan.states_of_code(int(code)) for code in record.joint_code]).reshape(count, -1)
    rail_of_state = plan.part_rail[plan.state_part]
    current = np.zeros(len(states))
    power = np.zeros(len(states))
    by_rail = {}
    for number, name in enumerate(plan.rail_names):
        on_rail = rail_of_state == number
        direct_a = np.where(on_rail, plan.state_current_a, 0.0)[states].sum(axis=1)
        direct_w = np.where(on_rail, plan.state_power_w, 0.0)[states].sum(axis=1)
        rail = chain.rails.get(name)
        if rail is None or rail.profile is None or rail.use is None:
            by_rail[name] = direct_a + direct_w / chain.battery_v
            current, power = current + direct_a, power + direct_w
            continue
        load_a = direct_a + direct_w / rail.voltage_v
        by_rail[name] = load_a
        more_a, more_w = regulator_demand(rail.profile, rail.voltage_v, load_a, chain.battery_v, rail.use)
        current, power = current + more_a, power + more_w
    return Loads(by_rail, current, power)


def demand_of(plan: Plan, record: Record, chain: SupplyChain, loads: Loads) -> Demand:
    """Mean demand by hour of the week or of the day, and the largest pulses."""
    hours_ns = record.joint_ns.sum(axis=1).astype(float)
    bins = len(hours_ns)
    used = hours_ns > 0
    share = np.zeros_like(record.joint_ns, float)
    share[used] = record.joint_ns[used] / hours_ns[used, None]
    current_a, power_w = share @ loads.battery_current_a, share @ loads.battery_power_w
    if not used.all():
        current_a[~used], power_w[~used] = current_a[used].mean(), power_w[used].mean()
    if bins not in (24, 168):
        raise ValueError(f"the ledger has {bins} hour bins, expected 24 or 168")
    return Demand(current_a, power_w, pulses_of(plan, record, chain, loads), chain.leakage_a)


def pulses_of(plan: Plan, record: Record, chain: SupplyChain, loads: Loads) -> tuple[Pulse, ...]:
    """The largest pulses with their longest stay."""
    total = loads.battery_current_a * chain.battery_v + loads.battery_power_w
    largest = np.argsort(-total, kind="stable")[:PULSES_CHECKED]
    days = record.horizon_ns / (86_400 * NS_PER_S)
    return tuple(
        Pulse(joint_name(plan, int(record.joint_code[joint])), float(loads.battery_current_a[joint]),
              float(loads.battery_power_w[joint]), float(record.joint_longest_ns[joint]) / NS_PER_S,
              float(record.joint_entries[joint]) / days)
        for joint in largest)


def joint_name(plan: Plan, code: int) -> str:
    """The parts that are not at rest in a joint state, as words."""
    states = plan.states_of_code(code)
    busy = [plan.state_names[state] for part, state in enumerate(states) if state != plan.part_rest_state[part]]
    return " + ".join(busy) or "all at rest"


def battery_life(chain: SupplyChain, demand: Demand | Policy, step: Step = "hour") -> Life:
    """How long the battery carries the demand, and why it ends."""
    from importlib.util import find_spec

    engine: Engine = "compiled" if find_spec("numba") else "plain"
    return life(chain.pack, demand, chain.temperature_c, chain.limits, chain.capacitor, chain.harvest_w, step, engine)
