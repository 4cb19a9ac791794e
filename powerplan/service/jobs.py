"""Runs jobs: takes them from the journal in turn, has a supervised process answer, notes how they ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from powerplan.errors import ExitCode
from powerplan.service.children import Child, ChildEnded
from powerplan.service.documents import FINISHED
from powerplan.service.journal import AWAY, Journal, NewJob, Row
from powerplan.service.log import log
from powerplan.service.problems import HttpProblem, failed
from powerplan.service.settings import Settings
from powerplan.service.store import Store

IDLE_S = 1.0


class Jobs:
    """The queue and the processes that work on it. `changed` is called with the id of a job that has news."""

    def __init__(self, settings: Settings, journal: Journal, store: Store, changed: Callable[[str], None]) -> None:
        self._settings, self._journal, self._store, self._changed = settings, journal, store, changed
        self._news = threading.Condition()
        self._running: dict[str, str] = {}
        """Job -> its client."""
        self._stopped: set[str] = set()
        self._closing = self._away = False
        self._leaving = threading.Event()
        self.children = [Child(settings, f"worker-{number + 1}") for number in range(settings.worker_count)]
        self._threads = [threading.Thread(target=self._work, args=(child,), name=child.name, daemon=True)
                         for child in self.children]

    def start(self) -> None:
        """Take up what was running when the service ended, then work."""
        for job in self._journal.running():
            self._take_up(job)
        for job in self._store.begun():
            row = self._journal.job(job)
            if row is None or row["state"] in FINISHED:
                self._store.clear_begun(job)
        for thread in self._threads:
            thread.start()

    def _take_up(self, job: str) -> None:
        """A finished answer is kept; a job without one waits again."""
        answer = self._store.answer(job)
        if answer is not None:
            self._journal.finish(job, "done", int(answer["exit_code"]))
            self._store.clear_begun(job)
        else:
            self._journal.requeue(job)
        log("job_taken_up", job=job, answered=answer is not None)

    def submit(self, job: NewJob) -> tuple[Row, bool]:
        """(the job, whether it is new). Raises HttpProblem when the queue is full or the service ends."""
        if self._closing:
            raise HttpProblem(503, "Draining", "the service is about to stop; ask again soon", {"Retry-After": "10"})
        with self._news:
            if self._journal.job(job.id) is None:
                self._store.forget(job.id)
            row, new = self._journal.add(job, self._settings.queue_count)
            if new:
                self._news.notify()
        if row is None:
            raise HttpProblem(503, "QueueFull", f"{self._settings.queue_count} jobs wait already; ask again later",
                              {"Retry-After": "5"})
        if new:
            self._changed(job.id)
        return row, new

    def cancel(self, job: str) -> bool:
        """Stop a job that waits or runs; False where it has ended or is not there."""
        with self._news:
            done = self._journal.finish(job, "cancelled")
            if job in self._running:
                self._stopped.add(job)
            else:
                self._store.clear_begun(job)
        if done:
            self._changed(job)
        return done

    def close(self) -> None:
        """Finish what runs within the deadline; what is not finished waits for the next start."""
        self._closing = True
        with self._news:
            self._news.notify_all()
        for thread in self._threads:
            thread.join(self._settings.drain_deadline_s)
        self._leaving.set()
        for thread in self._threads:
            thread.join(5.0)
        for child in self.children:
            child.end()

    def _work(self, child: Child) -> None:
        with suppress(ChildEnded):
            child.start()
        while not self._closing:
            taken = self._next()
            if taken is None:
                continue
            row, inputs = taken
            try:
                self._run(child, row, inputs)
            except Exception as error:
                # Whatever goes wrong with one job must not end the thread that runs the next.
                log("bug", "ERROR", job=row["id"], error=type(error).__name__)
                self._left(row)
            finally:
                with self._news:
                    self._running.pop(row["id"], None)
                    self._stopped.discard(row["id"])
                    self._news.notify_all()

    def _next(self) -> tuple[Row, dict[str, Any]] | None:
        """The next job, noted as running; waits a while where there is none."""
        with self._news:
            try:
                if self._away:
                    self._take_up_lost()
                taken = self._journal.claim(set(self._running.values()), set(self._running))
                if taken is None:
                    self._take_up_lost()
                self._away = False
            except Exception as error:
                self._is_away(error)
                taken = None
            if taken is None:
                self._news.wait(IDLE_S)
                return None
            self._running[taken[0]["id"]] = taken[0]["client"]
            return taken

    def _is_away(self, error: Exception) -> None:
        self._away = True
        log("journal_away", "ERROR", error=type(error).__name__)

    def _take_up_lost(self) -> None:
        """Jobs that the journal thinks are running and nobody runs: its answer was lost while it went away."""
        for job in set(self._journal.running()) - set(self._running):
            self._take_up(job)

    def _note(self, what: Callable[[], object], kept: bool = False) -> None:
        """Have the journal take a job's end however long it is away, so that nothing done is done again.

        `kept`: the next start would find the end out by itself.
        """
        while not (self._leaving.is_set() or (kept and self._closing and self._away)):
            try:
                what()
                return
            except AWAY as error:
                self._is_away(error)
            self._leaving.wait(IDLE_S)

    def _run(self, child: Child, row: Row, inputs: dict[str, Any]) -> None:
        job = row["id"]
        self._changed(job)

        def tell(progress: dict[str, Any]) -> None:
            # Progress is news; a job goes on while nobody can be told.
            with suppress(*AWAY):
                self._journal.progress(job, str(progress["stage"]), float(progress["share"]))
                self._changed(job)

        try:
            message = child.ask({"do": "job", "id": job, **inputs}, self._settings.job_deadline_s, tell,
                                lambda: job in self._stopped or self._leaving.is_set())
        except ChildEnded as ended:
            self._ended(child.name, row, ended)
        else:
            self._answered(job, message)
        self._changed(job)

    def _left(self, row: Row) -> None:
        """A bug of the service itself: the job waits again, or has failed for good."""
        with suppress(Exception):
            self._ended("service", row, ChildEnded("died", "a bug in powerplan's service"))
            self._changed(row["id"])

    def _finish(self, job: str, state: str, exit_code: int, problem: dict[str, Any] | None = None) -> None:
        self._note(lambda: self._journal.finish(job, state, exit_code, problem), kept=state == "done")
        self._store.clear_begun(job)

    def _answered(self, job: str, message: dict[str, Any]) -> None:
        if "done" in message:
            self._finish(job, "done", int(message["done"]["exit_code"]))
            log("job_done", job=job, exit_code=message["done"]["exit_code"])
            return
        problem = message["failed"]
        self._finish(job, "failed", int(problem["exit_code"]), problem)
        log("job_failed", "ERROR" if "bug" in message else "INFO", job=job, code=problem["code"],
            where=message.get("bug"))

    def _ended(self, worker: str, row: Row, ended: ChildEnded) -> None:
        """The process of a job is gone: the job runs again, or ends with what is known."""
        job = row["id"]
        log("worker_lost", "INFO" if ended.why == "stopped" else "WARNING", job=job, worker=worker,
            why=ended.why, text=ended.text)
        answer = self._store.answer(job)
        if answer is not None:
            self._finish(job, "done", int(answer["exit_code"]))
        elif ended.why == "stopped":
            if job in self._stopped:
                self._store.clear_begun(job)
            else:
                self._note(lambda: self._journal.requeue(job))
        elif ended.why == "died" and row["attempt"] < self._settings.attempt_count:
            self._note(lambda: self._journal.requeue(job))
        elif ended.why == "died":
            text = f"{ended.text}, {row['attempt']} times"
            self._finish(job, "failed", ExitCode.BUG, failed("WorkerLost", ExitCode.BUG, text).model_dump())
        else:
            text = f"not finished within {self._settings.job_deadline_s:g} s; try fewer days or samples"
            problem = failed("Deadline", ExitCode.RESOURCE, text).model_dump()
            self._finish(job, "failed", ExitCode.RESOURCE, problem)
