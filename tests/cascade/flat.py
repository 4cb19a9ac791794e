"""Changes single fields of a .tflite file in place, found through the reader's own positions."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cascade.tflite_buffer import FlatBuffer, Table
from cascade.tflite_schema import BufferSlot, ModelSlot, OperatorSlot, SubgraphSlot, TensorSlot

LIMIT = 1 << 20


@dataclass(frozen=True)
class Field:
    """A number in the file: where it is, how it is written, what it is."""

    position: int
    form: str
    what: str

    def read(self, data: bytes) -> int:
        return struct.unpack_from("<" + self.form, data, self.position)[0]

    def write(self, data: bytes, value: float) -> bytes:
        changed = bytearray(data)
        struct.pack_into("<" + self.form, changed, self.position, value)
        return bytes(changed)


def _scalar(table: Table, slot: int, form: str, what: str) -> list[Field]:
    position = table.position(slot)
    return [] if position is None else [Field(position, form, what)]


def _items(table: Table, slot: int, form: str, what: str) -> list[Field]:
    size = struct.calcsize(form)
    start, length = table._vector(slot, size)
    return [Field(start + index * size, form, f"{what}[{index}]") for index in range(min(length, 64))]


def _length(table: Table, slot: int, what: str) -> list[Field]:
    start, length = table._vector(slot, 1)
    return [Field(start - 4, "I", what)] if length else []


def fields(data: bytes) -> list[Field]:
    """Every number of the first graph, its tensors, operators and their options, and the buffers' lengths."""
    root = FlatBuffer(data).root()
    found: list[Field] = []
    for index, table in enumerate(root.tables(ModelSlot.OPERATOR_CODES, LIMIT)):
        found += _scalar(table, 0, "b", f"code {index} old") + _scalar(table, 3, "i", f"code {index}")
        found += _scalar(table, 2, "i", f"code {index} version")
    for index, table in enumerate(root.tables(ModelSlot.BUFFERS, LIMIT)):
        found += _length(table, BufferSlot.DATA, f"buffer {index} length")
    graph = root.tables(ModelSlot.SUBGRAPHS, LIMIT)[0]
    found += _items(graph, SubgraphSlot.INPUTS, "i", "graph input")
    found += _items(graph, SubgraphSlot.OUTPUTS, "i", "graph output")
    for index, table in enumerate(graph.tables(SubgraphSlot.TENSORS, LIMIT)):
        found += _tensor_fields(index, table)
    for index, table in enumerate(graph.tables(SubgraphSlot.OPERATORS, LIMIT)):
        found += _operator_fields(index, table)
    return found


def _tensor_fields(index: int, table: Table) -> list[Field]:
    found = _items(table, TensorSlot.SHAPE, "i", f"tensor {index} shape")
    found += _length(table, TensorSlot.SHAPE, f"tensor {index} rank")
    found += _scalar(table, TensorSlot.TYPE, "b", f"tensor {index} type")
    found += _scalar(table, TensorSlot.BUFFER, "I", f"tensor {index} buffer")
    found += _scalar(table, TensorSlot.IS_VARIABLE, "b", f"tensor {index} variable")
    quantization = table.table(TensorSlot.QUANTIZATION)
    if quantization is not None:
        found += _items(quantization, 2, "f", f"tensor {index} scale")
        found += _items(quantization, 3, "q", f"tensor {index} zero")
        found += _scalar(quantization, 6, "i", f"tensor {index} dimension")
        found += _length(quantization, 2, f"tensor {index} scales")
    return found


def _operator_fields(index: int, table: Table) -> list[Field]:
    found = _scalar(table, OperatorSlot.CODE_INDEX, "I", f"operator {index} code")
    found += _items(table, OperatorSlot.INPUTS, "i", f"operator {index} input")
    found += _length(table, OperatorSlot.INPUTS, f"operator {index} inputs")
    found += _items(table, OperatorSlot.OUTPUTS, "i", f"operator {index} output")
    found += _length(table, OperatorSlot.OUTPUTS, f"operator {index} outputs")
    found += _scalar(table, OperatorSlot.OPTIONS_TYPE, "B", f"operator {index} options type")
    options = table.table(OperatorSlot.OPTIONS)
    if options is not None:
        for slot in range((options.vtable_bytes - 4) // 2):
            position = options.position(slot)
            if position is not None:
                wide = position + 4 <= options.start + options.table_bytes and position % 4 == 0
                found.append(Field(position, "i" if wide else "b", f"operator {index} option {slot}"))
    return found
