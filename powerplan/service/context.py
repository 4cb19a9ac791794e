"""The parts of a running service, as the routes use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from powerplan.service.checks import Checks
from powerplan.service.jobs import Jobs
from powerplan.service.journal import Journal
from powerplan.service.metrics import Metrics
from powerplan.service.news import News
from powerplan.service.settings import Settings
from powerplan.service.store import Store


@dataclass
class Context:
    """One running service."""

    settings: Settings
    store: Store
    journal: Journal
    jobs: Jobs
    checks: Checks
    metrics: Metrics
    news: News
    lock: BinaryIO
    draining: bool = field(default=False)

    @classmethod
    def open(cls, settings: Settings) -> Context:
        """Open the data folder and the journal. Raises PowerplanError."""
        store = Store(settings.data)
        settings.data.mkdir(parents=True, exist_ok=True)
        lock = store.lock()
        store.prepare()
        journal, news = Journal(settings.journal_url), News()
        jobs = Jobs(settings, journal, store, news.changed)
        return cls(settings, store, journal, jobs, Checks(settings), Metrics(), news, lock)

    def start(self) -> None:
        """Start the processes."""
        self.checks.start()
        self.jobs.start()

    def close(self) -> None:
        """Drain and let go of everything."""
        self.draining = True
        self.news.close()
        self.jobs.close()
        self.checks.close()
        self.journal.close()
        self.lock.close()
