"""One supervised child process per model file: limits, a deadline per question, and how its death is reported."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import site
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cascade.errors import ModelCrashed, ModelError, ModelOutOfMemory, ModelRejected, ModelTimeout

FRAME = struct.Struct("<4sIQ")
MARK = b"CSC1"
HEADER_BYTES_LIMIT = 64 * 1024
PIPE_BYTES = 1024 * 1024
F_SETPIPE_SZ = 1031
CHILD = Path(__file__).with_name("worker_child.py")
MEMORY_WORDS = ("bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory")
KEPT_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class WorkerLimits:
    """What the process of one model may use."""

    address_bytes: int = 1 << 30
    cpu_s: int = 60
    """Per question."""
    wall_s: float = 120.0
    """Per question."""
    file_bytes: int = 64 << 20
    answer_bytes: int = 1 << 30


class Worker:
    """A child process that holds one model; every way it can end becomes a `ModelError`."""

    def __init__(self, limits: WorkerLimits, file: str) -> None:
        self._limits, self._file = limits, file
        self._folder = tempfile.TemporaryDirectory(prefix="cascade-")
        self._errors = open(Path(self._folder.name) / "errors", "w+b")  # noqa: SIM115 - closed in close()
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
        sites = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
        numbers = [str(limits.address_bytes), str(limits.file_bytes), str(limits.cpu_s)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(CHILD), *numbers, *sites],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder.name,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise ModelCrashed("its process has no pipes", file)
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._to, self._from):
            os.set_blocking(pipe, False)
            _widen(pipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    @property
    def process_id(self) -> int:
        """Of the child."""
        return self._process.pid

    def close(self) -> None:
        """End the process and its children and remove its folder."""
        self._kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._folder.cleanup()

    def ask(self, header: dict[str, Any], *payload: Any) -> tuple[dict[str, Any], bytearray]:
        """Send one question and wait for its answer: (header, payload)."""
        deadline = time.monotonic() + self._limits.wall_s
        parts = [memoryview(part).cast("B") for part in payload if len(part)]
        text = json.dumps(header).encode()
        head = FRAME.pack(MARK, len(text), sum(len(part) for part in parts)) + text
        try:
            for part in (memoryview(head), *parts):
                self._write(part, deadline)
            mark, header_bytes, payload_bytes = FRAME.unpack(self._read(FRAME.size, deadline))
            if mark != MARK or header_bytes > HEADER_BYTES_LIMIT or payload_bytes > self._limits.answer_bytes:
                raise self._dead(ModelCrashed("its process gave an answer that makes no sense", self._file))
            answer = json.loads(self._read(header_bytes, deadline))
            result = self._read(payload_bytes, deadline)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise self._cause_of_death() from None
        except (ValueError, UnicodeDecodeError):
            raise self._dead(ModelCrashed("its process gave an answer that makes no sense", self._file)) from None
        _raise_for(answer, self._file)
        return answer, result

    def messages(self) -> str:
        """What the process and its libraries printed, at most the last 64 KB."""
        self._errors.flush()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 65536))
        return self._errors.read().decode("utf-8", "replace")

    def _write(self, data: memoryview, deadline: float) -> None:
        sent = 0
        while sent < len(data):
            self._wait(self._to, selectors.EVENT_WRITE, deadline)
            with contextlib.suppress(BlockingIOError):
                sent += os.write(self._to, data[sent : sent + PIPE_BYTES])

    def _read(self, count: int, deadline: float) -> bytearray:
        data = bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            self._wait(self._from, selectors.EVENT_READ, deadline)
            with contextlib.suppress(BlockingIOError):
                got = os.readv(self._from, [view[filled:]])
                if not got:
                    raise EOFError
                filled += got
        return data

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise self._dead(ModelTimeout(f"no answer within {self._limits.wall_s:g} s", self._file))

    def _dead(self, problem: ModelError) -> ModelError:
        self._kill()
        return problem

    def _kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _cause_of_death(self) -> ModelError:
        """What the exit status and the last messages say."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        if self._process.poll() is None:
            return self._dead(ModelCrashed("its process closed its pipe and had to be ended", self._file))
        status, messages = self._process.returncode, self.messages()
        megabytes = self._limits.address_bytes // 2**20
        if any(word in messages for word in MEMORY_WORDS) or status == -signal.SIGKILL:
            return ModelOutOfMemory(f"needs more than the {megabytes} MB its process may have", self._file)
        if status == -getattr(signal, "SIGXCPU", 0):
            return ModelTimeout(f"used more than {self._limits.cpu_s} s of CPU time", self._file)
        if status < 0:
            return ModelCrashed(f"the interpreter was killed by {_signal_name(-status)}", self._file)
        return ModelCrashed(f"the interpreter's process ended with status {status}{_last_line(messages)}", self._file)


def _raise_for(answer: Any, file: str) -> None:
    code = answer.get("code") if isinstance(answer, dict) else None
    if code == "OK":
        return
    reason = str(answer.get("reason", ""))[:2000] if isinstance(answer, dict) else ""
    reason = "".join(letter if letter.isprintable() else " " for letter in reason)
    if code == "OUT_OF_MEMORY" or any(word in reason for word in MEMORY_WORDS):
        raise ModelOutOfMemory(f"out of memory: {reason}", file)
    if code == "REJECTED":
        raise ModelRejected(f"the interpreter refuses it: {reason}", file)
    raise ModelCrashed("its process gave an answer that makes no sense", file)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(messages: str) -> str:
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    return f": {lines[-1][:200]}" if lines else ""


def _widen(pipe: int) -> None:
    """A larger pipe, so that big batches need few turns."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
