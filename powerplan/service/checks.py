"""Short tasks (validating a scenario, checking an upload) in supervised processes, beside the jobs."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from powerplan.errors import ExitCode
from powerplan.service.children import Child, ChildEnded
from powerplan.service.log import log
from powerplan.service.problems import HttpProblem, failed
from powerplan.service.settings import Settings

WAITING_COUNT = 64
KEPT_COUNT = 256
"""Answers that are kept: people come back to a text they had."""
Message = dict[str, Any]


class Checks:
    """A small pool of processes; more than `WAITING_COUNT` waiting tasks are refused."""

    def __init__(self, settings: Settings) -> None:
        self._deadline_s = settings.check_deadline_s
        self._waiting: queue.Queue[tuple[Message, Future[Message]] | None] = queue.Queue(WAITING_COUNT)
        self._kept: OrderedDict[str, Message] = OrderedDict()
        self._turn = threading.Lock()
        self.children = [Child(settings, f"checker-{number + 1}") for number in range(settings.checker_count)]
        self._threads = [threading.Thread(target=self._work, args=(child,), name=child.name, daemon=True)
                         for child in self.children]

    def start(self) -> None:
        """Start the processes."""
        for thread in self._threads:
            thread.start()

    def ask(self, question: Message, key: str = "") -> Future[Message]:
        """The coming answer; the same `key` asks for the same answer. Raises HttpProblem when too many wait."""
        found: Future[Message] = Future()
        with self._turn:
            if key and key in self._kept:
                self._kept.move_to_end(key)
                found.set_result(self._kept[key])
                return found
        try:
            self._waiting.put_nowait((question, found))
        except queue.Full:
            raise HttpProblem(503, "Busy", "too many checks wait; ask again", {"Retry-After": "2"}) from None
        if key:
            found.add_done_callback(lambda done: self._keep(key, done))
        return found

    def _keep(self, key: str, done: Future[Message]) -> None:
        if done.cancelled() or done.exception() is not None or "done" not in done.result():
            return
        with self._turn:
            self._kept[key] = done.result()
            while len(self._kept) > KEPT_COUNT:
                self._kept.popitem(last=False)

    def close(self) -> None:
        """End the processes."""
        for _ in self._threads:
            with self._turn:
                try:
                    self._waiting.put_nowait(None)
                except queue.Full:
                    break
        for child in self.children:
            child.end()
        for thread in self._threads:
            thread.join(2.0)
        for child in self.children:
            child.end()

    def _work(self, child: Child) -> None:
        with suppress(ChildEnded):
            child.start()
        while True:
            task = self._waiting.get()
            if task is None:
                return
            question, found = task
            if not found.set_running_or_notify_cancel():
                continue
            found.set_result(self._answer(child, question))

    def _answer(self, child: Child, question: Message) -> Message:
        try:
            return child.ask(question, self._deadline_s)
        except ChildEnded as ended:
            log("checker_lost", "WARNING", worker=child.name, why=ended.why, text=ended.text)
            if ended.why == "deadline":
                text = f"not checked within {self._deadline_s:g} s"
                return {"failed": failed("Deadline", ExitCode.RESOURCE, text).model_dump()}
            return {"failed": failed("WorkerLost", ExitCode.BUG, ended.text).model_dump()}
