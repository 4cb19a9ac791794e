"""The functions of the package: typed answers with tables, arrays, data frames and a page for notebooks."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import powerplan
from powerplan.errors import PowerplanError
from powerplan.results.tables import Table
from tests.decide.test_compare import LIT
from tests.decide.test_solve import write_lamp
from tests.whole.test_run import ROOT, write_small


def lamp(folder: Path) -> Path:
    return write_lamp(folder, text=LIT)


def swept(folder: Path) -> object:
    return powerplan.sweep(write_small(folder), days=1, thresholds=4)


def compared(folder: Path) -> object:
    return powerplan.compare(lamp(folder), write_lamp(folder, "b.yaml", LIT.replace("10 mA", "20 mA")), days=1)


def differed(folder: Path) -> object:
    for name in ("one", "two"):
        powerplan.run(lamp(folder), days=1).save(folder / name, report=False)
    return powerplan.diff(folder / "one", folder / "two")


def solved(folder: Path) -> object:
    return powerplan.solve(lamp(folder), "tasks.blink.every", "battery_life >= 100 days", days=1)


def balanced(folder: Path) -> object:
    other = write_lamp(folder, "b.yaml", LIT.replace("10 mA", "20 mA"))
    return powerplan.break_even(lamp(folder), other, "tasks.blink.every", between="1 min..1 h", days=1)


def optimized(folder: Path) -> object:
    return powerplan.optimize(lamp(folder), ["parts.lamp.current=5 mA,10 mA"], days=1)


def of_many(folder: Path) -> object:
    return powerplan.fleet(lamp(folder), 10, "1 year", days=1)


def planned(folder: Path) -> object:
    return powerplan.run(lamp(folder), days=1)


def turned(folder: Path) -> object:
    text = LIT.replace("current: 10 mA", "current: {min: 5 mA, typ: 10 mA, max: 20 mA}")
    return powerplan.sensitivity(write_lamp(folder, text=text), days=1)


ANSWERS = [pytest.param(make, id=make.__name__) for make in (
    planned, swept, compared, differed, solved, balanced, optimized, of_many, turned)]


@pytest.mark.parametrize("make", ANSWERS)
def test_every_answer_is_a_document_a_table_and_a_page(tmp_path: Path, make: object) -> None:
    answer = make(tmp_path)  # type: ignore[operator]
    assert answer.document()["schema_version"] == 1
    table, arrays = answer.table(), answer.arrays()
    assert len(table) > 0
    assert list(arrays) == list(table.columns)
    assert all(isinstance(column, np.ndarray) and len(column) == len(table) for column in arrays.values())
    page = answer._repr_html_()
    assert page.startswith("<")
    assert "None" not in page
    assert len(repr(answer)) < 100
    if importlib.util.find_spec("pandas"):
        assert list(answer.frame().columns) == list(table.columns)


def test_a_run_is_tables_metrics_and_verdicts(tmp_path: Path) -> None:
    answer = powerplan.verify(lamp(tmp_path), days=1)
    assert answer.metrics["battery_life"].value == pytest.approx(250.0, rel=1e-3)
    assert [verdict.verdict for verdict in answer.verdicts] == ["PASS", "PASS"]
    assert int(answer.exit_code()) == 0
    assert "battery_life" in answer.arrays()["metric"]


def test_arrays_mark_what_is_missing() -> None:
    table = Table("t", {"number": [1, None, 2.5], "text": ["a", None, "b"], "flag": [True, False, True]})
    arrays = table.arrays()
    assert arrays["number"].dtype == np.float64
    assert np.isnan(arrays["number"][1])
    assert arrays["text"][1] is None
    assert arrays["flag"].tolist() == [True, False, True]


def test_frames_without_pandas_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="arrays"):
        Table("t", {"a": [1]}).frame()


def test_a_long_table_is_cut_in_a_notebook() -> None:
    page = Table("t", {"<a>": list(range(1_000))})._repr_html_()
    assert page.count("<tr>") == 61
    assert "1,000 rows" in page
    assert "<a>" not in page


def test_pictures(tmp_path: Path) -> None:
    answer = powerplan.run(lamp(tmp_path), days=1)
    shown = powerplan.plot(answer, "energy")
    assert shown._repr_png_().startswith(b"\x89PNG")
    assert shown.save(tmp_path / "energy.svg").read_text().startswith("<?xml")
    assert powerplan.plot(compared(tmp_path)).save(tmp_path / "a.png").stat().st_size > 1_000
    assert powerplan.plot(optimized(tmp_path)).name == "pareto_designs"
    assert powerplan.plot(swept(tmp_path)).name == "sweep_map"
    assert powerplan.plot(answer, "tornado").name == "tornado"
    for wrong in ((answer, "enrgy"), (answer, "ageing"), (answer, "map"), (solved(tmp_path), None)):
        with pytest.raises(PowerplanError):
            powerplan.plot(*wrong)


def test_a_shipped_product_to_start_from(tmp_path: Path) -> None:
    path = powerplan.new("doorbell-camera", tmp_path / "mine.yaml")
    assert powerplan.load(path).loaded.scenario.product.name == "Video doorbell"


def test_every_function_says_what_it_gives_and_raises() -> None:
    for name in powerplan.__all__:
        said = inspect.getdoc(getattr(powerplan, name)) or ""
        assert "Raises" in said, name


def test_the_package_imports_nothing_heavy() -> None:
    code = "import sys, powerplan; print([m for m in ('numpy', 'pydantic', 'matplotlib') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"
