"""C sources of a cascade: compiled, and deciding as the plan does."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cascade import zoo
from cascade.decision import NEVER, EscalationRule
from cascade.errors import DataError
from cascade.export import Firmware, export, of_shipped, stored_threshold
from cascade.interpreter import dequantize
from cascade.tflite import TensorFacts, read_model

MAIN = r"""
#include <stdio.h>
#include "{name}_config.h"
#include "{name}_level1.h"
#include "{name}_level2.h"
int main(void) {{
  fwrite({name}_level1, 1, {upper}_LEVEL1_BYTES, stdout);
  fwrite({name}_level2, 1, {upper}_LEVEL2_BYTES, stdout);
  for (int stored = -128; stored < 128; ++stored)
    fprintf(stderr, "%d %d\n", stored >= {upper}_LEVEL1_THRESHOLD, stored >= {upper}_LEVEL2_THRESHOLD);
  fprintf(stderr, "%.9g %d %s\n", (double){upper}_LEVEL1_OUTPUT_SCALE, {upper}_LEVEL2_INPUT_ZERO_POINT,
          {upper}_LEVEL1_SHA256);
  return 0;
}}
"""


@pytest.fixture
def compiler():
    found = shutil.which("gcc") or shutil.which("cc")
    if found is None:
        pytest.skip("no C compiler on this machine")
    return found


@pytest.mark.parametrize("name", zoo.names())
def test_a_shipped_cascade_compiles_and_decides_as_the_plan(tmp_path: Path, compiler, name):
    firmware = of_shipped(name)
    files = export(firmware, tmp_path)
    assert len(files) == 5
    (tmp_path / "main.c").write_text(MAIN.format(name=name, upper=name.upper()))
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", "main", "main.c", f"{name}_level1.c",
               f"{name}_level2.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ran = subprocess.run([tmp_path / "main"], capture_output=True)
    assert ran.stdout == b"".join(path.read_bytes() for path in firmware.models)
    *decisions, last = ran.stderr.decode().splitlines()
    facts = [read_model(path) for path in firmware.models]
    stored = np.arange(-128, 128).astype(np.int8)
    thresholds = (firmware.rule.low, firmware.threshold_2)
    for level, (one, threshold) in enumerate(zip(facts, thresholds, strict=True)):
        wanted = dequantize(stored, one.output) >= threshold
        assert [row.split()[level] == "1" for row in decisions] == wanted.tolist()
    scale, zero_point, sha256 = last.split()
    assert np.float32(scale) == np.float32(facts[0].output.scale)
    assert int(zero_point) == facts[1].input.zero_point
    assert sha256 == hashlib.sha256(firmware.models[0].read_bytes()).hexdigest()


def test_window_constants_of_the_motion_cascade(tmp_path: Path):
    export(of_shipped("motion_watch"), tmp_path)
    text = (tmp_path / "motion_watch_config.h").read_text()
    for line in ("MOTION_WATCH_FEATURES_WINDOW_LENGTH 100", "MOTION_WATCH_FEATURES_WINDOW_HOP 25",
                 "MOTION_WATCH_FEATURES_WINDOW_SAMPLE_RATE_HZ 50", "MOTION_WATCH_FEATURES_RANGE_ACCELERATION_G 4.0f"):
        assert f"#define {line}\n" in text


@pytest.mark.parametrize(("threshold", "stored"), [
    pytest.param(0.0, -128, id="0 passes everything"),
    pytest.param(0.5, 0, id="on a step"),
    pytest.param(np.nextafter(0.5, 1), 1, id="a little above a step"),
    pytest.param(255 / 256, 127, id="the highest score"),
    pytest.param(1.0, 128, id="above the highest score"),
    pytest.param(NEVER, 128, id="never"),
])
def test_the_stored_threshold(threshold, stored):
    assert stored_threshold(threshold, TensorFacts("out", "int8", (1, 1), (1 / 256,), (-128,), 0)) == stored


def test_a_band_and_the_names(tmp_path: Path):
    shipped = of_shipped("fashion_images")
    firmware = replace(shipped, name="my_band", rule=EscalationRule("band", 0.25, 0.75, accept_early=True),
                       confirm=(2, 3), refractory_s=1.5)
    export(firmware, tmp_path)
    text = (tmp_path / "my_band_config.h").read_text()
    assert "MY_BAND_LEVEL1_THRESHOLD (-64)\n" in text
    assert "MY_BAND_LEVEL1_ABOVE_BAND 65\n" in text
    assert "MY_BAND_CONFIRM_OF 3\n" in text
    assert "MY_BAND_REFRACTORY_MS 1500\n" in text
    with pytest.raises(DataError, match="no name for C symbols"):
        export(replace(firmware, name="bad-name; #include"), tmp_path)
    with pytest.raises(DataError, match="no shipped cascade"):
        of_shipped("fly")


def test_the_same_bytes_each_time(tmp_path: Path):
    firmware: Firmware = of_shipped("motion_watch")
    first, second = export(firmware, tmp_path / "a"), export(firmware, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
