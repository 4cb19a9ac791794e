"""Vela as a process of its own: what it gives, what it refuses, and its absence."""

import importlib.util
import sys

import pytest

from cascade.cost.imports import ImportProblem
from cascade.cost.vela import vela_cost
from cascade.errors import MissingExtra, ModelRejected
from tests.shared import shared_path

STANDS_IN = """
import sys, pathlib
folder = pathlib.Path(sys.argv[sys.argv.index("--output-dir") + 1])
(folder / "vww_summary_Ethos_U55_High_End_Embedded.csv").write_text(
    "network,accelerator_configuration,system_config,core_clock,inference_time,sram_memory_used\\n"
    "vww_96_int8,Ethos_U55_128,Ethos_U55_High_End_Embedded,500000000.0,0.00044174,72.734375\\n")
"""


@pytest.fixture(scope="module")
def vww():
    return shared_path("facts", "models", "vww_96_int8.tflite")


def test_the_summary_of_a_run_is_its_cost(vww):
    found = vela_cost(vww, command=(sys.executable, "-c", STANDS_IN))
    assert found.latency_s == pytest.approx(0.44174e-3)
    assert found.arena_bytes == 74_480
    assert found.basis.startswith("Vela's estimate for Ethos_U55_128")
    assert found.at_clock(250e6).typical_s == pytest.approx(2.0 * found.latency_s)


@pytest.mark.parametrize(("code", "text"), [
    pytest.param("import sys; print('Error: bad model', file=sys.stderr); sys.exit(1)", "Error: bad model", id="error"),
    pytest.param("pass", "no output", id="no summary"),
])
def test_a_refusal_is_passed_on(vww, code, text):
    with pytest.raises(ImportProblem, match=f"Vela refuses the model: {text}"):
        vela_cost(vww, command=(sys.executable, "-c", code))


def test_wrong_inputs(vww, tmp_path):
    with pytest.raises(ImportProblem, match="allowed: ethos-u55-32"):
        vela_cost(vww, "ethos-u99")
    (tmp_path / "bad.tflite").write_bytes(b"nothing")
    with pytest.raises(ModelRejected):
        vela_cost(tmp_path / "bad.tflite", command=(sys.executable, "-c", STANDS_IN))


def test_without_vela_the_message_says_what_to_install(vww, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install powerplan\[vela\]"):
        vela_cost(vww)
