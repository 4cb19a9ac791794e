"""The process that reads scenarios and runs jobs. Started by `children` with `python -I`; speaks JSON lines.

A model never runs here: it runs in a child process of the cascade package, so a crashing model does not end this one.
When the service ends, standard input closes, and so does this process.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import queue
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from powerplan.errors import ExitCode, InputError, PowerplanError, ResourceLimit
from powerplan.service.documents import ScenarioText
from powerplan.service.problems import failed, refused
from powerplan.service.store import ANSWER, MEDIA_TYPES, Store, UploadKind, media_type
from powerplan.service.workspace import settle

PROGRESS_INTERVAL_S = 0.2
EARLY = ("powerplan.study.check", "powerplan.study.session", "powerplan.engines.fast")


def main() -> None:
    """Answer questions until standard input ends."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _limit_resources(int(sys.argv[1]))
    store, name = Store(Path(sys.argv[2])), sys.argv[3]
    asked: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        out.write(json.dumps(message).encode() + b"\n")

    # What every question needs is read before the first one comes, so that nobody's deadline pays for it.
    for module in EARLY:
        importlib.import_module(module)
    say({"ready": os.getpid()})
    while True:
        say(_answer(asked.get(), store, name, say))


def _listen(asked: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Questions from standard input; its end is the end of this process, whatever it computes."""
    for line in sys.stdin.buffer:
        asked.put(json.loads(line))
    os._exit(0)


def _limit_resources(address_bytes: int) -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))


def _answer(question: dict[str, Any], store: Store, name: str, say: Callable[[dict[str, Any]], None]
            ) -> dict[str, Any]:
    """One answer: `{"done": ...}` or `{"failed": problem}`; nothing a question does ends the process."""
    tasks = {"job": _job, "validate": _validate, "upload": _upload}
    folder = store.work_folder(name)
    before = Path.cwd()
    try:
        return {"done": tasks[question["do"]](question, store, folder, say)}
    except PowerplanError as error:
        return {"failed": refused(error).model_dump()}
    except MemoryError:
        limit = ResourceLimit("out of memory; try fewer days or samples")
        return {"failed": refused(limit).model_dump(), "replace": True}
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        return {"failed": failed("bug", ExitCode.BUG, f"a bug in powerplan: {where}").model_dump(), "bug": where}
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def _scenarios(question: dict[str, Any]) -> list[ScenarioText]:
    return [ScenarioText(**one) for one in question["scenarios"]]


def _settled(question: dict[str, Any], folder: Path, store: Store) -> tuple[Path, ...]:
    """The scenarios in their folders, which messages show as the client named them."""
    paths = settle(_scenarios(question), folder, store)
    if len(paths) == 1:
        os.chdir(paths[0].parent)
        return (Path(paths[0].name),)
    os.chdir(folder)
    return tuple(path.relative_to(folder) for path in paths)


def _validate(question: dict[str, Any], store: Store, folder: Path, _say: object) -> dict[str, Any]:
    from powerplan.study.check import check

    try:
        [path] = _settled(question, folder, store)
        found = check(path)
        problems, hidden, hashes = found.warnings, 0, found.loaded.hashes
    except InputError as error:
        problems, hidden, hashes = error.problems, error.hidden_count, {}
    except PowerplanError as error:
        items = refused(error).model_dump()["problems"]
        return {"schema_version": 1, "ok": False, "problems": items, "hidden_count": 0, "hashes": {}}
    ok = not any(problem.severity == "error" for problem in problems)
    return {"schema_version": 1, "ok": ok, "problems": [asdict(problem) for problem in problems],
            "hidden_count": hidden, "hashes": dict(hashes)}


def _job(question: dict[str, Any], store: Store, folder: Path, say: Callable[[dict[str, Any]], None]
         ) -> dict[str, Any]:
    """Run a job; its answer appears in the results as a whole, or not at all."""
    from cascade.show import json_text
    from powerplan.service.kinds import KINDS, Work

    last_s, last_stage = 0.0, ""

    def progress(stage: str, share: float) -> None:
        nonlocal last_s, last_stage
        now_s = time.monotonic()
        if stage != last_stage or now_s - last_s >= PROGRESS_INTERVAL_S:
            last_s, last_stage = now_s, stage
            say({"progress": {"stage": stage, "share": round(min(1.0, max(0.0, float(share))), 3)}})

    kind = KINDS[question["kind"]]
    paths = _settled(question, folder, store)
    made = folder / "answer"
    made.mkdir()
    work = Work(paths, kind.options.model_validate(question["options"]), made,
                store.begun_folder(question["id"]), progress)
    found = kind.answer(work)
    files = [{"name": path.name, "bytes": path.stat().st_size, "media_type": media_type(path.name)}
             for path in sorted(made.iterdir()) if path.is_file() and path.suffix in MEDIA_TYPES]
    whole = {"id": question["id"], "kind": question["kind"], "exit_code": int(found.exit_code),
             "document": found.document, "text": [str(line) for line in found.text], "files": files}
    (made / ANSWER).write_text(json_text(whole), encoding="utf-8")
    _sync(made)
    target = store.result_folder(question["id"])
    if not target.is_dir():
        made.rename(target)
    return {"exit_code": int(found.exit_code)}


def _sync(folder: Path) -> None:
    """Have the disk hold a folder before it gets its name."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _upload(question: dict[str, Any], store: Store, _folder: Path, _say: object) -> dict[str, Any]:
    """Check a file that was uploaded, and keep it. Raises ModelError, PowerplanError."""
    from powerplan.service.uploads import check_model, check_scores

    kind: UploadKind = question["kind"]
    file = Path(question["file"])
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    facts = (check_model if kind == "model" else check_scores)(file)
    store.keep(kind, sha256, file, facts)
    return {"sha256": sha256, "facts": facts}


if __name__ == "__main__":
    main()
