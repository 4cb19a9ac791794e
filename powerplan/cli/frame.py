"""What all commands share: settings, progress, showing results, and errors turned into exit codes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from powerplan.errors import ExitCode, InputError, PowerplanError, Problem, problems_text

if TYPE_CHECKING:
    from pathlib import Path

    import typer

    from powerplan.study.session import Session

VERDICT_STYLES = {"PASS": "bold green", "FAIL": "bold red", "MARGINAL": "bold yellow", "NOT FEASIBLE": "bold red",
                  "NOT EVALUATED": "bold magenta"}
PROGRESS_INTERVAL_S = 0.1


@dataclass
class Settings:
    """Options that stand before the command."""

    debug: bool = False
    progress: bool = True


settings = Settings()


def version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("powerplan")
    except PackageNotFoundError:
        return "0 (not installed)"


def guarded(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command; every way it can end has its exit code, and only --debug shows a traceback."""
    as_json = "--json" in arguments
    settings.debug = settings.debug or "--debug" in arguments
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, _terminated)
    try:
        app(args=list(arguments), standalone_mode=True)
    except SystemExit as stop:
        return _code(stop.code)
    except InputError as error:
        return _told(error, as_json, [asdict(problem) for problem in error.problems])
    except PowerplanError as error:
        return _told(error, as_json, [{"code": type(error).__name__, "severity": "error", "message": str(error)}])
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.OK
    except (KeyboardInterrupt, Terminated) as stop:
        print("powerplan: stopped; nothing half-written is left behind", file=sys.stderr)
        return ExitCode.TERMINATED if isinstance(stop, Terminated) else ExitCode.INTERRUPTED
    except MemoryError:
        print("powerplan: out of memory; try fewer --days", file=sys.stderr)
        return ExitCode.RESOURCE
    except OSError as error:
        print(f"powerplan: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        if settings.debug:
            raise
        return ExitCode.OUTPUT
    except Exception as error:
        if settings.debug:
            raise
        print(f"powerplan: a bug in powerplan: {type(error).__name__}: {error}\nPlease report it with the output of "
              "`powerplan doctor` and of the same command with `--debug` in front of it.", file=sys.stderr)
        return ExitCode.BUG
    return ExitCode.OK


class Terminated(BaseException):
    """SIGTERM came."""


def _terminated(_number: int, _stack: object) -> None:
    raise Terminated


def _code(code: object) -> int:
    return code if isinstance(code, int) else (ExitCode.OK if code is None else ExitCode.FAIL)


def _told(error: PowerplanError, as_json: bool, problems: list[dict[str, Any]]) -> int:
    if settings.debug:
        raise error
    if as_json:
        print(json_text({"schema_version": 1, "error": type(error).__name__, "problems": problems}))
    text = str(error)
    print(text if isinstance(error, InputError) else f"error: {text}", file=sys.stderr)
    return int(error.exit_code)


def json_text(data: Mapping[str, Any], indent: int = 2) -> str:
    """JSON with sorted keys and letters as they are."""
    import json

    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=indent or None, default=str, allow_nan=False)


def json_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A list of maps as JSON."""
    import json

    return json.dumps(list(rows), ensure_ascii=False, indent=2, default=str, allow_nan=False)


def echo(text: str) -> None:
    """Print a result; letters the terminal cannot show are escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def progress() -> Callable[[str, float], None]:
    """Progress on standard error, only where that is a terminal."""
    if not (settings.progress and sys.stderr.isatty()):
        return lambda _stage, _share: None
    shown = [0.0]

    def tell(stage: str, share: float) -> None:
        now = time.monotonic()
        if now - shown[0] >= PROGRESS_INTERVAL_S or share >= 1.0:
            shown[0] = now
            print(f"\r\x1b[K{stage} {share:4.0%}", end="", file=sys.stderr, flush=True)

    return tell


def console() -> Any:
    """A console as wide as the terminal; plain text where standard output is none."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "120"))
    return Console(width=wide, highlight=False, soft_wrap=False)


def clear_progress() -> None:
    """Wipe the progress line."""
    if settings.progress and sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def show_check(found: Any, as_json: bool, strict: bool) -> None:
    """Result of `check`."""
    if as_json:
        echo(json_text(found.document()))
    else:
        if found.warnings:
            echo(problems_text(found.warnings))
        echo(found.text())
    if strict and found.warnings:
        raise SystemExit(int(ExitCode.FAIL))


def show_run(session: Session, as_json: bool, save: Callable[[], Sequence[Path]]) -> None:
    """Result of `run` and `report`: the answer first, then the files, which take longer."""
    clear_progress()
    if not as_json:
        _print_session(session)
        sys.stdout.flush()
    written = save()
    clear_progress()
    if as_json:
        echo(json_text(session.document()))
    else:
        report = next((path for path in written if path.stem == "report"), None)
        place = report or (written[0].parent if written else None)
        if place is not None:
            echo(f"\n{'Report' if report else 'Tables'}: {place}")
    if not session.feasible and not session.ignore_fit:
        raise SystemExit(int(ExitCode.NOT_FEASIBLE))


def show_verify(session: Session, as_json: bool, marginal: str) -> None:
    """Result of `verify`, with the exit code the verdicts ask for."""
    clear_progress()
    if as_json:
        echo(json_text(session.document()))
    else:
        _print_session(session)
    raise SystemExit(int(session.exit_code(marginal)))


def _print_session(session: Session) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    for line in session.headline():
        out.print(Text(line))
    if session.verdict_rows():
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("requirement", "verdict", "value", "limit", "margin", "note"):
            table.add_column(column, justify="right" if column in ("value", "limit", "margin") else "left",
                             overflow="fold")
        for row in session.verdict_rows():
            cells = [Text(cell) for cell in row]
            cells[1].stylize(VERDICT_STYLES.get(row[1], ""))
            table.add_row(*cells)
        out.print(table)
    for line in session.closing():
        out.print(Text(line))


def show_pairs(pairs: Mapping[str, Any], as_json: bool) -> None:
    """Names with values."""
    if as_json:
        echo(json_text(pairs))
        return
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        echo(f"{name:<{width}}  {value}")


def show_rows(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Rows as a table."""
    if as_json:
        echo(json_text({"rows": list(rows)}))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in rows[0] if rows else ():
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console().print(table)


def show_profile(shown: Any, as_json: bool) -> None:
    """One profile with all sources."""
    if as_json:
        echo(json_text(shown.document()))
        return
    for line in shown.heading():
        echo(line)
    show_rows(shown.rows(), False)
    for line in shown.footing():
        echo(line)


def show_problems(found: tuple[int, Sequence[Problem]], as_json: bool) -> None:
    """Problems of profiles; errors exit with 65."""
    count, problems = found
    if as_json:
        echo(json_text({"profiles": count, "problems": [asdict(problem) for problem in problems]}))
    else:
        if problems:
            echo(problems_text(problems))
        echo(f"{count} profiles checked")
    if any(problem.severity == "error" for problem in problems):
        raise SystemExit(int(ExitCode.DATA))




def show_lines(document: Mapping[str, Any], lines: Callable[[Any], Iterable[str]], as_json: bool) -> None:
    """A document as JSON, or as the lines that a function makes of it."""
    if as_json:
        from cascade.show import json_text as plain

        echo(plain(dict(document)))
        return
    for line in lines(document):
        echo(line)
