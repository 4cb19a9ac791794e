"""`powerplan report`: what is computed for it, that it agrees with the run, and the formats of the command."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.report.facts import ReportOptions
from powerplan.study import reporting
from powerplan.study.ageing import ageing_table
from powerplan.study.reporting import further
from powerplan.study.sending import sending_table
from powerplan.study.session import Session, plan
from powerplan.study.tables import table

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
FURTHER = ("sweep", "tornado", "sending", "lives", "fan", "ageing")


@pytest.fixture(scope="module")
def remote() -> Session:
    return plan(SCENARIOS / "wake_word_remote.yaml", days=2.0)


@pytest.fixture(scope="module")
def more(remote: Session):
    return further(remote)


def test_everything_is_there_and_the_same_each_time(remote: Session, more) -> None:
    assert tuple(more.tables) == FURTHER
    for name, again in (reporting.fan_tables(remote.result) | {"sending": sending_table(remote.result)}).items():
        assert dict(again.columns) == dict(more.tables[name].columns)


def test_sending_the_raw_data_beside_computing(more) -> None:
    """Both sides of one decision: energy, time, and the bytes that leave the device."""
    rows = {row["choice"]: row for row in more.tables["sending"].rows()}
    assert list(rows) == ["compute up to level1", "compute up to level2", "send the result", "send the raw data"]
    assert rows["send the raw data"]["data_bytes"] == 16_000 * 0.25 * 2
    assert [row["data_bytes"] for row in rows.values()] == [0, 0, 20, 8_000]
    assert 0 < rows["compute up to level1"]["energy_j"] < rows["compute up to level2"]["energy_j"]
    assert 0 < rows["send the result"]["energy_j"] < rows["send the raw data"]["energy_j"]
    assert all(row["time_s"] > 0 for row in rows.values())


def test_a_satellite_message_takes_more_than_computing() -> None:
    glacier = plan(SCENARIOS / "glacier_watch.yaml", days=28.0)
    rows = {row["choice"]: row for row in sending_table(glacier.result).rows()}
    assert rows["send the raw data"]["energy_j"] > 1_000 * rows["compute up to level1"]["energy_j"]


def test_lives_are_those_the_run_was_judged_by(remote: Session, more) -> None:
    lives = sorted(more.tables["lives"].columns["life_days"])
    life = remote.metrics["battery_life"]
    assert lives[0] < life.low < life.value < life.high < lives[-1]
    middle = more.tables["fan"].columns["middle_fraction"]
    assert middle[0] == pytest.approx(1.0, rel=0.02)  # of the label, and cells differ
    assert all(before >= after for before, after in pairwise(middle))


@pytest.mark.parametrize(("product", "days", "cases"), [
    pytest.param("wake_word_remote", None, ["as on the first day", "with self-discharge"], id="primary cells"),
    pytest.param("fall_band", 2.0, ["as on the first day", "with self-discharge", "with self-discharge and ageing"],
                 id="a cell that is charged"),
    pytest.param("hand/wake_word_remote", 2.0, [], id="an ideal cell does not change"),
])
def test_the_first_day_against_the_aged_product(remote: Session, product: str, days: float | None, cases: list[str]
                                                ) -> None:
    result = (remote if days is None else plan(SCENARIOS / f"{product}.yaml", days=days)).result
    found = ageing_table(result)
    lives = {row["case"]: row["value"] for row in found.rows() if row["quantity"] == "life"} if found else {}
    assert list(lives) == cases
    if found is None:
        return
    assert list(lives.values()) == sorted(lives.values(), reverse=True)
    assert lives[cases[-1]] == pytest.approx(result.life.life_s / 86_400.0, rel=1e-9)
    pulses = [row["value"] for row in found.rows() if row["quantity"] == "worst pulse"]
    assert pulses[0] == max(pulses)


def test_tornado_ranks_the_figures_of_the_life(more) -> None:
    rows = more.tables["tornado"].rows()
    swings = [abs(row["at_high"] - row["at_low"]) for row in rows]
    assert {row["metric"] for row in rows} == {"battery_life"}
    assert swings == sorted(swings, reverse=True)
    assert swings[0] > 0


def test_the_own_pair_is_in_the_map(more) -> None:
    own = next(row for row in more.tables["sweep"].rows() if "own" in row["role"])
    assert (own["threshold_1"], own["threshold_2"]) == (0.242, 0.605)
    assert own["cascade"] == "word"


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = plan(SCENARIOS / "water_meter_reader.yaml", days=2.0)
    monkeypatch.setattr(reporting, "tornado_table", lambda _result: table("tornado", []))
    found = further(meter)
    assert "sweep" not in found.tables
    assert found.notes == ("no thresholds in this report: no cascade of this scenario has a score table",)


def test_the_class_of_the_mean_power_is_said(remote: Session) -> None:
    assert any(line.startswith("mean power") and line.endswith(": hundreds of microwatts")
               for line in remote.headline())


def test_a_milliwatt_on_a_coin_cell_is_warned_about(tmp_path: Path) -> None:
    scenario = tmp_path / "coin.yaml"
    scenario.write_text("powerplan: 1\nproduct: {name: Lamp}\nsupply: {battery: {profile: cr2032}}\n"
                        "parts:\n  lamp: {kind: load, current: 2 mA}\n"
                        "tasks:\n  shine: {when: {every: 1 s}, do: [{run: lamp, for: 500 ms}]}\n", encoding="utf-8")
    notes = plan(scenario, days=1.0).notes()
    assert any("is much for the coin cell cr2032: devices on coin cells stay below 1 mW" in note for note in notes)


def test_same_run_same_report(remote: Session, tmp_path: Path) -> None:
    options = ReportOptions(("md",), (), further=False)
    written = [{path.name: path.read_bytes() for path in remote.save(tmp_path / name, True, options)
                if path.suffix != ".parquet"} for name in ("one", "two")]
    assert written[0] == written[1]
    assert {"report.md", "run.json", "energy.json", "figures.csv"} <= set(written[0])


def test_the_command_writes_what_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["report", str(SCENARIOS / "vibration_monitor.yaml"), "--days", "2", "--out", str(tmp_path)]
    assert main([*arguments, "--quick", "--format", "md", "--plots", "none"]) == 0
    written = {path.name for path in tmp_path.iterdir()}
    assert "report.md" in written
    assert not {path for path in written if path.endswith((".html", ".pdf", ".svg", ".png"))}
    assert "Report:" in capsys.readouterr().out
    assert main([*arguments, "--format", "docx"]) == 2
