"""Results of other tools: what they give, and what is refused."""

import pytest

from cascade.cost.imports import ImportProblem, own_measurement, read_result

VELA = (
    "experiment,network,accelerator_configuration,system_config,memory_mode,core_clock,arena_cache_size,sram_bandwidth,"
    "inference_time,inferences_per_second,sram_memory_used,nn_macs\n"
    "default,vww,Ethos_U55_128,Ethos_U55_High_End_Embedded,Shared_Sram,500000000.0,4096.0,4.0,0.00125,800.0,88.5,7489664\n"
)
MLTK = "index,op,macs,time_s,energy_J\n0,conv_2d,1000,0.002,0.00002\n1,softmax,0,0.001,0.00001\n"
ST = """ST Edge AI Core v2.0.0
 Inference time per node
   device    : 0x500/STM32L4Rxx @120/120MHz
   duration  : 88.930 ms (average)
   CPU cycles : 10671600
"""
ZEPHYR = """[00:00:01.000] QUANTIZE took 1000 ticks (0 ms).
[00:00:01.200] CONV_2D took 60000 ticks (1 ms).
[00:00:01.300] DEPTHWISE_CONV_2D took 39000 ticks (1 ms).
"""
TFLM_CSV = '"Unique Tag","Total ticks across all events with that tag."\n"0","CONV_2D","60000"\n"1","SOFTMAX","40000"\n'


@pytest.mark.parametrize(("text", "clock_hz", "latency_s", "energy_j", "basis"), [
    pytest.param(VELA, None, 0.00125, None, "Vela's estimate for Ethos_U55_128", id="Vela"),
    pytest.param(MLTK, None, 0.003, 0.00003, "measured per layer by Silicon Labs MLTK", id="MLTK"),
    pytest.param(ST, None, 0.08893, None, "measured on the target by ST Edge AI", id="ST Edge AI"),
    pytest.param(ZEPHYR, 100e6, 0.001, None, "measured by TFLM's profiler, 3 operators", id="Zephyr log"),
    pytest.param(TFLM_CSV, 100e6, 0.001, None, "measured by TFLM's profiler, 2 operators", id="TFLM CSV"),
])
def test_results_of_other_tools(tmp_path, text, clock_hz, latency_s, energy_j, basis):
    path = tmp_path / "result.txt"
    path.write_text(text, encoding="utf-8")
    found = read_result(path, clock_hz)
    assert found.latency_s == pytest.approx(latency_s)
    assert found.energy_j == (None if energy_j is None else pytest.approx(energy_j))
    assert found.basis.startswith(basis)
    estimate = found.at_clock(found.clock_hz or 1e6)
    assert estimate.low_s < estimate.typical_s < estimate.high_s


def test_a_result_scales_with_the_clock(tmp_path):
    path = tmp_path / "vela.csv"
    path.write_text(VELA, encoding="utf-8")
    assert read_result(path).at_clock(250e6).typical_s == pytest.approx(0.0025)
    assert read_result(path).arena_bytes == round(88.5 * 1024)


@pytest.mark.parametrize(("text", "clock_hz", "message"), [
    pytest.param("hello", None, "not a Vela summary", id="nothing known"),
    pytest.param("", None, "not a Vela summary", id="empty"),
    pytest.param("inference_time,x\n1,2\n", None, "columns are missing: core_clock", id="Vela without clock"),
    pytest.param(VELA + VELA.splitlines()[1] + "\n", None, "one row, found 2", id="Vela with two rows"),
    pytest.param(VELA.replace("0.00125", "fast"), None, ":2: error inference_time: not a number: 'fast'", id="a word"),
    pytest.param(VELA.replace("0.00125", "nan"), None, "not a finite number", id="not a number"),
    pytest.param(VELA.replace("0.00125", "-1"), None, "must be above 0", id="negative"),
    pytest.param(MLTK.replace("0.002", ""), None, ":2: error time_s: a number is missing", id="MLTK cell missing"),
    pytest.param(MLTK.replace("0.002", "-0.002"), None, "not negative", id="MLTK negative"),
    pytest.param("STEdgeAI analyze\n macc : 7489664\n", None, "the analysis alone has no time", id="ST without target"),
    pytest.param(ZEPHYR, None, "the clock they were counted at is needed", id="ticks without a clock"),
    pytest.param("CONV_2D took many ticks\n", 1e6, "no line like", id="no numbers"),
])
def test_refused_results(tmp_path, text, clock_hz, message):
    path = tmp_path / "result.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImportProblem) as raised:
        read_result(path, clock_hz)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(path))


def test_files_that_are_no_text(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ImportProblem, match="not UTF-8"):
        read_result(tmp_path / "binary")
    with pytest.raises(ImportProblem, match="cannot be read"):
        read_result(tmp_path / "missing")
    (tmp_path / "large").write_bytes(b"a" * 4_000_001)
    with pytest.raises(ImportProblem, match="larger than"):
        read_result(tmp_path / "large")


@pytest.mark.parametrize("latency_s", [0.0, -1.0, float("inf"), float("nan")])
def test_own_measurements_are_positive(latency_s):
    with pytest.raises(ImportProblem):
        own_measurement(latency_s)
