"""Two saved results: what moved, what changed, and what is refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powerplan.errors import ExitCode, OutputError
from powerplan.study.diff import diff
from powerplan.study.session import plan
from powerplan.study.sides import Incomparable
from tests.decide.test_compare import LIT
from tests.decide.test_solve import write_lamp
from tests.whole.test_commands import call


def saved(folder: Path, name: str, *changes: tuple[str, str], days: float = 1, seed: int | None = None) -> Path:
    """A result folder of the lamp with some texts replaced."""
    text = LIT
    for old, new in changes:
        text = text.replace(old, new)
    (folder / name).mkdir()
    path = write_lamp(folder / name, "lamp.yaml", text)
    plan(path, days=days, seed=seed).save(folder / name / "out", report=False)
    return folder / name / "out"


def edited(folder: Path, **values: object) -> Path:
    """A result whose run.json says something else."""
    file = folder / "run.json"
    data = json.loads(file.read_text()) | values
    file.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))
    return folder


def test_what_changed_and_what_moved(tmp_path: Path) -> None:
    one, two = saved(tmp_path, "a"), saved(tmp_path, "b", ("every: 10 min", "every: 5 min"))
    [found] = diff(one, two).document()["against_baseline"]
    assert [(change["kind"], change["name"], change["before"], change["after"]) for change in found["changed"]] == [
        ("scenario", "tasks.blink.when.every", "10 min", "5 min")]
    line = found["moved"][0]
    assert (line["id"], line["from"], line["to"]) == ("REQ-2", "PASS", "FAIL")
    assert line["because"][0]["key"] == "tasks.blink.when.every"
    assert found["energy"][0]["name"] == "lamp on"


def test_a_figure_goes_with_the_key_that_states_it(tmp_path: Path) -> None:
    one, two = saved(tmp_path, "a"), saved(tmp_path, "b", ("current: 10 mA", "current: 20 mA"))
    [found] = diff(one, two / "run.json").document()["against_baseline"]
    assert [change["kind"] for change in found["changed"]] == ["scenario", "figure"]
    assert found["moved"][0]["because"][0]["key"] == "parts.lamp.current"


def test_several_changes_cannot_be_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = saved(tmp_path, "a")
    two = saved(tmp_path, "b", ("every: 10 min", "every: 5 min"), ("current: 10 mA", "current: 20 mA"))
    code, out, _ = call("diff", str(one), str(two), capsys=capsys)
    assert code == ExitCode.OK
    assert "2 inputs changed at once (parts.lamp.current, tasks.blink.when.every)" in out
    assert "powerplan compare" in out


def test_same_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = saved(tmp_path, "a")
    _, out, _ = call("diff", str(one), str(one), capsys=capsys)
    assert "inputs that differ\n\nnone" in out
    assert "moved" not in out


def test_another_seed_is_said_to_be_unpaired(tmp_path: Path) -> None:
    found = diff(saved(tmp_path, "a"), saved(tmp_path, "b", seed=2)).document()
    assert "not paired" in found["notes"][0]
    assert found["against_baseline"][0]["changed"][0]["kind"] == "seed"


@pytest.mark.parametrize(("change", "words"), [
    pytest.param({"schema_version": 99}, "install the powerplan that wrote it", id="newer schema"),
    pytest.param({"schema_version": 0}, "run the scenario again", id="older schema"),
    pytest.param({"schema_version": "x"}, "run the scenario again", id="no schema of ours"),
    pytest.param({"simulated_days": 30.0}, "--allow horizon", id="another horizon"),
    pytest.param({"horizon": {"extent": "whole life"}}, "whole life", id="a whole life against a window"),
])
def test_incomparable_results_say_what_to_do(tmp_path: Path, change: dict[str, object], words: str,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    one, two = saved(tmp_path, "a"), edited(saved(tmp_path, "b"), **change)
    with pytest.raises(Incomparable):
        diff(one, two)
    code, _, err = call("diff", str(one), str(two), capsys=capsys)
    assert code == ExitCode.DATA
    assert words in err


def test_whole_lives_of_different_length_are_comparable(tmp_path: Path) -> None:
    """The days of a whole life are what was found, not what was asked."""
    whole = {"horizon": {"extent": "whole life"}}
    one = edited(saved(tmp_path, "a"), **whole, simulated_days=250.0)
    two = edited(saved(tmp_path, "b"), **whole, simulated_days=125.0)
    assert diff(one, two).document()["against_baseline"][0]["changed"] == []


def test_a_result_that_does_not_say_its_inputs(tmp_path: Path) -> None:
    found = diff(edited(saved(tmp_path, "a"), inputs=None), saved(tmp_path, "b", ("every: 10 min", "every: 5 min")))
    assert not found.inputs_known
    assert "run it again" in found.document()["notes"][0]
    assert found.document()["metrics"]


@pytest.mark.parametrize("content", [
    pytest.param("", id="empty"), pytest.param("[1, 2]", id="a list"), pytest.param('{"a": 1}', id="another document"),
    pytest.param("[" * 100_000, id="deep"), pytest.param("\x00\xff", id="binary"),
])
def test_files_that_are_no_results(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(OutputError):
        diff(file, file)


def test_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call("diff", str(tmp_path / "no"), str(tmp_path / "no"), capsys=capsys)
    assert code == ExitCode.OUTPUT
    assert "cannot be read" in err


def test_precision_and_markdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = saved(tmp_path, "a"), saved(tmp_path, "b", ("every: 10 min", "every: 5 min"))
    _, out, _ = call("diff", str(one), str(two), "--md", "--precision", "6", capsys=capsys)
    assert out.startswith("### ")
    assert "| average\\_current | 1.66667e-05 A | 3.33333e-05 A | +1.66667e-05 A (+100.0 %) |" in out
    _, out, _ = call("diff", str(one), str(two), "--all", capsys=capsys)
    assert "cycles.blink" in out
    _, out, _ = call("diff", str(one), str(two), "--json", capsys=capsys)
    assert json.loads(out)["kind"] == "diff"


def test_differences_as_a_table(tmp_path: Path) -> None:
    one, two = saved(tmp_path, "a"), saved(tmp_path, "b", ("every: 10 min", "every: 5 min"))
    row = next(row for row in diff(one, two).table().rows() if row["metric"] == "battery_life")
    assert row["fraction"] == pytest.approx(-0.5, rel=1e-3)
