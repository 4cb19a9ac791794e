"""The commands of docs/models.md run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from powerplan.cli.app import main
from tests.cascade.test_cli import cascade
from tests.cascade.test_sound import chirp, noise, write_wav
from tests.shared import shared_path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
            for line in block.splitlines() if line]


def test_the_page_has_commands_of_both_programs():
    assert {line.split()[0] for line in COMMANDS} == {"cascade", "powerplan"}
    assert len(COMMANDS) >= 10


@pytest.mark.slow
def test_the_commands_run_as_printed(tmp_path: Path, monkeypatch, capsys):
    for level in (1, 2):
        shutil.copy(shared_path("facts", "models", "kws_ref_model.tflite"), tmp_path / f"level{level}.tflite")
    for number in range(3):
        write_wav(tmp_path / "clips" / "yes" / f"{number}.wav", chirp() // (number + 1))
        write_wav(tmp_path / "clips" / "other" / f"{number}.wav", noise(800 * (number + 1)))
    write_wav(tmp_path / "night.wav", np.concatenate([noise(300), chirp(), noise(2_000)]))
    monkeypatch.chdir(tmp_path)
    for line in COMMANDS:
        program, *arguments = shlex.split(line)
        if program == "powerplan":
            code, said = main(arguments), capsys.readouterr().err
        else:
            done = cascade(*arguments, folder=tmp_path)
            code, said = done.returncode, done.stderr
        assert code == 0, f"{line}: {said}"
    written = {path.name for path in tmp_path.iterdir()}
    assert {"layers.png", "weights.png", "ranges.png", "det.png", "scores.csv", "data.npz", "firmware"} <= written
    assert "DOORBELL_LEVEL1_ACCEPT" in (tmp_path / "firmware" / "doorbell_config.h").read_text()
