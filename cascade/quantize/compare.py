"""Makes the variants of one model, measures each, and puts them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError, MissingExtra, OutputError
from cascade.interpreter import dequantize, model_inputs, run_model
from cascade.quantize import edge
from cascade.quantize.data import Material
from cascade.quantize.sizes import Sizes, sizes
from cascade.statistics import wilson_interval
from cascade.tflite import read_model

KERAS_VARIANTS = ("float32", "dynamic", "int8", "int16x8", "pruned", "clustered", "student")
FILE_VARIANTS = ("float32", *edge.FORMATS)
PRUNED_FRACTION = 0.5
CLUSTER_COUNT = 16
STUDENT_WIDTH = 0.5
PRUNING_NOTE = ("pruning and clustering do not change the file, the arena, the operations or the latency of a dense "
                "kernel; only the size over the air falls, and it costs accuracy")


@dataclass(frozen=True)
class Variant:
    """One variant, measured."""

    name: str
    file: str
    sha256: str
    quantization: str
    sizes: Sizes
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    held_out: int
    """Samples that the accuracy was counted on."""


def from_keras(model: Any, data: Material, out: Path, wanted: Sequence[str], epochs: int, seed: int,
               widths: Sequence[float] = ()) -> list[Variant]:
    """Variants of a Keras model, each written to `out` and measured."""
    from cascade.quantize import shrink
    from cascade.quantize.keras_convert import FORMATS, convert

    _check(wanted, KERAS_VARIANTS)
    makers: dict[str, Callable[[], bytes]] = {
        name: lambda name=name: convert(model, name, data.representative) for name in FORMATS  # type: ignore[misc]
    }
    made: dict[str, Callable[[], Any]] = {
        "pruned": lambda: shrink.pruned(model, data, PRUNED_FRACTION, epochs, seed),
        "clustered": lambda: shrink.clustered(model, CLUSTER_COUNT),
        "student": lambda: shrink.student(model, data, STUDENT_WIDTH, epochs, seed),
    }
    found = []
    for name in wanted:
        content = makers[name]() if name in makers else convert(made[name](), "int8", data.representative)
        found.append(measured(name, content, data, out))
    for width in widths:
        content = convert(shrink.student(model, data, width, epochs, seed), "int8", data.representative)
        found.append(measured(f"width_{width:g}", content, data, out))
    return found


def from_file(path: Path, data: Material, out: Path, wanted: Sequence[str]) -> list[Variant]:
    """Variants of a float .tflite file, without TensorFlow."""
    _check(wanted, FILE_VARIANTS)
    return [measured(name, path.read_bytes() if name == "float32" else edge.convert(path, name, data.representative),
                     data, out) for name in wanted]


def from_recipe(name: str, level: int, out: Path, wanted: Sequence[str], epochs: int, seed: int,
                sweeps: dict[str, tuple[float, ...]], folder: Path | None = None, quick: bool = False
                ) -> tuple[list[Variant], Material]:
    """A level of a shipped cascade trained in float: its variants and sweeps of width, depth, resolution; its data."""
    from cascade.quantize.recipes import swept, trained

    model, data, recipe = trained(name, level, epochs, seed, folder, quick)
    found = from_keras(model, data, out, wanted, epochs, seed, sweeps.get("width", ()))
    from cascade.quantize.keras_convert import convert

    for axis in ("depth", "resolution"):
        for value in sweeps.get(axis, ()):
            smaller, seen = swept(recipe, level, data, axis, value, epochs, seed)
            found.append(measured(f"{axis}_{value:g}", convert(smaller, "int8", seen.representative), seen, out))
    return found, data


def _check(wanted: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(f"there is no variant {unknown[0]!r} of this source; variants: {', '.join(known)}")


def measured(name: str, content: bytes, data: Material, out: Path) -> Variant:
    """Write one variant and measure it on what was held out."""
    path = out / f"{name}.tflite"
    try:
        out.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written: {problem.strerror}") from None
    facts = read_model(path)
    outputs = dequantize(run_model(path, model_inputs(data.x_held, facts)), facts.output)
    hits = int((classes_of(outputs) == data.y_held).sum())
    ends = wilson_interval(hits, len(data.y_held))
    return Variant(name, str(path), facts.sha256, facts.quantization, sizes(path), hits / len(data.y_held), ends.low,
                   ends.high, len(data.y_held))


def classes_of(outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Class of each row: above one half for a single output, the highest of several. (rows,)"""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] >= 0.5).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1), np.int64)


def load_keras(path: Path) -> Any:
    """A .keras model; layers that carry code of their own are refused."""
    try:
        import keras
    except ImportError:
        raise MissingExtra("Keras is not installed: pip install 'powerplan[train]'") from None
    try:
        return keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except (ValueError, OSError, TypeError) as problem:
        raise DataError(f"{path}: not a Keras model that can be read safely: {str(problem)[:300]}") from None


def document(variants: Sequence[Variant], seed: int, data: Material) -> dict[str, Any]:
    """The variants as plain maps."""
    names = {one.name for one in variants}
    notes = [PRUNING_NOTE] if names & {"pruned", "clustered"} else []
    if any(one.name == "dynamic" and one.quantization == "float32" for one in variants):
        notes.append("dynamic range changed nothing: TensorFlow leaves kernels of fewer than 1,024 weights in float")
    return {"schema_version": 1, "seed": seed, "calibration": data.calibration,
            "variants": [asdict(one) for one in variants], "notes": notes}


def lines(document: dict[str, Any]) -> Iterator[str]:
    """A table for people."""
    yield (f"{'variant':<14} {'format':<14} {'flash B':>9} {'RAM B':>9} {'deflate B':>10} {'Huffman B':>10} "
           f"{'MACs':>12}  accuracy on held-out data")
    for one in document["variants"]:
        size = one["sizes"]
        mark = " " if size["ram_basis"] == "measured" else "*"
        yield (f"{one['name']:<14} {one['quantization']:<14} {size['flash_bytes']:>9,} {size['ram_bytes']:>8,}{mark}"
               f" {size['deflate_bytes']:>10,} {size['huffman_bytes']:>10,} {size['macs']:>12,}  "
               f"{one['accuracy']:.2%} [{one['accuracy_low']:.2%}, {one['accuracy_high']:.2%}] of {one['held_out']:,}")
    if any(one["sizes"]["ram_basis"] != "measured" for one in document["variants"]):
        yield "* lower bound: TensorFlow Lite Micro does not run it, or is not installed"
    given = document["calibration"]
    yield f"calibrated on {given['samples']:,} samples, sha256 {given['sha256'][:12]}; seed {document['seed']}"
    yield from (f"note: {text}" for text in document["notes"])
    if "picture" in document:
        yield f"picture: {document['picture']}"
