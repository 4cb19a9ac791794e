"""What `cascade quantize` does with its options, as one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cascade.errors import DataError, MissingExtra, OutputError
from cascade.quantize import compare, edge
from cascade.quantize.data import REPRESENTATIVE_COUNT, material
from cascade.tflite import read_model

AXES = ("width", "depth", "resolution")
SUGGESTED_EPOCHS = 4


def parse_sweep(texts: list[str]) -> dict[str, tuple[float, ...]]:
    """`width=0.5,2` as numbers by axis."""
    found: dict[str, tuple[float, ...]] = {}
    for text in texts:
        axis, _, values = text.partition("=")
        try:
            numbers = tuple(float(value) for value in values.split(","))
        except ValueError:
            numbers = ()
        if axis not in AXES or not numbers or any(not 0 < value <= 8 for value in numbers):
            raise DataError(f"a sweep is written as width=0.5,2 (or depth, resolution), got {text!r}")
        found[axis] = numbers
    return found


def quantize(source: str, out: Path, *, data: Path | None = None, variants: str = "", sweeps: list[str] | None = None,
             epochs: int = SUGGESTED_EPOCHS, seed: int = 1, representative: int = REPRESENTATIVE_COUNT,
             allow_few: bool = False, level: int = 1, positive: str | None = None, quick: bool = False,
             picture: Path | None = None) -> dict[str, Any]:
    """Variants of a .keras file, a float .tflite file, or NAME/LEVEL of a shipped cascade, drawn where asked."""
    found = _made(source, out, data, variants, sweeps, epochs, seed, representative, allow_few, level, positive, quick)
    _write(found, out / "variants.json")
    if picture is not None:
        from cascade.pictures import write_picture
        from cascade.pictures_variants import variants_figure

        found["picture"] = str(write_picture(variants_figure(found), picture))
    return found


def _write(found: dict[str, Any], path: Path) -> None:
    """The manifest of the variants: seed, calibration, sizes, accuracy, hashes."""
    from cascade.show import json_text

    try:
        path.write_text(json_text(found) + "\n", encoding="utf-8")
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written: {problem.strerror}") from None


def _made(source: str, out: Path, data: Path | None, variants: str, sweeps: list[str] | None, epochs: int, seed: int,
          representative: int, allow_few: bool, level: int, positive: str | None, quick: bool) -> dict[str, Any]:
    wanted = [name.strip() for name in variants.split(",") if name.strip()]
    axes = parse_sweep(sweeps or [])
    suffix = Path(source).suffix.lower()
    if suffix == ".tflite":
        if axes:
            raise DataError("a .tflite file cannot be trained again, so it has no sweeps; give a .keras file")
        edge.refuse_quantized(read_model(source))
        given = material(_needed(data), seed, representative, allow_few, level, positive)
        return compare.document(compare.from_file(Path(source), given, out, wanted or compare.FILE_VARIANTS), seed,
                                given)
    _prepare(seed)
    if suffix == ".keras":
        if set(axes) - {"width"}:
            raise DataError("depth and resolution are swept for the shipped networks only (NAME/1, NAME/2)")
        given = material(_needed(data), seed, representative, allow_few, level, positive)
        model = compare.load_keras(Path(source))
        found = compare.from_keras(model, given, out, wanted or compare.KERAS_VARIANTS, epochs, seed,
                                   axes.get("width", ()))
        return compare.document(found, seed, given)
    name, _, number = source.partition("/")
    found, given = compare.from_recipe(name, int(number) if number.isdecimal() else 0, out,
                                       wanted or compare.KERAS_VARIANTS, epochs, seed, axes, data, quick)
    return compare.document(found, seed, given)


def _needed(data: Path | None) -> Path:
    if data is None:
        raise DataError("a file needs --data: an .npz file with x and y to calibrate on and to hold out")
    return data


def _prepare(seed: int) -> None:
    import importlib.util
    import os

    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtra("TensorFlow is not installed: pip install 'powerplan[train]'; a float .tflite file is "
                           "quantized without it")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    from cascade.train import fit

    fit.prepare(seed)
