"""The command `serve`: parse, start the service."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "prometheus_client")
INSTALL = "pip install 'powerplan[service]'"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback belong behind a proxy.")]
    = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = 8321,
    data: Annotated[Path, typer.Option(help="Folder of results, uploads and the journal.")] = Path("powerplan-data"),
    database: Annotated[str, typer.Option(help="SQLAlchemy URL of the journal, such as postgresql+psycopg://...; "
                                          "default: SQLite in the data folder.", envvar="POWERPLAN_DATABASE")] = "",
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Jobs that run at one time.")] = None,
    queue: Annotated[int, typer.Option(min=1, max=10_000, help="Jobs that may wait.")] = 100,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds a job may take.")] = 600.0,
    allow_host: Annotated[list[str] | None, typer.Option("--allow-host", help="Name by which the service is called; "
                                                         "may be repeated.")] = None,
    allow_origin: Annotated[list[str] | None, typer.Option("--allow-origin", help="Other site whose pages may call "
                                                           "it, as https://plan.example; may be repeated.")] = None,
    log_level: Annotated[str, typer.Option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Serve the page and the REST interface. The environment variable POWERPLAN_TOKEN sets a bearer token."""
    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        raise typer.BadParameter(f"the service needs {', '.join(missing)}; install: {INSTALL}", param_hint="serve")
    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter(f"{log_level!r} is none of DEBUG, INFO, WARNING, ERROR", param_hint="--log-level")
    from powerplan.service import log, settings
    from powerplan.service.server import run

    log.set_up(log_level.upper())
    more = {} if workers is None else {"worker_count": workers}
    run(settings.Settings(
        data=data, host=host, port=port, database_url=database, queue_count=queue, job_deadline_s=timeout,
        token=os.environ.get("POWERPLAN_TOKEN", ""), allowed_hosts=tuple(allow_host or ()),
        allowed_origins=tuple(allow_origin or ()), **more))
