"""The data folder of the service."""

from __future__ import annotations

from pathlib import Path

from powerplan.service.store import Store

JOB = "a" * 64


def test_what_is_no_jobs_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """A file manager's own file among what jobs have begun is no job."""
    store = Store(tmp_path)
    store.prepare()
    (tmp_path / "begun" / ".DS_Store").write_bytes(b"")
    store.begun_folder(JOB).mkdir()
    assert store.begun() == [JOB]
    store.clear_begun(JOB)
    assert store.begun() == []


def test_work_goes_with_its_owner(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prepare()
    gone, stays = store.work_folder("worker-1"), store.work_folder("worker-2")
    store.clear_work("worker-1")
    assert not gone.exists()
    assert stays.is_dir()
    store.work_folder("worker-1")
