"""Model files side by side: sizes, work, accuracy on the same data and time on the same device, and the differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from powerplan.errors import PowerplanError
from powerplan.study.models import checked_kernels, of_cascade
from powerplan.units import format_quantity

FEWEST, MOST = 2, 12


def compare_models(files: Sequence[Path], data: Path | None = None, device: str | None = None,
                   runtime: str | None = None, kernels: str = "builtin") -> dict[str, Any]:
    """Models beside the first of them. Accuracy and speed come together or not at all. Raises PowerplanError."""
    if not FEWEST <= len(files) <= MOST:
        raise PowerplanError(f"{FEWEST} to {MOST} model files are compared, got {len(files)}")
    if (data is None) != (device is None):
        given, missing = ("accuracy", "--device, for the time") if device is None else ("time", "--data, for the "
                                                                                           "accuracy")
        raise PowerplanError(f"{given} alone does not compare models: what one gains the other may have paid for; give "
                             f"{missing} of the same models, or neither for sizes and operations")
    rows = [_sizes(file) for file in files]
    if data is not None and device is not None:
        right = _right(files, data, kernels)
        for row, hits in zip(rows, right, strict=True):
            row["accuracy"] = float(hits[0].mean())
            row["accuracy_change"] = _change(hits[0], right[0][0], hits[1])
        for row, file in zip(rows, files, strict=True):
            row |= _speed(file, device, runtime)
    for row in rows:
        row["times_the_first"] = _ratios(row, rows[0])
    return {"schema_version": 1, "data": None if data is None else str(data), "device": device, "kernels": kernels,
            "models": rows}


def _sizes(file: Path) -> dict[str, Any]:
    from cascade.arena import tensor_arena
    from cascade.quantize.sizes import over_the_air
    from cascade.tflite import model_facts, read_model_bytes

    with of_cascade():
        content = read_model_bytes(file)
        facts, arena = model_facts(content, str(file)), tensor_arena(file)
    deflate, huffman = over_the_air(content)
    return {"file": str(file), "sha256": facts.sha256, "quantization": facts.quantization, "macs": facts.macs,
            "flops": 2 * facts.macs, "weight_bytes": facts.weight_bytes, "file_bytes": facts.file_bytes,
            "arena_bytes": arena.arena_bytes, "arena_basis": arena.basis,
            "air_bytes": {"deflate": deflate, "huffman": huffman}}


def _right(files: Sequence[Path], data: Path, kernels: str) -> list[tuple[npt.NDArray[np.float64], Any]]:
    """(1 where a model names a row's label, clips of the rows) of every model."""
    from cascade.data import read_data
    from cascade.interpreter import Interpreter, dequantize, model_inputs
    from cascade.quantize.compare import classes_of

    found = []
    with of_cascade():
        given = read_data(data)
        if given.label.dtype.kind not in "iu":
            raise PowerplanError(f"{data}: the labels of a model's outputs are numbers from 0")
        clips = np.arange(len(given.label)) if given.clip_id is None else given.clip_id
        real = _real(given.input_1, files)
        for file in files:
            with Interpreter(file, kernels=checked_kernels(kernels)) as model:
                outputs = model.run(model_inputs(real, model.facts), given.clip_id)
                classes = classes_of(dequantize(outputs, model.facts.output))
            found.append(((classes == given.label).astype(np.float64), clips))
    return found


def _real(inputs: npt.NDArray[Any], files: Sequence[Path]) -> npt.NDArray[Any]:
    """Inputs that every model can be given: stored numbers are read by the scale of the first model that takes them."""
    from cascade.interpreter import dequantize
    from cascade.tflite import read_model
    from cascade.tflite_schema import NUMPY_DTYPES

    if inputs.dtype.kind == "f":
        return inputs
    taken = [read_model(file).input for file in files]
    first = next((one for one in taken if one.scales and NUMPY_DTYPES.get(one.dtype) == inputs.dtype), None)
    if first is None:
        raise PowerplanError(f"the data are {inputs.dtype}, which none of the models takes; give floating-point values")
    return dequantize(inputs, first)


def _change(hits: npt.NDArray[np.float64], first: npt.NDArray[np.float64], clips: Any) -> dict[str, Any]:
    """Accuracy less that of the first model on the same rows: pairs, so the interval is that of the difference."""
    from cascade.statistics import bootstrap_ratio

    difference = hits - first
    value = float(difference.mean())
    if not difference.any() or len(np.unique(clips)) < 2:
        return {"value": value, "low": value, "high": value, "method": "no row differs"}
    ends = bootstrap_ratio(difference, np.ones(len(difference)), clips)
    return {"value": value, "low": ends.low, "high": ends.high, "method": f"{ends.method}, paired"}


def _speed(file: Path, device: str, runtime: str | None) -> dict[str, Any]:
    from powerplan.study.cost import model_cost

    row = model_cost(file, [device], runtime)[0]
    return {name: row[name] for name in ("latency_ms", "energy_uj", "fits", "basis", "runtime", "clock_mhz")}


def _ratios(row: dict[str, Any], first: dict[str, Any]) -> dict[str, float]:
    """What stands in a row over what stands in the first."""
    found = {name: row[name] / first[name] for name in ("macs", "file_bytes", "arena_bytes") if first[name]}
    for name in ("latency_ms", "energy_uj"):
        if row.get(name) and first.get(name):
            # Both estimates share the errors of the device, so typical values are compared.
            found[name] = row[name]["typical"] / first[name]["typical"]
    return found


def compare_text(document: dict[str, Any]) -> Iterator[str]:
    """The same as a table."""
    rows = document["models"]
    paired = document["data"] is not None
    head = f"{'model':<28} {'format':<13} {'MACs':>12} {'flash B':>10} {'arena B':>10} {'deflated':>10}"
    if paired:
        head += f"  {'accuracy':>8} {'change [interval]':>26}  {'latency':>12} {'energy':>11}  fits"
    yield head
    for row in rows:
        mark = "" if row["arena_basis"] == "measured" else "*"
        line = (f"{_name(row['file']):<28} {row['quantization']:<13} {row['macs']:>12,} {row['file_bytes']:>10,} "
                f"{row['arena_bytes']:>9,}{mark or ' '} {row['air_bytes']['deflate']:>10,}")
        yield line + (_paired_text(row, row is rows[0]) if paired else "")
    if any(row["arena_basis"] != "measured" for row in rows):
        yield "* lower bound: TensorFlow Lite Micro does not run it, or is not installed"
    for row in rows[1:]:
        names = {"macs": "MACs", "file_bytes": "flash", "arena_bytes": "arena", "latency_ms": "latency",
                 "energy_uj": "energy"}
        listed = ", ".join(f"{names[name]} x {value:.3g}" for name, value in row["times_the_first"].items())
        yield f"{_name(row['file'])} beside {_name(rows[0]['file'])}: {listed}"
    if paired:
        yield f"latency and energy on {document['device']}: {rows[0]['basis']}"
    else:
        yield "accuracy and time are shown together, with --data and --device"


def _paired_text(row: dict[str, Any], is_first: bool) -> str:
    change = row["accuracy_change"]
    moved = "-" if is_first else f"{change['value']:+.2%} [{change['low']:+.2%}, {change['high']:+.2%}]"
    latency, energy = row["latency_ms"], row["energy_uj"]
    time = "-" if latency is None else format_quantity(latency["typical"] * 1e-3, "duration")
    joules = "-" if energy is None else format_quantity(energy["typical"] * 1e-6, "energy")
    fits = {True: "yes", False: "no", None: "?"}[row["fits"]]
    return f"  {row['accuracy']:>8.2%} {moved:>26}  {time:>12} {joules:>11}  {fits}"


def _name(file: str) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in Path(file).name)
    return name if len(name) <= 28 else f"{name[:12]}…{name[-15:]}"
