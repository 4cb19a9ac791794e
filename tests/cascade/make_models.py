"""Small .tflite files written by the tests themselves, with the schema classes that LiteRT ships."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT32, INT8, RESOURCE = 0, 9, 13


class ModelWriter:
    """Collects tensors and operators of one or more graphs."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = b"written by a test"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.model.subgraphs = []

    def graph(self) -> schema.SubGraphT:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        self.model.subgraphs.append(graph)
        return graph

    def tensor(self, graph: schema.SubGraphT, shape: list[int], kind: int, values: np.ndarray | None = None,
               scale: float | None = None, name: str = "") -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name, tensor.buffer, tensor.hasRank = shape, kind, name.encode(), 0, True
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [0]
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def operator(self, graph: schema.SubGraphT, kind: str, inputs: list[int], outputs: list[int],
                 options_type: str = "", options: Any = None) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, outputs
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_type)
            operator.builtinOptions = options
        graph.operators.append(operator)

    def data(self) -> bytes:
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def running_sum() -> bytes:
    """int8[1, 2] in, its running sum out: state in a resource variable, set to zero by a second graph."""
    writer = ModelWriter()
    main, initial = writer.graph(), writer.graph()
    given = writer.tensor(main, [1, 2], INT8, scale=1.0, name="given")
    handle = writer.tensor(main, [1], RESOURCE, name="handle")
    state = writer.tensor(main, [1, 2], INT8, scale=1.0, name="state")
    total = writer.tensor(main, [1, 2], INT8, scale=1.0, name="total")
    call = schema.CallOnceOptionsT()
    call.initSubgraphIndex = 1
    writer.operator(main, "CALL_ONCE", [], [], "CallOnceOptions", call)
    writer.operator(main, "VAR_HANDLE", [], [handle], "VarHandleOptions", _variable())
    writer.operator(main, "READ_VARIABLE", [handle], [state], "ReadVariableOptions", schema.ReadVariableOptionsT())
    writer.operator(main, "ADD", [given, state], [total], "AddOptions", schema.AddOptionsT())
    assign = schema.AssignVariableOptionsT()
    writer.operator(main, "ASSIGN_VARIABLE", [handle, total], [], "AssignVariableOptions", assign)
    main.inputs, main.outputs = [given], [total]
    start = writer.tensor(initial, [1], RESOURCE, name="handle")
    zeros = writer.tensor(initial, [1, 2], INT8, np.zeros((1, 2), np.int8), scale=1.0, name="zeros")
    writer.operator(initial, "VAR_HANDLE", [], [start], "VarHandleOptions", _variable())
    writer.operator(initial, "ASSIGN_VARIABLE", [start, zeros], [], "AssignVariableOptions", assign)
    return writer.data()


def _variable() -> schema.VarHandleOptionsT:
    options = schema.VarHandleOptionsT()
    options.container, options.sharedName = b"", b"sum"
    return options


def outer_sums(rows: int, columns: int, repeats: int) -> bytes:
    """float32[rows, 1] in; sums with a row of zeros make [rows, columns] tensors, added up pairwise."""
    writer = ModelWriter()
    graph = writer.graph()
    given = writer.tensor(graph, [rows, 1], FLOAT32)
    zeros = writer.tensor(graph, [1, columns], FLOAT32, np.zeros((1, columns), np.float32))
    add = schema.AddOptionsT()
    wide = [writer.tensor(graph, [rows, columns], FLOAT32) for _ in range(repeats)]
    for tensor in wide:
        writer.operator(graph, "ADD", [given, zeros], [tensor], "AddOptions", add)
    total = wide[0]
    for tensor in wide[1:]:
        after = writer.tensor(graph, [rows, columns], FLOAT32)
        writer.operator(graph, "ADD", [total, tensor], [after], "AddOptions", add)
        total = after
    graph.inputs, graph.outputs = [given], [total]
    return writer.data()


def dense(rows: int, depth: int, units: int) -> bytes:
    """float32[rows, depth] in, one fully connected layer of ones."""
    writer = ModelWriter()
    graph = writer.graph()
    given = writer.tensor(graph, [rows, depth], FLOAT32)
    weights = writer.tensor(graph, [units, depth], FLOAT32, np.ones((units, depth), np.float32))
    out = writer.tensor(graph, [rows, units], FLOAT32)
    options = schema.FullyConnectedOptionsT()
    writer.operator(graph, "FULLY_CONNECTED", [given, weights, -1], [out], "FullyConnectedOptions", options)
    graph.inputs, graph.outputs = [given], [out]
    return writer.data()
