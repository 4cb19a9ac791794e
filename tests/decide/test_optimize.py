"""Searches against brute force, the journal that survives kill -9, and what is said where nothing fits."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from powerplan.errors import ExitCode, OutputError, PowerplanError
from powerplan.files.scenario import load_scenario
from powerplan.files.variant import varied
from powerplan.report.plot_pareto_designs import draw_pareto_designs
from powerplan.report.style import to_svg
from powerplan.results.journal import Journal, JournalBusy
from powerplan.study.choice import ObjectiveProblem, pareto_front
from powerplan.study.designs import Settings, evaluate
from powerplan.study.designs_pool import Pool
from powerplan.study.optimize import OptimizeProblem, Optimum, optimize
from powerplan.study.optimize_text import optimize_lines
from powerplan.study.run import run_loaded
from powerplan.study.space import SpaceProblem, space_of
from powerplan.study.sweep import sweep_scenario
from tests.decide.test_solve import LAMP, write_lamp
from tests.report.made import FACTS
from tests.whole.test_commands import call
from tests.whole.test_run import ROOT, SMALL, write_small

PRICED = LAMP.replace("{kind: load, current: 10 mA}", "{kind: load, current: 10 mA, figures: {unit_cost: 1 USD}}")
LAMPS = PRICED.replace("{kind: mcu,", "{kind: mcu, figures: {unit_cost: 2 USD},") + """
requirements:
  REQ-1: battery_life >= 300 days
  REQ-2: releases.blink >= 100/day
"""
OVER = ["parts.lamp.current=5 mA,10 mA,20 mA", "tasks.blink.every=5 min,10 min,20 min",
        "supply.battery.parallel=1,2,3"]
CHEAP = ["parts.lamp=[{kind: load, current: 5 mA, figures: {unit_cost: 3 USD}}, "
         "{kind: load, current: 8 mA, figures: {unit_cost: 2 USD}}, "
         "{kind: load, current: 20 mA, figures: {unit_cost: 1 USD}}]", "tasks.blink.every=5 min,10 min,14 min"]


def write(folder: Path, text: str = LAMPS) -> Path:
    return write_lamp(folder, text=text)


def by_label(found: Optimum) -> dict[str, dict]:  # type: ignore[type-arg]
    return {one["design"]: one for one in found.document()["designs"]}


def test_the_grid_is_brute_force(tmp_path: Path) -> None:
    """Every design of the grid equals a run of its own, and the choice is the best of them."""
    path = write(tmp_path)
    found = optimize(path, OVER, days=1)
    base = load_scenario(path)
    lives = {}
    for current, every, parallel in itertools.product(("5 mA", "10 mA", "20 mA"), ("5 min", "10 min", "20 min"),
                                                      (1, 2, 3)):
        loaded = varied(base, {("parts", "lamp", "current"): current, ("tasks", "blink", "when", "every"): every,
                               ("supply", "battery", "parallel"): parallel})
        result = run_loaded(loaded, days=1, brief=True)
        able = all(verdict.margin is not None and verdict.margin >= 0 for verdict in result.verdicts)
        lives[f"lamp.current={current}, blink.every={every}, battery.parallel={parallel}"] = (
            pytest.approx(result.metrics["battery_life"].value), able)
    designs = by_label(found)
    assert len(designs) == 28, "27 of the grid, and the scenario as it stands"
    assert {name: (one["objectives"]["battery_life"]["value"], one["meets"]) for name, one in designs.items()
            if name != "as the file says"} == lives
    best = max(life.expected for life, able in lives.values() if able)
    assert found.document()["chosen"]["objectives"]["battery_life"]["value"] == pytest.approx(best)


def test_the_cheapest_that_meets_all_lines(tmp_path: Path) -> None:
    """8 mA for 1 s: 13.3 uA at 10 min is 312 d and costs 4 USD; 20 mA cannot do it, 5 mA costs 5."""
    found = optimize(write(tmp_path), CHEAP, days=1)
    assert found.choice.feasible
    chosen = found.document()["chosen"]
    assert chosen["values"]["parts.lamp"]["current"] == "8 mA"
    assert chosen["bill"]["unit_cost"]["value"] == pytest.approx(4.0)
    assert "cheapest design that meets all lines" in found.choice.text
    assert "without battery" in found.choice.text, "what has no price is named"


def test_prices_that_cannot_be_ranked_are_said(tmp_path: Path) -> None:
    over = [CHEAP[0].replace(", figures: {unit_cost: 2 USD}", ""), CHEAP[1]]
    found = optimize(write(tmp_path), over, days=1)
    assert "which design is cheapest cannot be told (no unit_cost is stated for" in found.choice.text


def test_infeasible_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, LAMPS.replace("300 days", "40 years"))
    code, out, _ = call("optimize", str(path), "--over", OVER[0], "--days", "1", "--out", str(tmp_path / "out"),
                        capsys=capsys)
    assert code == ExitCode.NOT_FEASIBLE
    assert "infeasible, nearest is lamp.current=5 mA: misses REQ-1 battery_life >= 40 years by 96.6 %" in out


def test_refused_designs_say_why(tmp_path: Path) -> None:
    found = optimize(write(tmp_path), ["supply.battery.parallel=0,1", "parts.lamp.kind=load,lamp"], days=1)
    refused = found.document()["refused"]
    assert len(refused) == 3
    assert all(one["why"] for one in refused)


def test_a_search_in_which_nothing_can_be_played_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptimizeProblem, match=r"none of the 2 designs .*lmap\.profile=a: unknown profile"):
        optimize(write(tmp_path), ["parts.lmap.profile=a,b"], days=1)


def test_a_part_is_taken_away_by_nothing(tmp_path: Path) -> None:
    text = LAMPS.replace("tasks:\n", "tasks:\n  ring: {when: {every: 1 h}, do: [{run: lamp, for: 2 s}]}\n")
    found = optimize(write(tmp_path, text), ["tasks.ring=[null]"], days=1)
    lives = [one["objectives"]["battery_life"]["value"] for one in found.document()["designs"]]
    assert lives == pytest.approx([100e-3 / (10e-3 * (144 + 48) / 86400) / 24, 250.0], rel=1e-3)


def test_thresholds_are_solved_exactly(tmp_path: Path) -> None:
    """The pair of every design is the pair that the sweep of that design recommends."""
    path = write_small(tmp_path)
    found = optimize(path, ["parts.pir.rest_current=1 uA,3 uA"], days=2, thresholds=8)
    base = load_scenario(path)
    for one in found.designs[1:]:
        swept = sweep_scenario(varied(base, dict(one.values)), thresholds=8, days=2)
        pair = one.result["thresholds"]
        assert (pair["threshold_1"], pair["threshold_2"]) == (swept.chosen.threshold_1, swept.chosen.threshold_2)
        assert pair["pairs"] == len(swept.rows)
    kept = optimize(path, ["parts.pir.rest_current=1 uA,3 uA"], days=2, thresholds=0)
    assert all(one.result["thresholds"] is None for one in kept.designs)


@pytest.mark.parametrize(("over", "words"), [
    pytest.param([], "nothing to choose from", id="nothing"),
    pytest.param(["parts.lamp.current"], "write KEY=VALUE", id="no values"),
    pytest.param(["part.lamp.current=1 mA"], "no block 'part'", id="unknown block"),
    pytest.param(["tasks.blink.every=1 h..1 min"], "not the smaller one", id="ends the wrong way round"),
    pytest.param(["tasks.blink.evry=1 min..1 h"], "no value", id="unknown key of a range"),
    pytest.param(["parts.lamp.current=1 mA..2 mA/1"], "2 to 64 steps", id="one step"),
    pytest.param(["parts.lamp.current=[1 mA"], "write KEY=VALUE", id="broken list"),
    pytest.param(["parts.lamp.current=1 mA", "parts.lamp.current=2 mA"], "twice", id="twice"),
    pytest.param([f"parts.lamp.current={','.join(f'{n} mA' for n in range(1, 70))}"], "at most 64", id="too many"),
])
def test_spaces_that_cannot_be_read(tmp_path: Path, over: list[str], words: str) -> None:
    with pytest.raises(SpaceProblem, match=words):
        space_of(load_scenario(write(tmp_path)), over)


def test_ranges_become_grids(tmp_path: Path) -> None:
    loaded = load_scenario(write(tmp_path))
    space = space_of(loaded, ["tasks.blink.every=10 min..1 h/3", "supply.battery.parallel=1..3"])
    assert space.dimensions[0].choices == ("600 s", "1470 s", "3600 s")
    assert not space.dimensions[0].is_range
    assert space.dimensions[1].choices == (1, 2, 3)
    assert space.size == 9


@pytest.mark.parametrize("option", [
    pytest.param({"method": "magic"}, id="method"), pytest.param({"designs": 0}, id="no design"),
    pytest.param({"designs": 3, "method": "grid"}, id="grid larger than the budget"),
])
def test_searches_that_cannot_be_made(tmp_path: Path, option: dict[str, object]) -> None:
    with pytest.raises(OptimizeProblem):
        optimize(write(tmp_path), OVER, days=1, **option)  # type: ignore[arg-type]


def test_thresholds_are_no_dimension(tmp_path: Path) -> None:
    with pytest.raises(OptimizeProblem, match="solved exactly"):
        optimize(write_small(tmp_path), ["cascade.person.level1.threshold=0.2,0.4"], days=1)


FACE = """  face:
    level1: {latency: 60 ms, threshold: 0.1}
    level2: {latency: 400 ms, threshold: 0.1}
    scores: scores.csv
    labels: {visitor: 1, none: 0}
    background: {none: rest}
tasks:
  look: {when: {interrupt: door}, do: [{cascade: face}]}
"""
TWO_CASCADES = (
    SMALL.replace("  pir:", "  door: {kind: sensor, rest_current: 1 uA, current: 1 uA, waking: {detection: 90 %, "
                  "delay: 100 ms}}\n  pir:")
    .replace("tasks:\n", FACE)
    .replace("label: person}", "label: person, seen_by: [pir]}").replace("label: none}", "label: none, seen_by: [pir]}")
    .replace("  events:\n", "  events:\n    caller: {rate: 30/day, lasts: 8 s, label: visitor, seen_by: [door]}\n")
    .replace("recall.person >= 0.5", "recall.person >= 0.5\n  REQ-4: recall.face >= 0.8"))


def test_the_thresholds_of_two_cascades_take_turns(tmp_path: Path) -> None:
    """Each pair is the best of its own exact map while the other stands, and it is said that this is not all pairs."""
    path = write_small(tmp_path, TWO_CASCADES)
    found = optimize(path, ["supply.battery.profile=cr2032,cr2450"], days=2, thresholds=4)
    document = found.document()
    for one in document["designs"]:
        base = load_scenario(path)
        values = {tuple(name.split(".")): value for name, value in one["values"].items()}
        pairs = [one["thresholds"], *one["thresholds"]["further"]]
        assert [pair["cascade"] for pair in pairs] == ["person", "face"]
        for pair in pairs:
            for place, level in enumerate(("level1", "level2"), 1):
                threshold = pair[f"threshold_{place}"]
                values["cascade", pair["cascade"], level, "threshold"] = "never" if threshold > 1 else threshold
        loaded = varied(base, values)
        for pair in pairs:
            best = sweep_scenario(loaded, pair["cascade"], thresholds=4, seed=document["seed"], days=2).chosen
            assert min(best.threshold_1, 2.0) == pair["threshold_1"]
            assert min(best.threshold_2, 2.0) == pair["threshold_2"]
        played = run_loaded(loaded, days=2, seed=document["seed"], brief=True)
        assert played.metrics["battery_life"].value == pytest.approx(one["objectives"]["battery_life"]["value"])
        [note] = [text for text in one["notes"] if "in turn" in text]
        assert "person and face" in note
        assert "not tried all together" in note
    assert {"threshold_1", "threshold_2", "threshold_1.face", "threshold_2.face"} <= set(found.table().columns)
    said = "\n".join(optimize_lines(document))
    assert "one cascade after the other" in said
    assert ", face " in said
    only = optimize(path, ["supply.battery.profile=cr2032"], days=2, thresholds=4, cascade="face").document()
    assert [one["thresholds"]["cascade"] for one in only["designs"]] == ["face", "face"]
    assert "further" not in only["designs"][0]["thresholds"]
    assert "thresholds of face solved exactly" in "\n".join(optimize_lines(only))


def test_a_cascade_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PowerplanError, match="there is no such cascade; there is: person"):
        optimize(write_small(tmp_path), ["supply.battery.profile=cr2032"], days=1, cascade="persons")


def test_objectives_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ObjectiveProblem):
        optimize(write(tmp_path), OVER[:1], objectives=["battery_life:most"], days=1)


def test_without_optuna_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else there(name))
    with pytest.raises(OptimizeProblem, match=r"pip install 'powerplan\[optimize\]'"):
        optimize(write(tmp_path), OVER, designs=5, days=1)
    assert optimize(write(tmp_path), OVER[:1], days=1).method == "grid"


def test_fronts_against_the_definition() -> None:
    generator = np.random.default_rng(3)
    for _ in range(50):
        costs = generator.integers(0, 5, (generator.integers(1, 30), 3)).tolist()
        beaten = [any(all(a <= b for a, b in zip(other, row, strict=True)) and other != row for other in costs)
                  for row in costs]
        first = [row not in costs[:place] for place, row in enumerate(costs)]
        assert sorted(pareto_front(costs)) == [place for place in range(len(costs))
                                               if not beaten[place] and first[place]]


def test_the_sampler_finds_what_brute_force_finds(tmp_path: Path) -> None:
    """30 of 90 designs are enough for the same choice; the same seed asks for the same designs."""
    pytest.importorskip("optuna", reason="needs the extra `optimize`")
    path = write(tmp_path)
    over = [CHEAP[0], "tasks.blink.every=5 min,6 min,7 min,8 min,10 min,11 min,12 min,13 min,14 min,15 min",
            "supply.battery.parallel=1,2,3"]
    whole = optimize(path, over, days=1, designs=90)
    some = optimize(path, over, days=1, designs=30)
    assert (whole.method, some.method) == ("grid", "optuna")
    assert len(some.designs) <= 31
    cost = [found.document()["chosen"]["bill"]["unit_cost"]["value"] for found in (whole, some)]
    assert cost[0] == cost[1]
    again = optimize(path, over, days=1, designs=30)
    assert again.document() == some.document()


def test_an_interrupted_sampler_goes_on_as_if_nothing_was(tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="needs the extra `optimize`")
    path = write(tmp_path)
    over = ["parts.lamp.current=2 mA..40 mA", "tasks.blink.every=1 min..30 min"]
    whole = optimize(path, over, days=1, designs=20)
    out = tmp_path / "out"

    def stop(_stage: str, share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimize(path, over, days=1, designs=20, out=out, progress=stop)
    resumed = optimize(path, over, days=1, designs=20, out=out)
    assert 0 < resumed.known_count < 21
    assert resumed.document() == whole.document()


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    path, out = write(tmp_path), tmp_path / "out"
    first = optimize(path, OVER, days=1, out=out)
    again = optimize(path, OVER, days=1, out=out)
    assert (first.known_count, again.known_count) == (0, len(first.designs))
    assert again.document() == first.document()
    with Journal(out / "designs.sqlite", "x", 1) as journal:
        assert set(journal.started_counts().values()) == {1}
    other = optimize(path, OVER, days=1, out=out, seed=2)
    assert other.known_count == 0, "another seed is another question"


def test_the_answer_does_not_depend_on_the_processes(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert optimize(path, OVER, days=1, jobs=3).document() == optimize(path, OVER, days=1).document()


def test_a_dying_process_loses_nothing_else(tmp_path: Path) -> None:
    base = load_scenario(write(tmp_path))
    settings = Settings(1, 1.0)
    tasks = [(str(number), ((("supply", "battery", "parallel"), number + 1),)) for number in range(6)]
    pool = Pool(base, settings, 2)
    killed = []

    def begin(key: str, _values: object) -> None:
        if key == "4":
            child = next(iter(pool._children.values()))
            os.kill(child.process.pid, signal.SIGKILL)
            killed.append(child.process.pid)

    try:
        found = dict(pool.play(tasks, begin))
    finally:
        pool.close()
    assert killed
    assert found == {key: json.loads(json.dumps(evaluate(base, values, settings))) for key, values in tasks}


def test_two_at_once_in_one_folder_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = write(tmp_path), tmp_path / "out"
    with Journal(out / "designs.sqlite", "x", 1):
        with pytest.raises(JournalBusy):
            optimize(path, OVER, days=1, out=out)
        code, _, err = call("optimize", str(path), "--over", OVER[0], "--out", str(out), capsys=capsys)
        assert code == ExitCode.OUTPUT
        assert "another powerplan works in this folder" in err
    assert optimize(path, OVER[:1], days=1, out=out).choice


def test_a_journal_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "designs.sqlite").write_text("this is no database, it is a text that somebody put here")
    with pytest.raises(OutputError):
        optimize(write(tmp_path), OVER[:1], days=1, out=tmp_path)


def test_command_writes_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    code, printed, _ = call("optimize", str(write(tmp_path)), "--over", OVER[0], "--over", OVER[1], "--days", "1",
                            "--out", str(out), "--json", capsys=capsys)
    found = json.loads(printed)
    assert code == ExitCode.OK
    assert found["feasible"]
    assert {"optimize.json", "designs.csv", "designs.parquet", "pareto.svg", "pareto.png", "designs.sqlite"} <= {
        file.name for file in out.iterdir()}
    code, printed, _ = call("optimize", str(write(tmp_path)), "--over", OVER[0], "--days", "1", "--out", str(out),
                            "--md", capsys=capsys)
    assert "| design |" in printed


@pytest.mark.parametrize("over", [
    pytest.param(["parts.lamp.kind=load,lamp"], id="one that cannot be played"),
    pytest.param(OVER[:1], id="three"), pytest.param(["parts.lamp.current=5 mA"], id="one"),
])
def test_the_front_is_drawn(tmp_path: Path, over: list[str]) -> None:
    tables = optimize(write(tmp_path), over, days=1).tables()
    tables["designs"].columns["design"][:] = ["很长的设计名称" * 30] * len(tables["designs"])  # type: ignore[index]
    assert "<svg" in to_svg(draw_pareto_designs(tables, FACTS), "pareto")


def command(path: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "powerplan.cli.app", "optimize", str(path), "--over", OVER[0], "--over", OVER[1],
            "--over", OVER[2], "--days", "1", "--out", str(out), "--json", *more]


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """kill -9 again and again; the resumed search ends with the bytes of an uninterrupted one."""
    path, whole, out = write(tmp_path), tmp_path / "whole", tmp_path / "out"
    assert call(*command(path, whole)[3:], capsys=capsys)[0] == ExitCode.OK
    chance, kills, seen = random.Random(5), 0, 0
    for more in ((), (), ("--jobs", "2")):
        process = subprocess.Popen(command(path, out, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=os.environ | {"PYTHONPATH": str(ROOT)})
        until, wanted = time.monotonic() + 60, seen + chance.randint(1, 6)
        while process.poll() is None and time.monotonic() < until and seen < wanted:
            seen = max(seen, done_in(out))
            time.sleep(chance.random() * 0.05)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    assert call(*command(path, out)[3:], capsys=capsys)[0] == ExitCode.OK
    assert kills >= 2
    assert (out / "optimize.json").read_bytes() == (whole / "optimize.json").read_bytes()
    with Journal(out / "designs.sqlite", "x", 1) as journal:
        counts = journal.started_counts()
    assert len(counts) == 28
    assert sum(counts.values()) <= 28 + 2 * kills, "only what was being played is played again"


def done_in(out: Path) -> int:
    """Designs that are done, read beside the process that writes them."""
    file = out / "designs.sqlite"
    if not file.exists():
        return 0
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT count(*) FROM points WHERE status = 'done'").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        database.close()
