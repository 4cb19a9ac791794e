"""The child process that holds one untrusted model. Started as a script with `python -I`; imports nothing of ours.

It reads frames from standard input and answers each with one frame: 4 bytes mark, header length (u32), payload
length (u64), a JSON header, the payload. Whatever a library prints goes to the error file.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

MARK = b"CSC1"
FRAME = struct.Struct("<4sIQ")
STEPS = 256
"""Of a histogram of stored numbers; 16-bit ones take 256 numbers a step."""
CLONE_NEW_USER, CLONE_NEW_NET = 0x10000000, 0x40000000


def limit_resources(address_bytes: int, file_bytes: int) -> None:
    """Hard limits of this process; those that the platform does not know are left out."""
    try:
        import resource
    except ImportError:
        return
    for name, value in (("RLIMIT_AS", address_bytes), ("RLIMIT_FSIZE", file_bytes), ("RLIMIT_CORE", 0),
                        ("RLIMIT_NOFILE", 256)):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def limit_cpu(seconds: int) -> None:
    """CPU time from now on, after which SIGXCPU ends the process."""
    with contextlib.suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def leave_network() -> None:
    """An own, empty network, where the kernel gives one to an ordinary process."""
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).unshare(CLONE_NEW_USER | CLONE_NEW_NET)


class LiteRtModel:
    """A model in the LiteRT interpreter, without delegates."""

    def __init__(self, data: bytes, reference_kernels: bool) -> None:
        from ai_edge_litert import interpreter as litert

        make: Any = litert.Interpreter
        kinds = litert.OpResolverType
        kind = kinds.BUILTIN_REF if reference_kernels else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.make: Callable[..., Any] = lambda **more: make(
            model_content=data, num_threads=1, experimental_op_resolver_type=kind, **more
        )
        self.reset()

    def reset(self) -> None:
        """A fresh interpreter: nothing is kept of what ran before."""
        self.interpreter: Any = self.make()
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    def run(self, rows: Any, resets: Any) -> Any:
        """Outputs of the rows, one inference each."""
        import numpy as np

        shape = tuple(int(size) for size in self.input["shape"])
        given, wanted = self.input["index"], self.output["index"]
        out = np.empty((len(rows), *self.output["shape"]), self.output["dtype"])
        rows = rows.reshape((len(rows), *shape))
        interpreter = self.interpreter
        for index in range(len(rows)):
            if resets is not None and resets[index]:
                self.reset()
                interpreter = self.interpreter
            interpreter.set_tensor(given, rows[index])
            interpreter.invoke()
            out[index] = interpreter.get_tensor(wanted)
        return out

    def ranges(self, rows: Any, activations: list[int]) -> tuple[list[dict[str, Any]], Any]:
        """(the given tensors that hold integers, how often each of 256 steps of their range is taken over rows)."""
        import numpy as np

        interpreter = self.make(experimental_preserve_all_tensors=True)
        interpreter.allocate_tensors()
        rows = rows.reshape((len(rows), *(int(size) for size in self.input["shape"])))
        found: dict[int, dict[str, Any]] = {}
        counts: dict[int, Any] = {}
        for row in rows:
            interpreter.set_tensor(self.input["index"], row)
            interpreter.invoke()
            for one in interpreter.get_tensor_details():
                if one["dtype"] in (np.int8, np.uint8, np.int16) and int(one["index"]) in activations:
                    _count_steps(found, counts, one, interpreter)
        return list(found.values()), np.array([counts[index] for index in found], np.int64).reshape(-1, STEPS)

    def facts(self) -> dict[str, Any]:
        """What the interpreter says of its input and output."""
        import numpy as np

        return {
            "input_dtype": np.dtype(self.input["dtype"]).name,
            "output_dtype": np.dtype(self.output["dtype"]).name,
            "input_shape": [int(size) for size in self.input["shape"]],
            "output_shape": [int(size) for size in self.output["shape"]],
        }


def _count_steps(found: dict[int, dict[str, Any]], counts: dict[int, Any], one: Any, interpreter: Any) -> None:
    """Add one tensor's values to the counts."""
    import numpy as np

    try:
        values = interpreter.get_tensor(one["index"])
    except ValueError:
        return
    if not values.size:
        return
    ends, index, zero_point = np.iinfo(values.dtype), int(one["index"]), int(one["quantization"][1])
    row = found.setdefault(index, {"name": str(one["name"])[-60:], "dtype": values.dtype.name, "low": 0, "high": 0,
                                   "zero": 0, "zero_point": zero_point, "scale": float(one["quantization"][0]),
                                   "smallest": int(ends.max), "largest": int(ends.min)})
    row["low"] += int((values == ends.min).sum())
    row["high"] += int((values == ends.max).sum())
    row["zero"] += int((values == zero_point).sum())
    row["smallest"] = int(min(row["smallest"], values.min()))
    row["largest"] = int(max(row["largest"], values.max()))
    steps = (values.astype(np.int64).ravel() - ends.min) >> (8 * values.dtype.itemsize - 8)
    counts[index] = counts.get(index, 0) + np.bincount(steps, minlength=STEPS)


class MicroModel:
    """A model in the TensorFlow Lite Micro interpreter, compiled for this host."""

    def __init__(self, data: bytes, arena_bytes: int) -> None:
        from tflite_micro.python.tflite_micro import runtime

        make: Any = runtime.Interpreter.from_bytes
        self.make: Callable[[], Any] = lambda: make(data, arena_size=arena_bytes)
        self.reset()

    def reset(self) -> None:
        """A fresh interpreter."""
        self.interpreter: Any = self.make()
        self.input = self.interpreter.get_input_details(0)
        self.output = self.interpreter.get_output_details(0)

    def run(self, rows: Any, resets: Any) -> Any:
        """Outputs of the rows, one inference each."""
        import numpy as np

        shape = tuple(int(size) for size in self.input["shape"])
        rows = rows.reshape((len(rows), *shape))
        out = []
        for index in range(len(rows)):
            if resets is not None and resets[index]:
                self.reset()
            self.interpreter.set_input(rows[index], 0)
            self.interpreter.invoke()
            out.append(self.interpreter.get_output(0))
        return np.stack(out) if out else np.empty((0, *self.output["shape"]), self.output["dtype"])

    def facts(self) -> dict[str, Any]:
        """Its input and output, and the recorder's account of the arena in the error file."""
        import numpy as np

        zeros = np.zeros(tuple(int(size) for size in self.input["shape"]), self.input["dtype"])
        self.interpreter.set_input(zeros, 0)
        self.interpreter.invoke()
        self.interpreter.print_allocations()
        self.reset()
        return {
            "input_dtype": np.dtype(self.input["dtype"]).name,
            "output_dtype": np.dtype(self.output["dtype"]).name,
            "input_shape": [int(size) for size in self.input["shape"]],
            "output_shape": [int(size) for size in self.output["shape"]],
        }


def load(header: dict[str, Any], payload: bytes) -> LiteRtModel | MicroModel:
    """The model in the interpreter that the header names."""
    if header["backend"] == "micro":
        return MicroModel(payload, int(header["arena_bytes"]))
    return LiteRtModel(payload, bool(header["reference_kernels"]))


def run(model: LiteRtModel | MicroModel, header: dict[str, Any], payload: bytearray) -> tuple[dict[str, Any], Any]:
    """Outputs of the rows in the payload, after one byte per row where state is reset."""
    import numpy as np

    count = int(header["rows"])
    resets = np.frombuffer(payload, np.uint8, count) if header["resets"] else None
    rows = np.frombuffer(payload, header["dtype"], offset=count if header["resets"] else 0).reshape((count, -1))
    begin_ns = time.perf_counter_ns()
    outputs: Any = np.ascontiguousarray(model.run(rows, resets))
    host_ns = time.perf_counter_ns() - begin_ns
    answer = {"dtype": outputs.dtype.name, "shape": list(outputs.shape), "host_ns": host_ns}
    return answer, memoryview(outputs).cast("B") if outputs.size else b""


def ranges(model: LiteRtModel | MicroModel, header: dict[str, Any], payload: bytearray) -> tuple[dict[str, Any], Any]:
    """Ranges of the activations over the rows in the payload, and their histograms."""
    import numpy as np

    if not isinstance(model, LiteRtModel):
        raise ValueError("ranges are read with LiteRT's kernels")
    rows = np.frombuffer(payload, header["dtype"]).reshape((int(header["rows"]), -1))
    found, counts = model.ranges(rows, header["activations"])
    return {"ranges": found}, memoryview(counts).cast("B") if counts.size else b""


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytearray] | None:
    """The next frame, or nothing at the end of the stream."""
    head = stream.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    _, header_bytes, payload_bytes = FRAME.unpack(head)
    header = json.loads(stream.read(header_bytes))
    payload = bytearray(payload_bytes)
    view, filled = memoryview(payload), 0
    while filled < payload_bytes:
        got = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            return None
        filled += got
    return header, payload


def write_frame(stream: BinaryIO, header: dict[str, Any], payload: Any) -> None:
    """One answer."""
    text = json.dumps(header).encode()
    stream.write(FRAME.pack(MARK, len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def serve(requests: BinaryIO, answers: BinaryIO, cpu_s: int) -> None:
    """Answer frames until the parent closes the pipe."""
    model: LiteRtModel | MicroModel | None = None
    while (frame := read_frame(requests)) is not None:
        header, payload = frame
        limit_cpu(cpu_s)
        result: Any = b""
        try:
            if header["do"] == "load":
                model = load(header, bytes(payload))
                answer = model.facts()
            elif model is None:
                raise ValueError("no model is loaded")
            elif header["do"] == "ranges":
                answer, result = ranges(model, header, payload)
            else:
                answer, result = run(model, header, payload)
            answer["code"] = "OK"
        except MemoryError:
            answer = {"code": "OUT_OF_MEMORY", "reason": "out of memory"}
        except Exception as problem:
            answer = {"code": "REJECTED", "reason": f"{type(problem).__name__}: {problem}"[:2000]}
        write_frame(answers, answer, result)


def main(arguments: list[str]) -> None:
    """`worker_child.py ADDRESS_BYTES FILE_BYTES CPU_S [SITE ...]`"""
    limit_resources(int(arguments[0]), int(arguments[1]))
    leave_network()
    sys.path.extend(folder for folder in arguments[3:] if folder not in sys.path)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, int(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
