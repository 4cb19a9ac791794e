"""From a float .tflite file to other number formats without TensorFlow, through ai-edge-quantizer.

The quantizer runs the model to find the ranges of its activations, so it works in a process of its own:
`python -m cascade.quantize.edge MODEL FORMAT SAMPLES OUT`.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import MissingExtra, ModelCrashed, ModelRejected, ModelTimeout
from cascade.tflite import ModelFacts, model_facts, read_model_bytes

FORMATS = ("dynamic", "int8", "int16x8")
RECIPES = {"dynamic": "dynamic_wi8_afp32", "int8": "static_wi8_ai8", "int16x8": "static_wi8_ai16"}
WALL_S = 600.0
EXTRA_HINT = "the package ai-edge-quantizer is not installed: pip install 'powerplan[quantize]'"


def convert(path: Path, kind: str, representative: npt.NDArray[np.float32]) -> bytes:
    """The file in another number format; full formats take and give integers. Raises MissingExtra, ModelError."""
    data = read_model_bytes(path)
    facts = model_facts(data, str(path))
    refuse_quantized(facts)
    if importlib.util.find_spec("ai_edge_quantizer") is None:
        raise MissingExtra(EXTRA_HINT)
    with tempfile.TemporaryDirectory(prefix="cascade-") as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(signed(data))
        np.save(folder / "samples.npy", representative.reshape(len(representative), *facts.input.shape))
        command = [sys.executable, "-m", "cascade.quantize.edge", str(folder / "model.tflite"), kind,
                   str(folder / "samples.npy"), str(folder / "out.tflite")]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=WALL_S)
        except subprocess.TimeoutExpired:
            raise ModelTimeout(f"not quantized within {WALL_S:g} s", str(path)) from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            raise ModelCrashed(f"ai-edge-quantizer did not quantize it: {last[:300]}", str(path))
        return (folder / "out.tflite").read_bytes()


def refuse_quantized(facts: ModelFacts) -> None:
    """Raises ModelRejected for a model that is no float model any more."""
    if facts.quantization != "float32":
        raise ModelRejected(f"already {facts.quantization}; only a float model is quantized", facts.file)


def signed(data: bytes) -> bytes:
    """The model with a signature, which calibration asks for; one that has one stays as it is."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    if model.signatureDefs:
        return data
    signature: Any = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    graph = model.subgraphs[0]
    signature.inputs, signature.outputs = [], []
    for kind, listed, indices in (("in", signature.inputs, graph.inputs), ("out", signature.outputs, graph.outputs)):
        for number, index in enumerate(indices):
            entry: Any = schema.TensorMapT()
            entry.name, entry.tensorIndex = f"{kind}_{number}".encode(), int(index)
            listed.append(entry)
    model.signatureDefs = [signature]
    builder: Any = flatbuffers.Builder(len(data) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def main(arguments: list[str]) -> None:
    """Quantize in this process."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    model, kind, samples, out = arguments
    maker: Any = quantizer.Quantizer(model)
    maker.load_quantization_recipe(getattr(recipe, RECIPES[kind])())
    calibration = None
    if kind != "dynamic":
        interpreter: Any = Interpreter(model_path=model)
        name, signature = next(iter(interpreter.get_signature_list().items()))
        rows = np.load(samples, allow_pickle=False)
        calibration = maker.calibrate({name: [{signature["inputs"][0]: row} for row in rows]})
    Path(out).write_bytes(bytes(maker.quantize(calibration).quantized_model))


if __name__ == "__main__":
    main(sys.argv[1:])
