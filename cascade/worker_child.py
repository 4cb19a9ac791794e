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

    def ranges(self, rows: Any, activations: list[int]) -> list[dict[str, Any]]:
        """Where the integers of the given tensors lie over some rows; needs all tensors kept."""
        import numpy as np

        interpreter = self.make(experimental_preserve_all_tensors=True)
        interpreter.allocate_tensors()
        rows = rows.reshape((len(rows), *(int(size) for size in self.input["shape"])))
        found: dict[int, list[Any]] = {}
        for row in rows:
            interpreter.set_tensor(self.input["index"], row)
            interpreter.invoke()
            for one in interpreter.get_tensor_details():
                if one["dtype"] in (np.int8, np.uint8, np.int16) and int(one["index"]) in activations:
                    _count_ends(found, one, interpreter)
        return [{"name": name, "dtype": dtype, "low_fraction": low / total, "high_fraction": high / total,
                 "smallest": smallest, "largest": largest}
                for name, dtype, low, high, total, smallest, largest in found.values()]

    def facts(self) -> dict[str, Any]:
        """What the interpreter says of its input and output."""
        import numpy as np

        return {
            "input_dtype": np.dtype(self.input["dtype"]).name,
            "output_dtype": np.dtype(self.output["dtype"]).name,
            "input_shape": [int(size) for size in self.input["shape"]],
            "output_shape": [int(size) for size in self.output["shape"]],
        }


def _count_ends(found: dict[int, list[Any]], one: Any, interpreter: Any) -> None:
    """Add one tensor's values to the counts."""
    import numpy as np

    try:
        values = interpreter.get_tensor(one["index"])
    except ValueError:
        return
    if not values.size:
        return
    ends = np.iinfo(values.dtype)
    row = found.setdefault(int(one["index"]), [str(one["name"])[-60:], values.dtype.name, 0, 0, 0, ends.max, ends.min])
    row[2] += int((values == ends.min).sum())
    row[3] += int((values == ends.max).sum())
    row[4] += int(values.size)
    row[5], row[6] = int(min(row[5], values.min())), int(max(row[6], values.max()))


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


def ranges(model: LiteRtModel | MicroModel, header: dict[str, Any], payload: bytearray) -> dict[str, Any]:
    """Ranges of the activations over the rows in the payload."""
    import numpy as np

    if not isinstance(model, LiteRtModel):
        raise ValueError("ranges are read with LiteRT's kernels")
    rows = np.frombuffer(payload, header["dtype"]).reshape((int(header["rows"]), -1))
    return {"ranges": model.ranges(rows, header["activations"])}


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
                answer = ranges(model, header, payload)
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
