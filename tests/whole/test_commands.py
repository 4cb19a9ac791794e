"""The command line: exit codes, messages, JSON documents."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.errors import ExitCode
from tests.whole.test_run import HAND, ROOT, SMALL, write_small

METRIC_NAMES = ("battery_life", "average_current", "energy_per_day", "recall.person", "precision.person",
                "false_alarms.person", "latency.watch.p50", "latency.watch.p95", "latency.watch.p99",
                "cpu_utilisation", "supply_voltage")


def call(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command."""
    code = main(list(arguments))
    caught = capsys.readouterr()
    return int(code), caught.out, caught.err


def test_run_prints_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    code, out, _ = call("run", str(path), "--days", "2", "--json", "--out", str(tmp_path / "out"), capsys=capsys)
    found = json.loads(out)
    assert code == ExitCode.OK
    assert {"schema_version", "scenario", "engine", "seed", "feasible", "metrics", "requirements"} <= set(found)
    assert set(METRIC_NAMES) <= set(found["metrics"])
    assert all(set(metric) == {"value", "unit", "low", "high", "method"} for metric in found["metrics"].values())
    assert found["metrics"]["battery_life"]["unit"] == "d"
    assert all({"id", "text", "verdict", "value", "limit", "margin", "probability"} <= set(requirement)
               for requirement in found["requirements"])


def test_run_writes_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    out = tmp_path / "out"
    assert call("run", str(path), "--days", "2", "--out", str(out), capsys=capsys)[0] == ExitCode.OK
    written = {file.name for file in out.iterdir()}
    assert {"run.json", "summary.parquet", "energy.parquet", "battery.parquet", "figures.parquet"} <= written
    manifest = json.loads((out / "run.json").read_text())
    assert manifest["status"] == "done"
    assert manifest["versions"]["python"]


@pytest.mark.parametrize(("change", "code"), [
    pytest.param(("battery_life >= 30 days", "battery_life >= 1 days"), ExitCode.OK, id="all pass"),
    pytest.param(("battery_life >= 30 days", "battery_life >= 90 years"), ExitCode.FAIL, id="one fails"),
    pytest.param(("recall.person >= 0.5", "recall.person >= 0.79"), ExitCode.MARGINAL, id="interval crosses"),
    pytest.param(("latency: 200 ms", "latency: 4000 s"), ExitCode.NOT_FEASIBLE, id="processor overloaded"),
])
def test_verify_exits_by_the_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str],
                                      code: ExitCode) -> None:
    text = SMALL.replace("latency.watch p95 <= 1 s", "latency.watch p95 <= 1 h")
    assert change[0] in text
    path = write_small(tmp_path, text.replace(*change))
    assert call("verify", str(path), "--days", "7", capsys=capsys)[0] == code


def test_ignore_fit_computes_on_and_the_verdict_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = HAND / "wake_word_remote.b.yaml"
    code, out, _ = call("run", str(path), "--ignore-fit", "--days", "1", "--out", str(tmp_path), capsys=capsys)
    assert code == ExitCode.OK
    assert "NOT FEASIBLE" in out
    assert "battery life  52.7 d" in out
    assert call("verify", str(path), "--ignore-fit", "--days", "1", capsys=capsys)[0] == ExitCode.NOT_FEASIBLE


BAD = [
    pytest.param("capacity_mah: 5", "supply:\n  battery: {profile: cr2032}",
                 "supply:\n  battery: {profile: cr2032}\n  capacity_mah: 5", "small.yaml:6:3: error PP104 unknown key",
                 id="unknown key"),
    pytest.param("", "profile: cr2032", "profile: cr2023", 'did you mean "cr2032"', id="unknown profile"),
    pytest.param("", "interrupt: pir", "interrupt: pri", "tasks.watch", id="unknown part in a trigger"),
    pytest.param("", "person: 1, none: 0", "person: 3, none: 0", "no label 3", id="label not in the table"),
    pytest.param("", "recall.person >= 0.5", "recal.person >= 0.5", 'did you mean "recall"', id="unknown metric"),
    pytest.param("", "battery_life >= 30 days @ 90 %", "battery_life >= 30", "PP305", id="limit without unit"),
    pytest.param("", "scores: scores.csv", "scores: ../scores.csv", "PP303", id="path out of the folder"),
    pytest.param("", "scores: scores.csv", "scores: nowhere.csv", "does not exist", id="missing table"),
    pytest.param("", "run_current: {min: 3 mA", "run_current: {min: 30 mA", "PP202", id="range upside down"),
    pytest.param("", "every: 1 h", "every: 0 s", "longer than 0", id="zero period"),
    pytest.param("", "{run: radio, for: 5 ms}", "{run: radio, send: radio, for: 5 ms}", "exactly one of",
                 id="two verbs"),
    pytest.param("", "level2: {latency: 200 ms, ", "level2: {", "latency: 30 ms", id="unknown model cost"),
    pytest.param("", "visitor: {rate: 40/day", "visitor: {rate: 40", "20/day", id="rate without unit"),
]


@pytest.mark.parametrize(("_note", "before", "after", "fragment"), BAD)
def test_bad_scenarios_get_one_clear_message(tmp_path: Path, capsys: pytest.CaptureFixture[str], _note: str,
                                             before: str, after: str, fragment: str) -> None:
    assert before in SMALL
    path = write_small(tmp_path, SMALL.replace(before, after))
    code, out, err = call("check", str(path), capsys=capsys)
    assert code == ExitCode.DATA
    assert fragment in err
    assert f"{path.name}:" in err
    assert "Traceback" not in err + out


def test_errors_as_json_have_the_same_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path, SMALL.replace("rate: 40/day", "rate: 40"))
    code, out, err = call("check", str(path), "--json", capsys=capsys)
    problem = json.loads(out)["problems"][0]
    assert code == ExitCode.DATA
    assert {"code", "severity", "path", "line", "column", "message", "hint"} <= set(problem)
    assert problem["message"] in err


@pytest.mark.parametrize(("arguments", "code"), [
    pytest.param(["run"], ExitCode.USAGE, id="no file"),
    pytest.param(["run", "nowhere.yaml"], ExitCode.DATA, id="missing file"),
    pytest.param(["frobnicate"], ExitCode.USAGE, id="unknown command"),
    pytest.param(["run", "x.yaml", "--seed", "-1"], ExitCode.USAGE, id="negative seed"),
    pytest.param(["explain", "PP999"], ExitCode.DATA, id="unknown code"),
    pytest.param(["profiles", "show", "nrf52841"], ExitCode.DATA, id="unknown profile"),
    pytest.param(["profiles", "list", "--kind", "camra"], ExitCode.DATA, id="unknown kind"),
    pytest.param(["new", "toaster"], ExitCode.DATA, id="unknown product"),
    pytest.param(["--version"], ExitCode.OK, id="version"),
    pytest.param(["limits"], ExitCode.OK, id="limits"),
    pytest.param(["doctor", "--json"], ExitCode.OK, id="doctor"),
    pytest.param(["profiles", "list"], ExitCode.OK, id="profiles"),
])
def test_exit_codes(arguments: list[str], code: ExitCode, capsys: pytest.CaptureFixture[str], tmp_path: Path,
                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, out, err = call(*arguments, capsys=capsys)
    assert found == code
    assert "Traceback" not in out + err


def test_a_bug_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                                           tmp_path: Path) -> None:
    monkeypatch.setattr("powerplan.study.check.check", lambda _: 1 / 0)
    code, _, err = call("check", str(write_small(tmp_path)), capsys=capsys)
    assert code == ExitCode.BUG
    assert "a bug in powerplan: ZeroDivisionError" in err
    assert "Traceback" not in err


def test_new_writes_a_product_that_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("new", "wake_word_remote.b", capsys=capsys)[0] == ExitCode.OK
    assert {path.name for path in tmp_path.iterdir()} == {"wake_word_remote.yaml", "wake_word_remote.b.yaml"}
    assert call("new", "wake_word_remote.b", capsys=capsys)[0] == ExitCode.DATA


def test_schema_is_valid_and_takes_the_shipped_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    from powerplan.files.strict_yaml import read_document

    code, out, _ = call("schema", capsys=capsys)
    schema = json.loads(out)
    assert code == ExitCode.OK
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        data = read_document(path).data
        if isinstance(data, dict) and "based_on" not in data:
            errors = [f"{path.name}: {list(error.path)} {error.message[:200]}" for error in validator.iter_errors(data)]
            assert not errors


def test_written_results_survive_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    out = tmp_path / "out"
    out.write_text("a file is in the way")
    code, _, err = call("run", str(path), "--days", "1", "--out", str(out), capsys=capsys)
    assert code == ExitCode.OUTPUT
    assert out.read_text() == "a file is in the way"
    assert "Traceback" not in err


@pytest.mark.parametrize("columns", [pytest.param("20", id="20 columns"), pytest.param("80", id="80 columns")])
def test_narrow_terminals_and_plain_locales(tmp_path: Path, columns: str) -> None:
    path = write_small(tmp_path)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "COLUMNS": columns, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-m", "powerplan.cli.app", "run", str(path), "--days", "1", "--out",
                            str(tmp_path / "out")], capture_output=True, text=True, env=environment, check=False)
    assert found.returncode == 0, found.stderr
    assert "battery life" in found.stdout


def test_python_gives_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import powerplan

    path = write_small(tmp_path)
    answer = powerplan.load(path).run(days=2)
    _, out, _ = call("run", str(path), "--days", "2", "--json", "--out", str(tmp_path / "out"), capsys=capsys)
    assert json.loads(out)["metrics"] == answer.document()["metrics"]
    assert "<table>" in answer._repr_html_()


@pytest.mark.slow
def test_a_wheel_finds_profiles_and_scenarios(tmp_path: Path) -> None:
    """Built from a copy of the checkout, installed without its dependencies beside those of this environment."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv*", "build", "*.egg-info", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    wheels = tmp_path / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w",
                    str(wheels), str(source)], check=True)
    target = tmp_path / "target"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target),
                    str(next(wheels.glob("*.whl")))], check=True)
    code = ("from powerplan.files.library import data_root, list_profiles; from powerplan.study.templates import names;"
            "print(data_root()); print(len(list_profiles()) > 100, 'wake_word_remote' in names())")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
                           env={**os.environ, "PYTHONPATH": str(target)})
    assert found.stdout.splitlines() == [str(target / "powerplan" / "_data"), "True True"]


def with_own_models(folder: Path) -> Path:
    """The small device with two model files and data instead of a score table."""
    zoo = ROOT / "cascade" / "zoo" / "fashion_images"
    for name in ("level1.tflite", "level2.tflite", "test_data.npz"):
        shutil.copy(zoo / name, folder / name)
    text = SMALL.replace("scores: scores.csv", "data: test_data.npz").replace("person: 1, none: 0",
                                                                             "person: coat, none: other")
    text = text.replace("level1: {", "level1: {model: level1.tflite, ").replace("level2: {",
                                                                               "level2: {model: level2.tflite, ")
    return write_small(folder, text)


def test_own_models_and_data_make_the_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = with_own_models(tmp_path)
    code, out, err = call("run", str(path), "--days", "2", "--json", "--out", str(tmp_path / "out"), capsys=capsys)
    assert code == ExitCode.OK, err
    assert json.loads(out)["metrics"]["recall.person"]["value"] > 0.3
    assert len(list((tmp_path / "cache" / "powerplan" / "scores").iterdir())) == 1


@pytest.mark.parametrize(("damage", "fragment"), [
    pytest.param(lambda _: b"", "level1.tflite", id="0 bytes"),
    pytest.param(lambda data: b"PK\x03\x04" + data[4:], "level1.tflite", id="zip renamed"),
    pytest.param(lambda data: data[:200], "level1.tflite", id="cut off"),
    pytest.param(lambda data: data[:4] + b"XXXX" + data[8:], "level1.tflite", id="wrong magic"),
])
def test_bad_models_exit_66(tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: object, fragment: str) -> None:
    path = with_own_models(tmp_path)
    model = tmp_path / "level1.tflite"
    model.write_bytes(damage(model.read_bytes()))  # type: ignore[operator]
    code, out, err = call("run", str(path), "--days", "1", "--out", str(tmp_path / "out"), capsys=capsys)
    assert code == ExitCode.MODEL
    assert fragment in err
    assert "Traceback" not in out + err
    assert not (tmp_path / "out").exists()


def test_other_model_formats_are_refused_with_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path, SMALL.replace("level1: {", "level1: {model: small.h5, "))
    code, _, err = call("check", str(path), capsys=capsys)
    assert code == ExitCode.DATA
    assert "convert it to .tflite" in err


def test_a_model_that_kills_the_interpreter_is_a_crashed_model(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema-valid file without one bias ends its worker with SIGSEGV, not this program."""
    import numpy as np

    from tests.cascade.test_interpreter import KEYWORDS, _without_bias
    from tests.shared import shared_path

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    killer = _without_bias(shared_path(*KEYWORDS).read_bytes())
    path = with_own_models(tmp_path)
    for name in ("level1.tflite", "level2.tflite"):
        (tmp_path / name).write_bytes(killer)
    np.savez(tmp_path / "test_data.npz", input_1=np.zeros((4, 49, 10, 1), np.int8), label=np.array([0, 1, 0, 1]))
    path.write_text(path.read_text().replace("person: coat, none: other", "person: 1, none: 0"))
    code, out, err = call("run", str(path), "--days", "1", "--out", str(tmp_path / "out"), capsys=capsys)
    assert code == ExitCode.MODEL
    assert "SIGSEGV" in err
    assert "Traceback" not in out + err


def test_an_operator_the_runtime_lacks_is_not_feasible(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate stands before any arithmetic and names the operator; here CONV_2D is taken out of the runtime's list."""
    from dataclasses import replace

    from cascade import runtimes

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    poorer = tuple(replace(one, runs=one.runs - ({"CONV_2D"} if one.name == "tflm" else set()))
                   for one in runtimes.RUNTIMES)
    monkeypatch.setattr(runtimes, "RUNTIMES", poorer)
    code, out, _ = call("verify", str(with_own_models(tmp_path)), "--days", "1", capsys=capsys)
    assert code == ExitCode.NOT_FEASIBLE
    assert "CONV_2D" in out


def test_json_scenarios_go_through_the_same_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from powerplan.files.strict_yaml import read_document

    data = read_document(write_small(tmp_path)).data
    path = tmp_path / "small.json"
    path.write_text(json.dumps(data, indent=1))
    assert call("check", str(path), capsys=capsys)[0] == ExitCode.OK
    path.write_text(json.dumps(data, indent=1).replace('"cr2032"', '"cr2023"'))
    code, _, err = call("check", str(path), capsys=capsys)
    assert code == ExitCode.DATA
    assert "small.json:" in err


@pytest.mark.parametrize(("firmware", "code"), [
    pytest.param("{flash: 100 KiB, ram: 20 KiB}", ExitCode.OK, id="fits"),
    pytest.param("{flash: 1020 KiB, ram: 20 KiB}", ExitCode.NOT_FEASIBLE, id="flash is too small"),
    pytest.param("{flash: 1020 KiB, ram: 20 KiB, models_included: true}", ExitCode.OK, id="models are in it already"),
    pytest.param("{image: app.elf}", ExitCode.DATA, id="no such image"),
])
def test_firmware_replaces_the_assumed_framework(tmp_path: Path, capsys: pytest.CaptureFixture[str], firmware: str,
                                                 code: ExitCode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = with_own_models(tmp_path)
    text = path.read_text().replace("kind: mcu, ", "kind: mcu, flash: 1024 KiB, ram: 256 KiB, ")
    path.write_text(text + f"firmware: {firmware}\n")
    arguments = ("run", str(path), "--days", "1", "--out", str(tmp_path / "out"))
    assert call(*arguments, capsys=capsys)[0] == code
