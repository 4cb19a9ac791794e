"""A cascade over continuous sound, motion and pictures, as the device would hear it."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from cascade import zoo
from cascade.decision import NEVER, EscalationRule
from cascade.errors import DataError
from cascade.evaluate import Setting
from cascade.front_end import front_end, plain
from cascade.interpreter import dequantize, run_model
from cascade.play import play, read_stream
from cascade.tflite import read_model
from tests.cascade.make_models import running_sum
from tests.cascade.test_cli import cascade


def shipped(name):
    folder = zoo.folder(name)
    models = (folder / "level1.tflite", folder / "level2.tflite")
    return models, zoo.manifest(name), (read_model(models[0]), read_model(models[1]))


def setting(low, second, **more):
    return Setting(EscalationRule("above", low), second, (1,), **more)


def test_motion_windows_score_as_the_same_rows_do():
    models, manifest, facts = shipped("motion_watch")
    front = front_end(manifest, facts)
    stream = np.random.default_rng(3).normal(0, 1, (600, 6)).astype(np.float32)
    played = play(models, setting(0.0, 0.0), front, stream)
    assert played.window_count == len(played.heard) == 1 + (600 - 100) // 25
    windows = np.stack([stream[begin : begin + 100] for begin in range(0, 501, 25)])
    for level, make in enumerate((front.level_1, front.level_2)):
        wanted = dequantize(run_model(models[level], make(windows)), facts[level].output)[:, 0]
        found = [(one.score_1, one.score_2)[level] for one in played.heard]
        assert found == wanted.tolist()
    assert [one.time_s for one in played.heard[:3]] == [2.0, 2.5, 3.0]
    assert [stage.stage for stage in played.stages] == ["features 1", "level 1", "features 2", "level 2"]


def test_level_2_sees_only_what_level_1_passes_on():
    models, manifest, facts = shipped("motion_watch")
    front = front_end(manifest, facts)
    # A slow swing that grows: level 1 becomes surer along the stream.
    swing = np.sin(np.arange(3000) / 15)[:, None] * np.linspace(0, 2, 3000)[:, None] * np.array([1, .5, .7, 2, 1, 1])
    stream = (swing + np.array([0, 1, 0, 0, 0, 0])).astype(np.float32)
    everything = play(models, setting(0.0, 0.0), front, stream)
    middle = sorted({one.score_1 for one in everything.heard})[1]
    half = play(models, setting(middle, 0.0), front, stream)
    passed = [one for one in everything.heard if one.score_1 >= middle]
    assert list(half.heard) == passed
    assert half.stages[3].row_count == len(passed) < everything.stages[3].row_count
    assert not play(models, setting(NEVER, 0.0), front, stream).heard


def test_confirmation_and_refractory_time():
    models, manifest, facts = shipped("motion_watch")
    front = front_end(manifest, facts)
    stream = np.zeros((1000, 6), np.float32)
    every = play(models, setting(0.0, 0.0), front, stream)
    assert len(every.alarms) == 37
    later = play(models, setting(0.0, 0.0, confirm_windows=3, confirm_of=3), front, stream)
    assert (len(later.heard), later.heard[0].time_s) == (35, 3.0)
    quiet = play(models, setting(0.0, 0.0, refractory_s=5.0), front, stream)
    assert [one.time_s for one in quiet.alarms] == [2.0, 7.0, 12.0, 17.0]


def test_state_is_kept_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("cascade.play.BLOCK_WINDOWS", 4)
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    stream = np.zeros((8, 2), np.int8)
    stream[2], stream[5] = (0, 1), (0, 0)
    front = plain(1, 1, 10.0)
    played = play((path, path), setting(0.0, 0.5), front, stream)
    # The sum rises at the third sample and stays; without state it would fall back.
    assert [one.score_1 for one in played.heard] == [0, 0, 1, 1, 1, 1, 1, 1]
    with pytest.raises(DataError, match="as level 2 it has to see every window"):
        play((path, path), setting(0.5, 0.5), front, stream)


def test_sound_from_a_file(tmp_path: Path):
    name = tmp_path / "sound.wav"
    samples = (np.random.default_rng(1).normal(0, 2000, 5 * 16_000)).astype("<i2")
    with wave.open(str(name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    done = cascade("run", name, "--cascade", "keyword_audio", "--threshold1", "0", "--refractory-s", "2", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    window = zoo.manifest("keyword_audio")["features"]["window"]
    assert document["windows"] == (80_000 - window["length"]) // window["hop"] + 1
    assert document["escalated"] == document["windows"]
    assert {row["stage"] for row in document["host_times"]} == {"features 1", "level 1", "features 2", "level 2"}
    shown = cascade("run", name, "--cascade", "keyword_audio")
    assert "not a device's time" in shown.stdout


def test_pictures_from_an_array(tmp_path: Path):
    np.save(tmp_path / "frames.npy", np.random.default_rng(2).integers(0, 256, (12, 28, 28)).astype(np.uint8))
    done = cascade("run", tmp_path / "frames.npy", "--cascade", "fashion_images", "--rate", "2", "--threshold1", "0",
                   "--threshold2", "0", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["windows"], document["duration_s"], len(document["alarms"])) == (12, 6.0, 12)


@pytest.mark.parametrize(("arguments", "says"), [
    pytest.param(["--cascade", "fly"], "no shipped cascade is called 'fly'", id="no such cascade"),
    pytest.param([], "either --cascade NAME", id="nothing chosen"),
    pytest.param(["--cascade", "fashion_images"], "pictures need their rate", id="no rate"),
    pytest.param(["--cascade", "motion_watch", "--kernels", "gpu"], "builtin, reference, micro", id="kernels"),
    pytest.param(["--models", "a.tflite", "b.tflite"], "need --threshold1", id="no thresholds"),
])
def test_messages_of_run(tmp_path: Path, arguments, says):
    np.save(tmp_path / "a.npy", np.zeros((300, 6), np.float32))
    done = cascade("run", tmp_path / "a.npy", *arguments)
    assert done.returncode == 65
    assert says in done.stderr


@pytest.mark.parametrize(("name", "content", "says"), [
    pytest.param("a.wav", b"RIFF", "neither a .wav nor an .npy", id="cut off"),
    pytest.param("a.npy", b"\x93NUMPY", "neither a .wav nor an .npy", id="cut off array"),
])
def test_streams_that_cannot_be_read(tmp_path: Path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_stream(tmp_path / name)


def test_curves_command(tmp_path: Path):
    (tmp_path / "s.csv").write_text("label,score_1,score_2\n0,.1,.2\n1,.9,.8\n0,.7,.1\n1,.6,.9\n")
    done = cascade("curves", tmp_path / "s.csv", "--threshold1", "0.5", "--threshold2", "0.5", "--roc",
                   tmp_path / "roc.svg", "--det", tmp_path / "det.png")
    assert done.returncode == 0, done.stderr
    assert "operating point: 100.0000% of positive rows pass, 0.0000% of negative rows" in done.stdout
    assert (tmp_path / "roc.svg").exists()
    assert (tmp_path / "det.png").exists()


def test_export_command(tmp_path: Path):
    done = cascade("export", tmp_path, "--cascade", "motion_watch", "--name", "wrist", "--threshold1", "0.25")
    assert done.returncode == 0, done.stderr
    assert "WRIST_LEVEL1_THRESHOLD (-64)" in (tmp_path / "wrist_config.h").read_text()
