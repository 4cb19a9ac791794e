"""Sound features against published and foreign numbers, and models of one's own that hear through them."""

from __future__ import annotations

import json
import wave
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from cascade.errors import DataError
from cascade.features.fixed_fft import real_fft
from cascade.features.mfcc import Mfcc
from cascade.features.micro_frontend import MicroFrontend, to_int8
from cascade.interpreter import model_inputs, run_model
from cascade.sound import sound
from cascade.tflite import read_model
from tests.cascade.test_cli import cascade
from tests.shared import shared_path

RATE_HZ = 16_000


def chirp() -> np.ndarray:
    """A second of a rising tone that swells and fades over a faint steady one."""
    t = np.arange(RATE_HZ) / RATE_HZ
    swell = 12_000 * np.sin(2 * np.pi * (200 * t + 900 * t * t)) * np.exp(-3 * (t - 0.4) ** 2)
    return np.round(swell + 300 * np.sin(2 * np.pi * 3_100 * t)).astype(np.int16)


def noise(level: float, seconds: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(3).normal(0, level, round(RATE_HZ * seconds))
    return random.clip(-32_768, 32_767).astype(np.int16)


def test_the_micro_front_end_gives_the_numbers_of_its_own_test():
    """tensorflow/lite/experimental/microfrontend/lib/frontend_test.cc: two frames of a square tone at 1 kHz."""
    settings = MicroFrontend(sample_rate_hz=1_000, frame_length=25, frame_hop=10, channel_count=2, low_hz=8.0,
                             high_hz=450.0)
    tone = np.array([0, 32_767, 0, -32_768] * 9, np.int16)
    assert settings.features(tone).tolist() == [[479, 425], [436, 378]]


@pytest.mark.parametrize("samples", [
    pytest.param(np.zeros(8_000, np.int16), id="silence"),
    pytest.param(noise(5), id="faint"),
    pytest.param(noise(3_000, 3.0), id="noise"),
    pytest.param(noise(30_000), id="clipped"),
    pytest.param(np.repeat(noise(9_000)[:100], 300), id="steps"),
    pytest.param(chirp(), id="chirp"),
])
def test_the_micro_front_end_is_that_of_the_device_bit_for_bit(samples):
    """Against the C sources as the package pymicro-features builds them.

    One weight of 4,096ths may round otherwise, as the logarithm of a C library is not exact in its last bit.
    """
    foreign = pytest.importorskip("pymicro_features", reason="the package pymicro-features is not installed")
    theirs, data, wanted = foreign.MicroFrontend(), samples.tobytes(), []
    for begin in range(0, len(data) - 319, 320):
        found = theirs.process_samples(data[begin : begin + 320]).features
        if found:
            wanted.append(np.rint(np.array(found) * 25.6))
    ours = MicroFrontend(frame_hop=160).features(samples)
    assert len(ours) == len(wanted)
    assert (ours == np.array(wanted)).mean() >= 0.9995


def test_blocks_of_frames_change_nothing(monkeypatch):
    whole = MicroFrontend().features(noise(2_000))
    monkeypatch.setattr("cascade.features.micro_frontend.BLOCK_FRAMES", 7)
    assert (MicroFrontend().features(noise(2_000)) == whole).all()


def test_the_fixed_point_transform_is_the_spectrum_over_its_length():
    frames = noise(8_000).reshape(-1, 32)[:20].astype(np.int64)
    real, imaginary = real_fft(frames)
    wanted = np.fft.rfft(frames) / 32
    assert np.abs(real - wanted.real).max() < 4
    assert np.abs(imaginary - wanted.imag).max() < 4


@pytest.mark.parametrize(("feature", "stored"), [
    pytest.param(0, -128, id="nothing"), pytest.param(1, -128, id="rounds down"), pytest.param(2, -127, id="rounds up"),
    pytest.param(333, 0, id="half"), pytest.param(664, 127, id="top"), pytest.param(900, 127, id="cut off"),
])
def test_the_numbers_that_firmware_gives_a_model(feature, stored):
    assert to_int8(np.array([feature], np.uint16)).tolist() == [stored]


TENSORFLOW = (
    (0, [-33.279, 13.088, 12.612, -1.051, 0.06, -2.598, -5.518, -1.499, -6.726, 1.299]),
    (24, [-33.788, -3.464, -12.058, -5.067, 9.022, 0.93, -6.592, 0.945, 1.162, 5.744]),
    (48, [-46.06, -14.04, -1.172, 6.999, -5.247, -0.363, 3.638, -2.515, -1.726, 5.056]),
)
"""tf.signal.stft(480, 320), abs, linear_to_mel_weight_matrix(40, 257, 16000, 20, 4000), log(+1e-6),
mfccs_from_log_mel_spectrograms[..., :10] of the chirp over its peak; TensorFlow 2.21."""


def test_mfcc_are_those_of_tensorflow():
    found = Mfcc().features(chirp())
    assert found.shape == (49, 10)
    for row, wanted in TENSORFLOW:
        assert found[row] == pytest.approx(wanted, abs=0.005)


def test_mfcc_against_tensorflow_itself():
    tf = pytest.importorskip("tensorflow", reason="TensorFlow (extra train) is not installed")
    samples = noise(4_000)
    values = samples.astype(np.float32) / samples.max()
    spectrum = tf.abs(tf.signal.stft(values, 480, 320, window_fn=tf.signal.hann_window))
    weights = tf.signal.linear_to_mel_weight_matrix(40, 257, 16_000, 20.0, 4_000.0)
    bands = tf.math.log(tf.tensordot(spectrum, weights, 1) + 1e-6)
    wanted = tf.signal.mfccs_from_log_mel_spectrograms(bands)[..., :10].numpy()
    assert np.abs(Mfcc().features(samples) - wanted).max() < 0.01


def test_silence_is_the_lower_end_of_what_the_keyword_model_was_trained_on():
    facts = read_model(shared_path("facts", "models", "kws_ref_model.tflite"))
    lowest = facts.input.scale * (-128 - facts.input.zero_point)
    first = Mfcc().features(np.zeros(RATE_HZ, np.int16))[0, 0]
    assert first == pytest.approx(-123.57, abs=0.01)
    assert first == pytest.approx(lowest, abs=facts.input.scale)


def wake_word(name: str = "okay_nabu") -> Path:
    try:
        found = [one for one in files("pymicro-wakeword") or [] if one.name == f"{name}.tflite"]
    except PackageNotFoundError:
        pytest.skip("the package pymicro-wakeword is not installed")
    return Path(str(found[0].locate()))


def keyword() -> Path:
    return shared_path("facts", "models", "kws_ref_model.tflite")


def both(first: Path, second: Path):
    return read_model(first), read_model(second)


def test_the_window_is_what_the_models_take():
    front = sound(("mfcc", "mfcc"), both(keyword(), keyword()))
    assert (front.window, front.hop, front.sample_rate_hz) == (16_000, 3_840, 16_000)
    streaming = sound(("micro", "micro"), both(wake_word(), wake_word()))
    # Three new rows of 10 ms for every inference.
    assert (streaming.window, streaming.hop) == (480 + 2 * 160, 480)
    mixed = sound(("micro", "mfcc"), both(wake_word(), keyword()))
    assert (mixed.window, mixed.hop) == (480 + 48 * 320, 480)


@pytest.mark.parametrize(("features", "more", "says"), [
    pytest.param(("mffc", "mfcc"), {}, "features are micro, mfcc, log_mel", id="no such features"),
    pytest.param(("micro", "mfcc"), {}, r"takes \[1, 49, 10, 1\]; micro gives rows of 40", id="rows do not fit"),
    pytest.param(("mfcc", "mfcc"), {"window": 100}, "the models take 15840 samples", id="window too short"),
    pytest.param(("none.json", "mfcc"), {}, "cannot be read as JSON", id="no file"),
])
def test_messages(features, more, says):
    with pytest.raises(DataError, match=says):
        sound(features, both(keyword(), keyword()), **more)


def test_features_from_a_file(tmp_path: Path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"kind": "mfcc", "frame_length": 640}))
    assert sound((str(own), "mfcc"), both(keyword(), keyword())).window == 640 + 48 * 320
    own.write_text(json.dumps({"kind": "mfcc", "frames": 640}))
    with pytest.raises(DataError, match="mfcc has no frames; it has coefficient_count"):
        sound((str(own), "mfcc"), both(keyword(), keyword()))


def write_wav(path: Path, samples: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_a_wake_word_hears_a_file_as_its_device_does(tmp_path: Path):
    model, samples = wake_word(), np.concatenate([noise(900), chirp(), noise(4_000)])
    path = write_wav(tmp_path / "long.wav", samples)
    done = cascade("run", path, "--models", model, model, "--features", "micro", "--threshold1", "0", "--threshold2",
                   "0", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    rows = to_int8(MicroFrontend(frame_hop=160).features(samples))
    rows = rows[: len(rows) // 3 * 3].reshape(-1, 3, 40)
    wanted = run_model(model, rows, clip_id=np.zeros(len(rows)))[:, 0] / 256
    assert [one["score_1"] for one in document["heard"]] == pytest.approx(wanted[: document["windows"]].tolist())
    assert len(rows) == document["windows"]


def test_a_folder_of_clips_becomes_scores_and_thresholds(tmp_path: Path):
    for number in range(4):
        write_wav(tmp_path / "clips" / "yes" / f"{number}.wav", chirp() // (number + 1))
        write_wav(tmp_path / "clips" / "other" / f"{number}.wav", noise(500 * number + 100)[: RATE_HZ - 4_000 * number])
    data, table = tmp_path / "data.npz", tmp_path / "scores.csv"
    model = keyword()
    made = cascade("features", tmp_path / "clips", "--models", model, model, "--features", "mfcc", "--out", data)
    assert made.returncode == 0, made.stderr
    assert "3 clips are shorter than a window" in made.stdout
    assert "input_1: 49 x 10 x 1 of float32" in made.stdout
    scored = cascade("scores", model, model, "--data", data, "--positive1", "2", "--positive2", "2", "--out", table)
    assert scored.returncode == 0, scored.stderr
    assert table.read_text().splitlines()[-1].split(",")[1] == "yes/3"
    swept = cascade("sweep", table, "--positive", "yes", "--min-recall", "0.9", "--json")
    assert json.loads(swept.stdout)["recommendation"]["feasible"]


def test_labels_as_numbers_of_outputs(tmp_path: Path, capsys):
    from powerplan.cli.app import main

    for name in ("go", "down"):
        write_wav(tmp_path / "clips" / name / "a.wav", chirp())
    data = tmp_path / "data.npz"
    arguments = ["features", tmp_path / "clips", "--models", keyword(), keyword(), "--features", "mfcc", "--out", data]
    assert "there is a folder 'go' too" in cascade(*arguments, "--classes", "down,left").stderr
    assert cascade(*arguments, "--classes", "down,go").returncode == 0
    with np.load(data) as file:
        assert file["label"].tolist() == [0, 1]
    assert main(["model", "evaluate", str(keyword()), "--data", str(data)]) == 0
    assert "right" in capsys.readouterr().out


def test_a_folder_where_rows_are_wanted_names_the_command(tmp_path: Path):
    done = cascade("scores", keyword(), keyword(), "--data", tmp_path, "--out", tmp_path / "s.csv")
    assert done.returncode == 65
    assert "cascade features" in done.stderr


@pytest.mark.parametrize(("arguments", "says"), [
    pytest.param([], "no samples of sound: give --features", id="no features"),
    pytest.param(["--features", "mfcc,none"], "--features names one kind", id="half a choice"),
    pytest.param(["--cascade", "keyword_audio", "--features", "mfcc"], "belongs to --models", id="shipped"),
])
def test_messages_of_the_commands(tmp_path: Path, arguments, says):
    path = write_wav(tmp_path / "a.wav", noise(100))
    models = [] if "--cascade" in arguments else ["--models", keyword(), keyword()]
    done = cascade("run", path, *models, "--threshold1", "0", "--threshold2", "0", *arguments)
    assert done.returncode == 65
    assert says in done.stderr


def test_the_header_holds_what_the_features_are(tmp_path: Path):
    done = cascade("export", tmp_path, "--models", keyword(), keyword(), "--features", "mfcc", "--threshold1", "0.3",
                   "--threshold2", "0.6", "--positive1", "2", "--positive2", "2", "--positive2", "3", "--name", "kws")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "kws_config.h").read_text()
    for line in ('KWS_LEVEL1_FEATURES_KIND "mfcc"', "KWS_LEVEL2_FEATURES_MEL_COUNT 40", "KWS_WINDOW_LENGTH 16000",
                 "KWS_LEVEL1_FEATURES_PEAK 1", "KWS_LEVEL1_POSITIVE_OUTPUTS {2}", "KWS_LEVEL2_POSITIVE_OUTPUTS {2, 3}"):
        assert f"#define {line}\n" in text


def test_a_folder_without_clips(tmp_path: Path):
    done = cascade("features", tmp_path, "--models", keyword(), keyword(), "--features", "mfcc", "--out",
                   tmp_path / "data.npz")
    assert done.returncode == 65
    assert "LABEL/*.wav" in done.stderr


def test_the_keyword_model_hears_noise_as_silence():
    """Class 10 of MLPerf Tiny is silence: the features of plain noise reach it only if they are the model's own."""
    facts = read_model(keyword())
    rows = np.stack([Mfcc().features(noise(level)) for level in (800, 1_600, 2_400)])[..., None]
    found = run_model(keyword(), model_inputs(rows, facts))
    assert found.argmax(axis=1).tolist() == [10, 10, 10]
    assert found.max() == 127
