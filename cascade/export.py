"""Two models and their thresholds as C sources, so that the firmware cannot differ from the plan."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cascade.decision import NEVER, EscalationRule
from cascade.errors import DataError, OutputError
from cascade.interpreter import dequantize
from cascade.tflite import ModelFacts, TensorFacts, model_facts, read_model_bytes
from cascade.tflite_schema import INTEGER_RANGES, NUMPY_DTYPES

BYTES_PER_LINE = 16
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
KIND = re.compile(r"[a-z][a-z0-9_]{0,20}")
C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "float32": "float"}


@dataclass(frozen=True)
class Firmware:
    """What is exported."""

    name: str
    """Prefix of every symbol."""
    models: tuple[Path, Path]
    rule: EscalationRule
    threshold_2: float
    constants: Mapping[str, Any] = field(default_factory=dict)
    """Window, hop and features: numbers and texts, nested as in a manifest."""
    confirm: tuple[int, int] = (1, 1)
    refractory_s: float = 0.0
    positive: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """Outputs of each level that count as a detection; none: the only one, the second of two, or the highest."""


def of_shipped(name: str) -> Firmware:
    """The export of a shipped cascade: its models, thresholds and feature constants."""
    from cascade import zoo

    try:
        folder, manifest = zoo.folder(name), zoo.manifest(name)
    except LookupError as problem:
        raise DataError(str(problem)) from None
    constants = {"features": manifest["features"], "stream": manifest["stream"] or {}}
    thresholds = manifest["thresholds"]
    return Firmware(name, (folder / "level1.tflite", folder / "level2.tflite"),
                    EscalationRule("above", thresholds["level_1"]), thresholds["level_2"], constants)


def export(firmware: Firmware, out: Path) -> tuple[Path, ...]:
    """Write NAME_config.h and, for each level, NAME_levelN.h and .c; the paths. Raises OutputError."""
    if not NAME.fullmatch(firmware.name):
        raise DataError(f"{firmware.name!r} is no name for C symbols; use small letters, digits and _")
    contents: dict[str, str] = {}
    facts: list[ModelFacts] = []
    for number, path in enumerate(firmware.models, 1):
        data = read_model_bytes(path)
        facts.append(model_facts(data, str(path)))
        contents |= dict(_model_files(f"{firmware.name}_level{number}", data, facts[-1]))
    contents[f"{firmware.name}_config.h"] = "\n".join(_config(firmware, facts)) + "\n"
    written = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in sorted(contents.items()):
            temporary = out / f".{name}.part"
            temporary.write_text(text, encoding="ascii")
            os.replace(temporary, out / name)
            written.append(out / name)
    except OSError as problem:
        raise OutputError(f"{out}: cannot be written: {problem.strerror}") from None
    return tuple(written)


def stored_threshold(threshold: float, tensor: TensorFacts) -> int | float:
    """Smallest stored output that passes: `stored >= this` on the device is `score >= threshold` in the plan."""
    if tensor.dtype not in INTEGER_RANGES:
        return threshold
    low, high = INTEGER_RANGES[tensor.dtype]
    if threshold == NEVER:
        return high + 1
    stored = np.arange(low, high + 1)
    # As the runtime reads scores: limited to 0 to 1.
    scores = np.clip(dequantize(stored.astype(NUMPY_DTYPES[tensor.dtype]), tensor), 0.0, 1.0)
    passing = stored[scores >= threshold]
    return int(passing[0]) if len(passing) else high + 1


def _model_files(symbol: str, data: bytes, facts: ModelFacts) -> Iterator[tuple[str, str]]:
    guard = f"{symbol.upper()}_H"
    yield f"{symbol}.h", (f"/* {_comment(facts)} */\n#ifndef {guard}\n#define {guard}\n\n"
                          f"#define {symbol.upper()}_BYTES {len(data)}u\n"
                          f"extern const unsigned char {symbol}[{len(data)}];\n\n#endif\n")
    rows = [", ".join(f"0x{byte:02x}" for byte in data[begin : begin + BYTES_PER_LINE])
            for begin in range(0, len(data), BYTES_PER_LINE)]
    body = ",\n  ".join(rows)
    yield f"{symbol}.c", (f'/* {_comment(facts)} */\n#include "{symbol}.h"\n\n'
                          "#if defined(__GNUC__)\n__attribute__((aligned(16)))\n#endif\n"
                          f"const unsigned char {symbol}[{len(data)}] = {{\n  {body}\n}};\n")


def _comment(facts: ModelFacts) -> str:
    return f"{facts.file_bytes} bytes, {facts.macs} MACs, {facts.quantization}, sha256 {facts.sha256}"


def _config(firmware: Firmware, facts: list[ModelFacts]) -> Iterator[str]:
    head = firmware.name.upper()
    rule = firmware.rule
    yield f"/* Thresholds, quantization and window of {firmware.name}; made by `cascade export`, do not edit. */"
    yield f"#ifndef {head}_CONFIG_H\n#define {head}_CONFIG_H\n\n#include <stdint.h>\n"
    for number, one in enumerate(facts, 1):
        level = f"{head}_LEVEL{number}"
        yield f'#define {level}_SHA256 "{one.sha256}"'
        for edge, tensor in (("INPUT", one.input), ("OUTPUT", one.output)):
            if tensor.dtype not in C_TYPES:
                raise DataError(f"{one.file}: {edge.lower()} of type {tensor.dtype} cannot be exported")
            yield f"#define {level}_{edge}_TYPE {C_TYPES[tensor.dtype]}"
            yield f"#define {level}_{edge}_COUNT {tensor.element_count}u"
            if tensor.scales:
                yield f"#define {level}_{edge}_SCALE {_float(tensor.scale)}"
                yield f"#define {level}_{edge}_ZERO_POINT ({tensor.zero_point})"
        listed = _positive(firmware.positive[number - 1], one.output)
        yield f"/* The score of level {number} is the highest of these outputs. */"
        yield f"#define {level}_POSITIVE_OUTPUTS {{{', '.join(str(index) for index in listed)}}}"
        yield ""
    yield f"/* A level passes when its stored output >= this; it stands for a score of {_shown(rule.low)}. */"
    yield f"#define {head}_LEVEL1_THRESHOLD {_number(stored_threshold(rule.low, facts[0].output))}"
    if rule.kind == "band":
        above = stored_threshold(float(np.nextafter(rule.high, 2)), facts[0].output)
        yield f"/* Above {_shown(rule.high)}: {'accepted without level 2' if rule.accept_early else 'rejected'}. */"
        yield f"#define {head}_LEVEL1_ABOVE_BAND {_number(above)}"
    if rule.kind == "above":
        yield f"/* From here on a detection without level 2; it stands for a score of {_shown(rule.accept)}. */"
        yield f"#define {head}_LEVEL1_ACCEPT {_number(stored_threshold(rule.accept, facts[0].output))}"
    yield f"#define {head}_LEVEL1_ESCALATES_BELOW {int(rule.kind == 'below')}"
    yield f"#define {head}_ACCEPT_EARLY {int(rule.accept_early)}"
    yield f"/* A score of {_shown(firmware.threshold_2)}. */"
    yield f"#define {head}_LEVEL2_THRESHOLD {_number(stored_threshold(firmware.threshold_2, facts[1].output))}"
    yield f"#define {head}_CONFIRM_WINDOWS {firmware.confirm[0]}\n#define {head}_CONFIRM_OF {firmware.confirm[1]}"
    yield f"#define {head}_REFRACTORY_MS {round(firmware.refractory_s * 1000)}\n"
    yield from (f"#define {head}_{name} {value}" for name, value in _flat(firmware.constants))
    yield "\n#endif"


def _positive(chosen: tuple[int, ...], output: TensorFacts) -> tuple[int, ...]:
    """Outputs whose highest value is the score, as the runtime reads them."""
    count = output.element_count
    if any(not 0 <= index < count for index in chosen):
        raise DataError(f"output {max(chosen)} of a model that has {count}")
    return chosen or ((count - 1,) if count <= 2 else tuple(range(count)))


def _flat(constants: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Numbers and switches of nested maps as names and C texts; sentences belong to the card, not here."""
    for key, value in constants.items():
        name = before + re.sub(r"[^A-Z0-9]+", "_", str(key).upper())
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}_")
        elif isinstance(value, str) and KIND.fullmatch(value):
            yield name, f'"{value}"'
        elif value is None or isinstance(value, (str, list, tuple)):
            continue
        elif isinstance(value, bool):
            yield name, str(int(value))
        else:
            yield name, _number(value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"({value})" if value < 0 else str(value)
    return _float(value)


def _float(value: float) -> str:
    """Nine digits name a float32 exactly (IEEE 754-2008, 5.12.2)."""
    text = f"{value:.9g}"
    return f"{text}f" if any(letter in text for letter in ".e") else f"{text}.0f"


def _shown(threshold: float) -> str:
    return "never" if threshold == NEVER else f"{threshold:.6g}"
