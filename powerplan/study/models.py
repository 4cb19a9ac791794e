"""Model files as commands show them: what they cost, what runs them, whether they fit a device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from powerplan.errors import ModelError, OutputError, PowerplanError


@contextmanager
def of_cascade() -> Iterator[None]:
    """Errors of the cascade package as ours, with the same exit codes."""
    from cascade import errors

    try:
        yield
    except errors.ModelError as error:
        raise ModelError(str(error)) from None
    except errors.OutputError as error:
        raise OutputError(str(error)) from None
    except errors.CascadeError as error:
        raise PowerplanError(str(error)) from None


@dataclass(frozen=True)
class Pictures:
    """Where to draw what; nothing where it is not asked for."""

    layers: Path | None = None
    weights: Path | None = None
    ranges: Path | None = None


def look(file: Path, device: str | None = None, data: Path | None = None, pictures: Pictures | None = None,
         registered: tuple[str, ...] = ()) -> dict[str, Any]:
    """Everything known of a model file. Raises ModelError, PowerplanError, OutputError."""
    from cascade.arena import tensor_arena
    from cascade.data import read_data
    from cascade.saturation import saturation
    from cascade.show import look_document
    from cascade.tflite import model_facts, read_model_bytes

    with of_cascade():
        content = read_model_bytes(file)
        facts = model_facts(content, str(file))
        arena = tensor_arena(file)
        ranges = saturation(file, read_data(data).input_1) if data is not None else ()
        document = look_document(facts, arena, content, ranges)
        if pictures is not None:
            document["pictures"] = _draw(pictures, facts, content, ranges)
    if device is not None:
        document["device"] = fit(facts, arena, device, registered)
    return document


def _draw(wanted: Pictures, facts: Any, content: bytes, ranges: tuple[Any, ...]) -> list[str]:
    """Draw what is wanted; the paths."""
    if wanted.ranges is not None and not ranges:
        raise PowerplanError("--ranges draws where the activations lie on data: give --data, an .npz file, and an "
                             "integer model")
    written = []
    name = Path(facts.file).name
    if wanted.layers is not None:
        from cascade.pictures import layers_figure, write_picture

        written.append(str(write_picture(layers_figure(facts), wanted.layers)))
    if wanted.weights is not None or wanted.ranges is not None:
        from cascade.pictures import write_picture
        from cascade.pictures_ranges import ranges_figure, weights_figure
        from cascade.show import inner
        from cascade.weights import layer_weights

        if wanted.weights is not None:
            written.append(str(write_picture(weights_figure(layer_weights(content), name), wanted.weights)))
        if wanted.ranges is not None:
            written.append(str(write_picture(ranges_figure(inner(ranges, facts), name), wanted.ranges)))
    return written


def fit(facts: Any, arena: Any, device: str, registered: tuple[str, ...] = ()) -> dict[str, Any]:
    """Flash and RAM of the model with its framework against a device. Raises InputError."""
    from cascade.cost.memory import model_memory
    from cascade.device_arena import device_arenas, library_of
    from powerplan.files.library import load_profile

    profile = load_profile(device, beside=Path())
    sizes = [getattr(profile.spec, name, None) for name in ("flash", "ram")]
    if profile.kind not in ("mcu", "board") or sizes[1] is None:
        raise PowerplanError(f"--device {device}: a {profile.kind} has no flash and RAM; name a microcontroller, as in "
                             "--device nrf52840 (list: powerplan profiles list --kind mcu)")
    flash_bytes, ram_bytes = (None if size is None else round(size.typ) for size in sizes)
    core = str(getattr(getattr(profile.spec, "core", None), "value", ""))
    own = {one.kernels: one for one in device_arenas(facts, arena)}.get(library_of(core) or "reference")
    found = model_memory(facts, own.arena_bytes if own else None, flash_bytes, ram_bytes, registered or None)
    parts = [asdict(part) | ({"basis": f"{own.kernels} kernels: {own.basis}"} if own and part.name == "arena" else {})
             for part in found.ram]
    return {
        "name": device, "fits": found.fits, "reasons": list(found.reasons),
        "flash": {"used_bytes": found.flash_used_bytes, "device_bytes": flash_bytes,
                  "parts": [asdict(part) for part in found.flash]},
        "ram": {"used_bytes": found.ram_used_bytes, "device_bytes": ram_bytes, "parts": parts},
    }


def variants(source: str, out: Path, **options: Any) -> dict[str, Any]:
    """Variants of a model side by side; options as in `cascade quantize`. Raises ModelError, PowerplanError."""
    from cascade.quantize.command import quantize

    with of_cascade():
        return quantize(source, out, **options)


def checked_kernels(name: str) -> Any:
    """A kernel library that interprets models here. Raises PowerplanError."""
    from cascade.device import KERNELS

    if name not in KERNELS:
        raise PowerplanError(f"--kernels is one of {', '.join(KERNELS)}, got {name!r}")
    return name


def accuracy(file: Path, data: Path, kernels: str) -> dict[str, Any]:
    """Share of labelled samples that a model gets right. Raises ModelError, PowerplanError."""
    from cascade.data import read_data
    from cascade.evaluate import top_one_accuracy
    from cascade.interpreter import Interpreter, dequantize, model_inputs
    from cascade.quantize.compare import classes_of

    chosen = checked_kernels(kernels)
    with of_cascade():
        given = read_data(data)
        if given.label.dtype.kind not in "iu":
            raise PowerplanError(f"{data}: the labels of a model's outputs are numbers from 0")
        with Interpreter(file, kernels=chosen) as model:
            outputs = model.run(model_inputs(given.input_1, model.facts), given.clip_id)
            found = top_one_accuracy(classes_of(dequantize(outputs, model.facts.output)), given.label)
            host_us = model.host_ns / 1e3 / max(1, model.row_count)
            sha256 = model.facts.sha256
    return {"schema_version": 1, "file": str(file), "sha256": sha256, "data_sha256": given.sha256, "kernels": kernels,
            "rows": len(given.label), "accuracy": found.value, "low": found.low, "high": found.high,
            "method": found.method, "host_us_per_row": host_us}


def accuracy_text(document: dict[str, Any]) -> Iterator[str]:
    """The same as a line."""
    yield (f"{document['accuracy']:.2%} [{document['low']:.2%}, {document['high']:.2%}] right ({document['method']}), "
           f"{document['kernels']} kernels, {document['host_us_per_row']:.3g} us each on this host, no device's time")


def look_text(document: dict[str, Any]) -> Iterator[str]:
    """The same as lines."""
    from cascade.cost.memory import DECLARED
    from cascade.show import look_lines

    yield from look_lines(document)
    yield from (f"picture: {path}" for path in document.get("pictures", ()))
    device = document.get("device")
    if device is None:
        return
    yield ""
    answer = {True: "fits", False: "does NOT fit", None: "cannot be judged: a size of the device is not known"}
    yield f"{device['name']}: {answer[device['fits']]}"
    for name in ("flash", "ram"):
        memory = device[name]
        there = "unknown" if memory["device_bytes"] is None else f"{memory['device_bytes']:,}"
        yield f"  {name:<6} {memory['used_bytes']:>10,} of {there} bytes"
        yield from (f"    {part['name']:<20} {part['size_bytes']:>10,}  {part['basis']}" for part in memory["parts"])
    yield f"  {DECLARED}"
