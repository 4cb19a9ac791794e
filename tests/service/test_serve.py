"""The command `powerplan serve`: what it says when it cannot."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from powerplan.cli import serve
from powerplan.cli.app import main
from powerplan.errors import ExitCode


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "fastapi" else object())
    assert main(["serve"]) == ExitCode.USAGE
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "the service needs fastapi; install: pip install 'powerplan[service]'" in said


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--data", str(tmp_path / "data")]) == ExitCode.OUTPUT
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("arguments", "code", "says"), [
    pytest.param(["--database", "nonsense://x"], ExitCode.OUTPUT, "the journal cannot be opened", id="no database"),
    pytest.param(["--log-level", "LOUD"], ExitCode.USAGE, "none of DEBUG", id="log level"),
    pytest.param(["--workers", "0"], ExitCode.USAGE, "--workers", id="no workers"),
])
def test_options_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int,
                                says: str) -> None:
    assert main(["serve", "--port", "0", "--data", str(tmp_path / "data"), *arguments]) == code
    assert says in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["serve", "--port", "0", "--data", str(tmp_path / "file" / "data")]) == ExitCode.OUTPUT
    assert "Traceback" not in capsys.readouterr().err
