"""Designs played in several processes. A process that dies loses the design it was playing and nothing else."""

from __future__ import annotations

import json
import queue
import site
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import powerplan
from powerplan.errors import ResourceLimit
from powerplan.files.scenario import Loaded
from powerplan.study.designs import CRASHED, Settings, evaluate, refusal
from powerplan.study.space import Values

TRIES_COUNT = 2
"""A design that kills its process so often is given up."""
START = ("import json, sys; sys.path[:0] = json.loads(sys.argv[1]); "
         "from powerplan.study.designs_child import main; main()")

Task = tuple[str, Values]
"""(key, values) of a design."""


class Child:
    """One process that plays designs."""

    def __init__(self, scenario: Path, settings: Settings) -> None:
        paths = [str(Path(powerplan.__file__).resolve().parents[1])]
        if site.ENABLE_USER_SITE:
            paths.append(site.getusersitepackages())
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", START, json.dumps(paths)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding="utf-8", start_new_session=True)
        self._write({"scenario": str(scenario.resolve()), "settings": asdict(settings)})

    def _write(self, data: Any) -> None:
        if self.process.stdin is None:
            raise BrokenPipeError
        self.process.stdin.write(json.dumps(data, ensure_ascii=False) + "\n")
        self.process.stdin.flush()

    def ask(self, values: Values) -> dict[str, Any] | None:
        """Result of a design; None where the process died."""
        try:
            self._write([[list(path), value] for path, value in values])
            line = self.process.stdout.readline() if self.process.stdout is not None else ""
            found: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
            return found
        except (OSError, ValueError):
            return None

    def end(self) -> int:
        """End the process; gives its exit code, negative for a signal."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        return self.process.wait()


@dataclass
class Pool:
    """Plays designs, in this process where there is one job."""

    base: Loaded
    settings: Settings
    jobs: int = 1
    _children: dict[int, Child] = field(default_factory=dict)

    def play(self, tasks: Sequence[Task], begin: Callable[[str, Values], None]
             ) -> Iterator[tuple[str, dict[str, Any]]]:
        """(key, result) of every design, as they come; `begin` hears of each before it is played."""
        if self.jobs <= 1 or len(tasks) < 2:
            for key, values in tasks:
                begin(key, values)
                yield key, evaluate(self.base, values, self.settings)
            return
        todo: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        workers = min(self.jobs, len(tasks))
        waiting = iter(tasks)

        def hand_out() -> None:
            task = next(waiting, None)
            if task is not None:
                begin(*task)
            todo.put(task)

        for _ in range(workers):
            hand_out()
        threads = [threading.Thread(target=self._work, args=(place, todo, done), daemon=True)
                   for place in range(workers)]
        for thread in threads:
            thread.start()
        for _ in tasks:
            found = self._next(done, threads)
            hand_out()
            yield found

    def _next(self, done: queue.SimpleQueue[tuple[str, dict[str, Any]]], threads: Sequence[threading.Thread]
              ) -> tuple[str, dict[str, Any]]:
        while True:
            try:
                return done.get(timeout=0.5)
            except queue.Empty:
                if not any(thread.is_alive() for thread in threads) and done.empty():
                    raise ResourceLimit("the processes that play designs cannot be started; try --jobs 1") from None

    def _work(self, place: int, todo: queue.SimpleQueue[Task | None],
              done: queue.SimpleQueue[tuple[str, dict[str, Any]]]) -> None:
        while (task := todo.get()) is not None:
            key, values = task
            done.put((key, self._asked(place, values)))

    def _asked(self, place: int, values: Values) -> dict[str, Any]:
        code = 0
        for _ in range(TRIES_COUNT):
            child = self._child(place)
            found = child.ask(values)
            if found is not None:
                return found
            code = child.end()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return refusal(f"its process died {TRIES_COUNT} times ({how})", CRASHED)

    def _child(self, place: int) -> Child:
        """The process of one thread; a new one where it died."""
        known = self._children.get(place)
        if known is None or known.process.poll() is not None:
            known = self._children[place] = Child(self.base.path, self.settings)
        return known

    def close(self) -> None:
        """End all processes."""
        for child in self._children.values():
            child.end()
        self._children.clear()
