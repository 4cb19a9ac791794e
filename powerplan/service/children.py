"""Supervised processes: one question at a time, a deadline, cancelling, and how a process died."""

from __future__ import annotations

import json
import os
import selectors
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import powerplan
from powerplan.service.settings import Settings
from powerplan.service.store import Store

START_DEADLINE_S = 60.0
POLL_S = 0.1
LINE_LIMIT_BYTES = 16_000_000
KEPT_ENVIRONMENT = ("HOME", "PATH", "LANG", "TMPDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR",
                    "LD_LIBRARY_PATH", "SYSTEMROOT")
START = ("import os, sys; sys.path[:0] = sys.argv.pop().split(os.pathsep)\n"
         "from powerplan.service.worker import main; main()")


class ChildEnded(Exception):
    """The process died, was ended because time ran out, or because it was told to."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(why, text)
        self.why, self.text = why, text


class Child:
    """One process of the service; it is started when it is first asked, and again after it ended."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self.name, self._store = settings, name, Store(settings.data)
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._tasks_count = 0
        self.started_count = 0

    @property
    def pid(self) -> int | None:
        """Process number while it lives."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ask(self, question: dict[str, Any], deadline_s: float, tell: Callable[[dict[str, Any]], None] | None = None,
            stopped: Callable[[], bool] | None = None) -> dict[str, Any]:
        """The answer to a question: `{"done": ...}` or `{"failed": ...}`. Raises ChildEnded.

        `tell` gets progress; `stopped` is asked now and then whether to give up.
        """
        self.start()
        deadline = time.monotonic() + deadline_s
        try:
            self._send(question)
            while "progress" in (message := self._read(deadline, stopped)):
                if tell is not None:
                    tell(message["progress"])
        except BaseException:
            # Nobody waits for its answer any more, so that it must not come as the answer to the next question.
            self.end()
            raise
        self._tasks_count += 1
        if message.get("replace") or self._tasks_count >= self._settings.tasks_per_process_count:
            self.end()
        return message

    def start(self) -> None:
        """Have a living process that is ready. Raises ChildEnded."""
        if self.pid is not None:
            return
        self.end()
        root = str(Path(powerplan.__file__).resolve().parent.parent)
        paths = [root, *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", START, str(self._settings.address_limit_bytes),
                 str(self._settings.data.resolve()), self.name, os.pathsep.join(paths)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self._settings.data,
                env=environment, start_new_session=True, bufsize=0)
        except OSError as error:
            raise ChildEnded("died", f"its process cannot be started: {error.strerror}") from None
        self._buffer, self._tasks_count = b"", 0
        self.started_count += 1
        self._read(time.monotonic() + START_DEADLINE_S, None)

    def end(self) -> None:
        """End the process and its group; nobody else removes what it was working on."""
        if self._process is None:
            return
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process = None
        self._store.clear_work(self.name)

    def _send(self, question: dict[str, Any]) -> None:
        process = self._alive()
        try:
            if process.stdin is not None:
                data = memoryview(json.dumps(question).encode() + b"\n")
                while data:
                    data = data[os.write(process.stdin.fileno(), data):]
        except OSError:
            raise self._dead() from None

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ChildEnded("died", "its process is not there")
        return self._process

    def _read(self, deadline: float, stopped: Callable[[], bool] | None) -> dict[str, Any]:
        process = self._alive()
        if process.stdout is None:
            raise self._dead()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if stopped is not None and stopped():
                    self.end()
                    raise ChildEnded("stopped", "it was stopped")
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    self.end()
                    raise ChildEnded("deadline", "time ran out")
                if selector.select(min(left_s, POLL_S)):
                    got = os.read(process.stdout.fileno(), 1 << 20)
                    if not got or len(self._buffer) > LINE_LIMIT_BYTES:
                        raise self._dead()
                    self._buffer += got
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            found = json.loads(line)
        except ValueError:
            raise self._dead() from None
        return found if isinstance(found, dict) else {}

    def _dead(self) -> ChildEnded:
        """What the exit status says; the process is gone afterwards."""
        status = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(2.0)
        self.end()
        if status is not None and status < 0:
            with suppress(ValueError):
                return ChildEnded("died", f"its process was killed by {signal.Signals(-status).name}")
        return ChildEnded("died", f"its process ended with status {status}")
