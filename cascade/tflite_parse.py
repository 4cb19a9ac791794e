"""From the bytes of a .tflite file to its tensors and operators, every index checked against its list."""

from __future__ import annotations

from cascade.errors import ModelRejected
from cascade.tflite_buffer import FlatBuffer, Table
from cascade.tflite_schema import (
    DTYPE_BITS,
    DTYPE_NAMES,
    OPERATOR_NAMES,
    OPTION_SLOTS,
    OPTION_TYPES,
    BufferSlot,
    ModelSlot,
    OperatorCodeSlot,
    OperatorSlot,
    QuantizationSlot,
    RawGraph,
    RawModel,
    RawOperator,
    RawTensor,
    SubgraphSlot,
    TensorSlot,
)

FILE_BYTES_LIMIT = 32 * 1024 * 1024
OPERATOR_COUNT_LIMIT = 10_000
TENSOR_COUNT_LIMIT = 50_000
SUBGRAPH_COUNT_LIMIT = 16
RANK_LIMIT = 8
ELEMENT_COUNT_LIMIT = 100_000_000

FOREIGN_MAGIC = (
    (b"\x89HDF", "a Keras .h5 file; loading one can run code from it"),
    (b"PK\x03\x04", "a zip archive (a .keras file or a zipped model); archives are not unpacked"),
    (b"\x1f\x8b", "a gzip archive; archives are not unpacked"),
    (b"\x80\x02", "a Python pickle; loading one runs code from it"),
    (b"\x80\x03", "a Python pickle; loading one runs code from it"),
    (b"\x80\x04", "a Python pickle; loading one runs code from it"),
    (b"\x80\x05", "a Python pickle; loading one runs code from it"),
    (b"\x93NUMPY", "a NumPy array"),
)
CONVERT_HINT = "only .tflite files are read: convert it once with TensorFlow's TFLiteConverter, full int8"


def refuse_foreign(data: bytes, suffix: str) -> None:
    """Raise what the file is, where it is no .tflite file of an acceptable size."""
    if not data:
        raise ModelRejected("the file is empty")
    if len(data) > FILE_BYTES_LIMIT:
        raise ModelRejected(f"the file is larger than the limit of {FILE_BYTES_LIMIT // 2**20} MB")
    for magic, what in FOREIGN_MAGIC:
        if data.startswith(magic):
            raise ModelRejected(f"this is {what}; {CONVERT_HINT}")
    if suffix == ".onnx" or (data[:1] == b"\x08" and b"onnx" in data[:64]):
        raise ModelRejected(f"this is an ONNX file; {CONVERT_HINT}")
    if data[4:8] != b"TFL3":
        raise ModelRejected("not a .tflite file: bytes 4 to 7 are not TFL3")


def parse_model(data: bytes) -> RawModel:
    """Tensors and operators of a .tflite file."""
    root = FlatBuffer(data).root()
    buffers = tuple(_buffer(table) for table in root.tables(ModelSlot.BUFFERS, TENSOR_COUNT_LIMIT))
    codes = tuple(_kind(table) for table in root.tables(ModelSlot.OPERATOR_CODES, OPERATOR_COUNT_LIMIT))
    graphs = root.tables(ModelSlot.SUBGRAPHS, SUBGRAPH_COUNT_LIMIT)
    if not graphs:
        raise ModelRejected("the file holds no graph")
    return RawModel(data, tuple(_graph(table, codes, buffers) for table in graphs))


def _buffer(table: Table) -> tuple[int, int]:
    """(first byte, length) of a buffer's data."""
    if table.number(BufferSlot.OFFSET, "Q") > 1 or table.number(BufferSlot.SIZE, "Q") > 1:
        raise ModelRejected("weights outside the flatbuffer are not supported")
    return table.byte_range(BufferSlot.DATA)


def _kind(table: Table) -> str:
    """Name of an operator code; the larger of the old and the new field, as the interpreter reads it."""
    code = max(table.number(OperatorCodeSlot.DEPRECATED_CODE, "b"), table.number(OperatorCodeSlot.CODE, "i"))
    if not 0 <= code < len(OPERATOR_NAMES):
        raise ModelRejected(f"operator code {code} is not one of the {len(OPERATOR_NAMES)} known operators")
    return OPERATOR_NAMES[code]


def _graph(table: Table, codes: tuple[str, ...], buffers: tuple[tuple[int, int], ...]) -> RawGraph:
    tensors = tuple(
        _tensor(index, entry, buffers)
        for index, entry in enumerate(table.tables(SubgraphSlot.TENSORS, TENSOR_COUNT_LIMIT))
    )
    operators = tuple(
        _operator(index, entry, codes, len(tensors))
        for index, entry in enumerate(table.tables(SubgraphSlot.OPERATORS, OPERATOR_COUNT_LIMIT))
    )
    inputs, outputs = table.integers(SubgraphSlot.INPUTS), table.integers(SubgraphSlot.OUTPUTS)
    for index in (*inputs, *outputs):
        if not 0 <= index < len(tensors):
            raise ModelRejected(f"the graph names tensor {index}; it has {len(tensors)} tensors")
    return RawGraph(tensors, inputs, outputs, operators)


def _tensor(index: int, table: Table, buffers: tuple[tuple[int, int], ...]) -> RawTensor:
    code = table.number(TensorSlot.TYPE, "b")
    dtype = DTYPE_NAMES[code] if 0 <= code < len(DTYPE_NAMES) else ""
    if dtype not in DTYPE_BITS:
        raise ModelRejected(f"tensor {index} has type {dtype or code}, which is not supported")
    if table.position(TensorSlot.SPARSITY) is not None:
        raise ModelRejected(f"tensor {index} is sparse, which is not supported")
    if table.position(TensorSlot.EXTERNAL_BUFFER) is not None and table.number(TensorSlot.EXTERNAL_BUFFER, "I"):
        raise ModelRejected(f"tensor {index} keeps its values in another file, which is not supported")
    buffer = table.number(TensorSlot.BUFFER, "I")
    if buffer >= len(buffers):
        raise ModelRejected(f"tensor {index} names buffer {buffer}; the file has {len(buffers)} buffers")
    scales, zero_points, dimension = _quantization(index, table.table(TensorSlot.QUANTIZATION))
    data_start, buffer_bytes = buffers[buffer]
    return RawTensor(
        index=index,
        name=table.text(TensorSlot.NAME),
        dtype=dtype,
        shape=_shape(index, table),
        buffer_bytes=buffer_bytes,
        data_start=data_start,
        scales=scales,
        zero_points=zero_points,
        quantized_dimension=dimension,
        is_variable=bool(table.number(TensorSlot.IS_VARIABLE, "b")),
    )


def _shape(index: int, table: Table) -> tuple[int, ...]:
    shape = table.integers(TensorSlot.SHAPE)
    if len(shape) > RANK_LIMIT:
        raise ModelRejected(f"tensor {index} has {len(shape)} dimensions; at most {RANK_LIMIT} are supported")
    count = 1
    for size in shape:
        if size < 1:
            raise ModelRejected(f"tensor {index} has shape {list(shape)}; every dimension must be at least 1")
        count *= size
        if count > ELEMENT_COUNT_LIMIT:
            raise ModelRejected(f"tensor {index} has shape {list(shape)}: over {ELEMENT_COUNT_LIMIT} elements")
    return shape


def _quantization(index: int, table: Table | None) -> tuple[tuple[float, ...], tuple[int, ...], int]:
    if table is None:
        return (), (), 0
    if table.number(QuantizationSlot.DETAILS_TYPE, "B"):
        raise ModelRejected(f"tensor {index} has a custom quantization, which is not supported")
    scales = tuple(float(value) for value in table.numbers(QuantizationSlot.SCALE, "<f4"))
    zeros = tuple(int(value) for value in table.numbers(QuantizationSlot.ZERO_POINT, "<i8"))
    return scales, zeros, table.number(QuantizationSlot.DIMENSION, "i")


def _operator(index: int, table: Table, codes: tuple[str, ...], tensor_count: int) -> RawOperator:
    code_index = table.number(OperatorSlot.CODE_INDEX, "I")
    if code_index >= len(codes):
        raise ModelRejected(f"operator {index} names code {code_index}; the file has {len(codes)} codes")
    kind = codes[code_index]
    where = f"operator {index} ({kind})"
    inputs, outputs = table.integers(OperatorSlot.INPUTS), table.integers(OperatorSlot.OUTPUTS)
    for tensor in (*inputs, *outputs, *table.integers(OperatorSlot.INTERMEDIATES)):
        if not -1 <= tensor < tensor_count:
            raise ModelRejected(f"{where} names tensor {tensor}; the graph has {tensor_count} tensors")
    options, has_options = _options(where, kind, table)
    return RawOperator(index, kind, inputs, outputs, options, has_options)


def _options(where: str, kind: str, table: Table) -> tuple[dict[str, int], bool]:
    union_type = table.number(OperatorSlot.OPTIONS_TYPE, "B")
    options = table.table(OperatorSlot.OPTIONS) if union_type else None
    slots = OPTION_SLOTS.get(kind)
    if kind in OPTION_TYPES and union_type not in (0, OPTION_TYPES[kind]):
        raise ModelRejected(f"{where} carries the options of another operator (type {union_type})")
    if slots is None:
        return {}, options is not None
    if options is None:
        return {name: default for name, (_, _, default) in slots.items()}, False
    return {name: options.number(slot, form, default) for name, (slot, form, default) in slots.items()}, True
