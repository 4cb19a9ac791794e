"""The command `cascade`: documents, lines, messages and exit codes, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cascade.make_models import running_sum
from tests.shared import shared_path

ROOT = Path(__file__).resolve().parents[2]


def cascade(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    command = [sys.executable, "-m", "cascade.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder or ROOT, env=environment, timeout=60)


def test_profile_as_json():
    done = cascade("profile", shared_path("facts", "models", "kws_ref_model.tflite"), "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert (document["macs"], document["file_bytes"], len(document["operators"])) == (2_656_768, 53_936, 13)
    assert document["arena_bytes"] >= document["arena_lower_bound_bytes"] == 16_000
    assert document["arena"]["basis"] in ("measured", "lower bound")
    assert document["inputs"][0]["zero_points"] == [83]


def test_profile_for_people():
    done = cascade("profile", shared_path("facts", "models", "kws_ref_model_float32.tflite"))
    assert "2,656,768 MACs" in done.stdout
    assert "note: the file name says float" in done.stdout


def test_scores_then_evaluate_then_sweep(tmp_path: Path):
    model = shared_path("facts", "models", "kws_ref_model.tflite")
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as file:
        np.savez(tmp_path / "data.npz", x=file["x"][:60], y=file["y"][:60])
    out = tmp_path / "scores.parquet"
    done = cascade("scores", model, model, "--data", tmp_path / "data.npz", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 60
    done = cascade("evaluate", out, "--threshold1", "0.8", "--escalate", "below", "--json")
    assert json.loads(done.stdout)["metrics"]["accuracy"]["value"] > 0.8
    done = cascade("sweep", out, "--escalate", "below", "--json")
    assert json.loads(done.stdout)["recommendation"]["feasible"]


def test_evaluate_the_keyword_pair():
    table = shared_path("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv")
    done = cascade("evaluate", table, "--threshold1", "0.5", "--threshold2", "0.5")
    assert "recall                         0.8876  [0.8328, 0.9261]  Wilson, 178 rows" in done.stdout
    assert "false_alarms_per_hour          not evaluable: the table has no times" in done.stdout


@pytest.mark.parametrize(("arguments", "code", "says"), [
    pytest.param(["profile", "absent.tflite"], 66, "absent.tflite: cannot be read: No such file", id="no model"),
    pytest.param(["profile", "model.keras"], 66, "only .tflite files are read", id="keras"),
    pytest.param(["scores", "sum.tflite", "model.keras", "--data", "data.npz", "--out", "o.csv"], 66, "model.keras",
                 id="level 2 is no model"),
    pytest.param(["scores", "sum.tflite", "sum.tflite", "--data", "wide.npz", "--out", "o.csv"], 65,
                 "takes 2 values per row", id="data that do not fit"),
    pytest.param(["scores", "sum.tflite", "sum.tflite", "--data", "data.npz", "--out", "no/o.csv"], 74,
                 "cannot be written", id="no folder"),
    pytest.param(["evaluate", "bad.csv", "--threshold1", "0.5"], 65, "bad.csv:3: error score_1: got nan", id="NaN"),
    pytest.param(["evaluate", "good.csv", "--threshold1", "2"], 65, "a threshold is a number from 0 to 1", id="2"),
    pytest.param(["evaluate", "good.csv", "--threshold1", ".5", "--confirm", "3/2"], 65, "such as 2/3", id="confirm"),
    pytest.param(["evaluate", "good.csv", "--threshold1", ".5", "--refractory-s", "1"], 65, "time_s", id="no times"),
    pytest.param(["evaluate", "good.csv", "--threshold1", ".5", "--escalate", "band"], 65, "upper edge", id="band"),
    pytest.param(["evaluate", "good.csv", "--threshold1", ".5", "--positive", "9"], 65, "no row has the label 9",
                 id="label"),
    pytest.param(["evaluate", "good.csv"], 2, "threshold1", id="option missing"),
    pytest.param(["evaluate", "good.csv", "--threshold1", ".5", "--escalate", "sideways"], 2, "sideways", id="choice"),
    pytest.param(["sweep", "good.csv", "--min-recall", "1", "--max-false-accepts", "0", "--max-escalation", "0"], 4,
                 "", id="infeasible"),
    pytest.param(["sweep", "constant.csv"], 65, "score_1 is the same in every row", id="constant scores"),
    pytest.param(["train", "fly", "--out", "x"], 2, "invalid choice: 'fly'", id="no such training"),
    pytest.param(["fly"], 2, "fly", id="no such command"),
])
def test_exit_codes(tmp_path: Path, arguments, code, says):
    (tmp_path / "sum.tflite").write_bytes(running_sum())
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04" + bytes(100))
    np.savez(tmp_path / "data.npz", x=np.array([[0, 1], [0, 0]], np.int8), y=np.array([1, 0]))
    np.savez(tmp_path / "wide.npz", x=np.zeros((2, 3), np.int8), y=np.array([1, 0]))
    head = "label,score_1,score_2\n"
    (tmp_path / "good.csv").write_text(head + "0,.1,.2\n1,.9,.8\n")
    (tmp_path / "bad.csv").write_text(head + "0,.1,.2\n1,nan,.8\n")
    (tmp_path / "constant.csv").write_text(head + "0,.5,.2\n1,.5,.8\n")
    done = cascade(*arguments, folder=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("o.csv")), "a partial file was left"


def test_infeasible_is_said_on_standard_output(tmp_path: Path):
    (tmp_path / "good.csv").write_text("label,score_1,score_2\n0,.1,.2\n1,.9,.8\n0,.95,.9\n")
    done = cascade("sweep", "good.csv", "--min-recall", "1", "--max-false-accepts", "0", folder=tmp_path)
    assert "infeasible, nearest is threshold 1 " in done.stdout
    assert done.returncode == 4


def test_help_is_quick_and_names_the_exit_codes():
    done = cascade("--help")
    assert done.returncode == 0
    assert "66" in done.stdout
    script = "import sys, cascade.cli; print([m for m in ('numpy', 'duckdb', 'ai_edge_litert') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"
