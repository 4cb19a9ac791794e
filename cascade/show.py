"""Results as documents (plain maps for JSON) and as lines for people. No number is computed here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cascade.arena import Arena
from cascade.device_arena import device_arenas
from cascade.evaluate import Evaluation
from cascade.quantize.sizes import over_the_air
from cascade.runtime import Run
from cascade.runtimes import support
from cascade.saturation import NAME_COUNT, TensorRange, suspicious, worst_first
from cascade.sweep import Recommendation, SweepRow, pareto_front
from cascade.tflite import ModelFacts
from cascade.weights import layer_weights

SCHEMA_VERSION = 1
SHOWN_ROW_COUNT = 20


def json_text(document: dict[str, Any]) -> str:
    """A document as JSON: sorted keys, 12 significant digits, `never` for a threshold that no score reaches."""
    return json.dumps(_plain(document), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return "never" if value == math.inf else float(f"{value:.12g}")
    return value.item() if hasattr(value, "item") else value


def profile_document(facts: ModelFacts, arena: Arena, data: bytes) -> dict[str, Any]:
    """What `cascade profile` shows of a model and the bytes of its file."""
    deflate, huffman = over_the_air(data)
    return {
        "schema_version": SCHEMA_VERSION,
        "file": facts.file,
        "sha256": facts.sha256,
        "macs": facts.macs,
        "flops": 2 * facts.macs,
        "weight_bytes": facts.weight_bytes,
        "file_bytes": facts.file_bytes,
        "air_bytes": {"deflate": deflate, "huffman": huffman},
        "weights": [asdict(one) for one in layer_weights(data)],
        "arena_bytes": arena.arena_bytes,
        "arena": asdict(arena),
        "device_arenas": [asdict(one) for one in device_arenas(facts, arena)],
        "arena_lower_bound_bytes": facts.arena_lower_bound_bytes,
        "quantization": facts.quantization,
        "per_channel": facts.per_channel,
        "has_state": facts.has_state,
        "state_bytes": facts.state_bytes,
        "inputs": [asdict(tensor) for tensor in facts.inputs],
        "outputs": [asdict(tensor) for tensor in facts.outputs],
        "operators": [asdict(operator) for operator in facts.operators],
        "notes": list(facts.notes),
    }


def profile_lines(document: dict[str, Any]) -> Iterator[str]:
    """The profile as a table."""
    yield f"{_text(document['file'])}   sha256 {document['sha256'][:12]}"
    kept = f", keeps {document['state_bytes']:,} B of state" if document["has_state"] else ""
    yield (f"{document['macs']:,} MACs   {document['flops']:,} FLOPs   {document['weight_bytes']:,} B weights   "
           f"{document['quantization']}{', per channel' if document['per_channel'] else ''}"
           f"{kept}")
    air = document["air_bytes"]
    yield (f"sizes: {document['file_bytes']:,} B in flash   {document['arena_bytes']:,} B of RAM   "
           f"{air['deflate']:,} B over the air deflated, {air['huffman']:,} B Huffman coded")
    yield f"{document['arena_bytes']:,} B arena ({document['arena']['basis']}: {_text(document['arena']['note'])})"
    if document["device_arenas"]:
        listed = "   ".join(f"{one['arena_bytes']:,} B {one['kernels']}" for one in document["device_arenas"])
        yield f"on a 32-bit device, with the scratch memory of its kernels (estimate): {listed}"
    for name in ("inputs", "outputs"):
        for tensor in document[name]:
            scales, zeros = tensor["scales"], tensor["zero_points"]
            shown = f" scale {scales[0]:.6g}, zero point {zeros[0] if zeros else 0}" if scales else ""
            yield f"{name[:-1]} {_text(tensor['name'])}: {tensor['dtype']} {list(tensor['shape'])}{shown}"
    yield ""
    yield f"{'#':>4} {'operator':<22} {'output':<20} {'kernel':<8} {'MACs':>13} {'weights B':>11} {'activ. B':>10} type"
    for operator in document["operators"]:
        kernel = "x".join(str(size) for size in operator["kernel"] or ())
        shape = "x".join(str(size) for size in (operator["output_shapes"] or [()])[0])
        yield (f"{operator['index']:>4} {operator['kind']:<22} {shape:<20} {kernel:<8} {operator['macs']:>13,} "
               f"{operator['weight_bytes']:>11,} {operator['activation_bytes']:>10,} {operator['dtype']}")
    yield from (f"note: {_text(note)}" for note in document["notes"])


def look_document(facts: ModelFacts, arena: Arena, data: bytes, ranges: tuple[TensorRange, ...] = ()
                  ) -> dict[str, Any]:
    """The profile with what every runtime makes of the model and where its numbers lie."""
    cut = worst_first(suspicious(inner(ranges, facts)))
    return profile_document(facts, arena, data) | {
        "runtimes": {one.runtime: {"runs": one.runs, **asdict(one)} for one in support(facts)},
        "saturation": [_range_row(one) for one in ranges],
        "cut_off": [one.name for one in cut],
    }


def inner(ranges: tuple[TensorRange, ...], facts: ModelFacts) -> tuple[TensorRange, ...]:
    """The ranges without those of the outputs, whose upper end is a certain answer."""
    ends = {tensor.name[-NAME_COUNT:] for tensor in facts.outputs}
    return tuple(one for one in ranges if one.name not in ends)


def _range_row(one: TensorRange) -> dict[str, Any]:
    """A range without its histogram."""
    noise = one.signal_to_noise_db
    row = {name: value for name, value in asdict(one).items() if name != "counts"}
    return row | ({"signal_to_noise_db": noise} if noise is not None else {})


def look_lines(document: dict[str, Any]) -> Iterator[str]:
    """The profile, then the runtimes and the ranges."""
    yield from profile_lines(document)
    yield ""
    for name, found in document["runtimes"].items():
        assumed = f"   [assumed: {found['source']}]" if found["assumed"] else ""
        yield f"{name:<10} {_runtime_words(found)}{assumed}"
    if document["saturation"]:
        yield ""
        yield f"{'activation':<62} {'at lower end':>13} {'at upper end':>13} {'zero':>8} {'signal/noise':>12}"
        for row in document["saturation"]:
            noise = row.get("signal_to_noise_db")
            yield (f"{_text(row['name']):<62} {row['low_fraction']:>13.3%} {row['high_fraction']:>13.3%} "
                   f"{row['zero_fraction']:>8.1%} {'-' if noise is None else f'{noise:.1f} dB':>12}")
        cut = ", ".join(_text(name) for name in document["cut_off"])
        yield (f"cut off at the upper end: {cut}" if cut else "no inner activation is cut off at the upper end by more "
               "than 1 % (the lower end is the zero of a ReLU)")


def _runtime_words(found: dict[str, Any]) -> str:
    parts = []
    for name, said in (("unsupported", "does not run"), ("slow", "without a fast kernel:")):
        kinds = ", ".join(f"{row['count']} {row['kind']} ({row['reason']})" for row in found[name])
        if kinds:
            parts.append(f"{said} {kinds}")
    return "; ".join(parts) or "runs every operator"


def run_document(run: Run, out: str) -> dict[str, Any]:
    """What `cascade scores` shows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "out": out,
        "rows": run.table.row_count,
        "clips": run.table.clip_count,
        "labels": [str(label) for label in run.table.labels],
        "metadata": dict(run.table.metadata),
        "host_times": [{"stage": stage.stage, "rows": stage.row_count, "host_s": stage.host_s} for stage in run.stages],
        "notes": list(run.table.notes),
    }


def run_lines(document: dict[str, Any]) -> Iterator[str]:
    """Where the table went and what the run took on this host."""
    yield f"{document['rows']:,} rows of {document['clips']:,} clips written to {_text(document['out'])}"
    for stage in document["host_times"]:
        each_us = 1e6 * stage["host_s"] / max(1, stage["rows"])
        yield f"{stage['stage']}: {stage['host_s']:.3g} s on this host ({each_us:.3g} us each; not a device's time)"
    yield from (f"note: {_text(note)}" for note in document["notes"])


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """What `cascade evaluate` shows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "setting": asdict(evaluation.setting),
        "metrics": {name: asdict(metric) for name, metric in evaluation.metrics.items()},
        "notes": list(evaluation.notes),
    }


def evaluation_lines(document: dict[str, Any]) -> Iterator[str]:
    """One line per metric."""
    for name, metric in document["metrics"].items():
        if metric["value"] is None:
            yield f"{name:<30} {_text(metric['note'])}"
            continue
        unit = "" if metric["unit"] == "1" else f" {metric['unit']}"
        ends = "" if metric["low"] is None else f"  [{metric['low']:.4g}, {metric['high']:.4g}]"
        note = f"  ({_text(metric['note'])})" if metric["note"] else ""
        yield f"{name:<30} {metric['value']:.4g}{unit}{ends}  {metric['method']}{note}"
    yield from (f"note: {_text(note)}" for note in document["notes"])


def sweep_document(rows: tuple[SweepRow, ...], best: Recommendation, comparison: dict[str, dict[str, float]],
                   notes: tuple[str, ...]) -> dict[str, Any]:
    """What `cascade sweep` shows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "rows": [_without_empty(asdict(row)) for row in rows],
        "pareto": [_without_empty(asdict(row)) for row in pareto_front(rows)],
        "recommendation": {
            "feasible": best.is_feasible, "text": best.text, "pair": _without_empty(asdict(best.row)),
            "misses": list(best.misses), "warnings": list(best.warnings),
        },
        "comparison": comparison,
        "notes": list(notes),
    }


def _without_empty(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


COLUMNS = (("threshold_1", "threshold 1"), ("accept", "accept from"), ("threshold_2", "threshold 2"),
           ("escalation", "escalated"),
           ("recall", "recall"), ("false_accepts", "false acc."), ("false_alarms_per_hour", "alarms/h"),
           ("accuracy", "accuracy"))


def sweep_lines(document: dict[str, Any]) -> Iterator[str]:
    """The Pareto front, and the recommended pair."""
    columns = [(name, title) for name, title in COLUMNS if any(name in row for row in document["rows"])]
    yield f"{len(document['rows'])} pairs; {len(document['pareto'])} of them no other pair beats:"
    yield "  ".join(f"{title:>11}" for _, title in columns)
    front = document["pareto"]
    for row in front if len(front) <= SHOWN_ROW_COUNT else _spread(front):
        yield "  ".join(f"{_number(row.get(name)):>11}" for name, _ in columns)
    yield ""
    yield document["recommendation"]["text"]
    pair = document["recommendation"]["pair"]
    for name in ("recall", "false_alarms", "false_accepts", "accuracy"):
        value = pair.get("false_alarms_per_hour" if name == "false_alarms" else name)
        if value is not None and f"{name}_low" in pair:
            yield f"  {name.replace('_', ' ')} {value:.4g} [{pair[f'{name}_low']:.4g}, {pair[f'{name}_high']:.4g}]"
    yield from _comparison_lines(document["comparison"])
    yield from (f"warning: {_text(warning)}" for warning in document["recommendation"]["warnings"])
    yield from (f"note: {_text(note)}" for note in document["notes"])


def _comparison_lines(comparison: dict[str, dict[str, float]]) -> Iterator[str]:
    """The pair beside what independent levels would claim, and beside level 2 alone."""
    for name, found in comparison.items():
        text = f"  {name.replace('_rows', ' of rows').replace('_', ' ')} {found['pair']:.4g}"
        if "if_independent" in found:
            claimed = found["if_independent"]
            ratio = f" (the pair gives {found['pair'] / claimed:.3g} times that)" if claimed else ""
            text += f"; independent levels would claim {claimed:.4g}{ratio}"
        yield f"{text}; level 2 alone {found['level_2_alone']:.4g}" if "level_2_alone" in found else text


def _spread(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some of the rows, evenly over their order, with the first and the last."""
    last = len(rows) - 1
    return [rows[round(index * last / (SHOWN_ROW_COUNT - 1))] for index in range(SHOWN_ROW_COUNT)]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return "never" if value == math.inf else f"{value:.4g}"


def _text(text: str) -> str:
    """A text from a file, without characters that steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))
