"""Thresholds, figures and synthesis without TensorFlow; a smoke training where it is installed."""

import shutil

import numpy as np
import pytest

from cascade.datasets import fashion, keyword, noise, speech, texts, watch
from cascade.datasets.source import DataSetError
from cascade.scores import score_table
from cascade.train import judge, spectra
from cascade.train.__main__ import main
from cascade.train.recipe import ThresholdRule


def small_table():
    """Two keyword clips of two windows and one background clip of eight, a second apart."""
    rows = [
        ("k1", 0, "keyword", 0.9, 0.9), ("k1", 1, "keyword", 0.6, 0.3),
        ("k2", 0, "keyword", 0.5, 0.7), ("k2", 1, "keyword", 0.2, 0.95),
        *[("b1", time, "tv", 0.1, 0.1) for time in range(4)],
        ("b1", 4, "tv", 0.6, 0.8), ("b1", 5, "tv", 0.6, 0.8), ("b1", 6, "tv", 0.7, 0.6), ("b1", 7, "tv", 0.1, 0.99),
    ]  # fmt: skip
    clip, time, label, score_1, score_2 = zip(*rows, strict=True)
    return score_table(
        np.array(label), np.array([score_1, score_2]).T, clip_id=np.array(clip), time_s=np.array(time, float)
    )


@pytest.mark.parametrize(
    ("rule", "level_1", "level_2"),
    [
        pytest.param(ThresholdRule(1.0, "recall", 1.0), 0.5, 0.7, id="all clips: their best window counts"),
        pytest.param(ThresholdRule(0.5, "recall", 0.5), 0.9, 0.9, id="half of the clips"),
        pytest.param(
            ThresholdRule(1.0, "recall", 0.75, recall_of="windows"), 0.2, 0.7, id="three windows of four"
        ),
        pytest.param(ThresholdRule(1.0, "false_alarms", 450.0), 0.5, 0.7, id="one alarm in 8 s"),
        pytest.param(ThresholdRule(1.0, "false_alarms", 0.0), 0.5, 0.9, id="no alarm"),
    ],
)
def test_thresholds_by_hand(rule, level_1, level_2):
    assert judge.choose(small_table(), "keyword", rule) == judge.Thresholds(level_1, level_2)


def test_figures_by_hand():
    figures = judge.figures(small_table(), "keyword", judge.Thresholds(0.5, 0.6), is_stream=True)
    cascade = figures["cascade"]
    assert (cascade["recall_of_clips"]["hits"], cascade["recall_of_clips"]["count"]) == (2, 2)
    assert (cascade["recall_of_windows"]["hits"], cascade["recall_of_windows"]["count"]) == (2, 4)
    assert (cascade["passing_negative_windows"]["hits"], figures["negative_windows"]) == (3, 8)
    assert cascade["false_alarms"]["alarms"] == 2  # at 4 s, and 2 s later at 6 s; 5 s is the same alarm
    assert cascade["false_alarms"]["per_hour"] == pytest.approx(2 / 8 * 3600, rel=1e-9)
    assert figures["escalated_of_negative_windows"]["hits"] == 3


@pytest.mark.parametrize(
    ("positive", "negative", "area"),
    [
        pytest.param([1, 2], [0, 0], 1.0, id="apart"),
        pytest.param([0, 0], [1, 2], 0.0, id="the wrong way"),
        pytest.param([1, 1], [1, 1], 0.5, id="all tied"),
        pytest.param([1, 3], [0, 2], 0.75, id="one of four pairs wrong"),
    ],
)
def test_area_under_curve(positive, negative, area):
    found = judge.area_under_curve(np.array(positive, float), np.array(negative, float))
    assert found == pytest.approx(area, rel=1e-12)


def test_voices_are_split_without_overlap_and_by_the_seed():
    parts = speech.split_timbres(1)
    assert sorted(name for part in parts for name in part) == sorted(speech.TIMBRES)
    assert all(len(part) >= 10 for part in parts)
    assert speech.split_timbres(1) == parts
    assert speech.split_timbres(2) != parts


def test_no_negative_text_holds_the_keyword():
    generator = np.random.default_rng(5)
    told = [texts.paragraph(generator, 4) for _ in range(500)]
    assert not any(texts.KEYWORD in text.lower() for text in told)
    assert texts.KEYWORD not in texts.NEAR_MISSES


@pytest.mark.parametrize(
    "slope", [pytest.param(0, id="white"), pytest.param(1, id="pink"), pytest.param(2, id="brown")]
)
def test_noise_falls_with_frequency_as_named(slope):
    sound = noise.coloured(np.random.default_rng(1), 1 << 16, slope)
    power = np.abs(np.fft.rfft(sound)) ** 2
    low, high = power[1_000:2_000].mean(), power[8_000:16_000].mean()
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, rel=1e-3)
    assert np.log2(low / high) == pytest.approx(3 * slope, abs=0.25)


def test_resampling_keeps_a_tone():
    time_s = np.arange(22_050) / 22_050
    tone = np.sin(2 * np.pi * 1_000 * time_s).astype(np.float32)
    found = speech.resampled(tone)
    assert len(found) == 16_000
    assert np.argmax(np.abs(np.fft.rfft(found))) == 1_000
    assert np.sqrt(np.mean(found**2)) == pytest.approx(np.sqrt(0.5), rel=1e-3)


def test_silence_around_an_utterance_is_cut():
    sound = np.array([0, 0.001, 1, 0, -0.5, 0.01, 0], dtype=np.float32)
    assert speech.trimmed(sound).tolist() == [1, 0, -0.5]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="the program espeak-ng is not installed")
def test_synthesized_windows_hold_the_whole_word():
    amounts = keyword.Amounts(keywords=3, near_misses=1, speech=0, tv=0, noise=0, quiet=1)
    parts = [keyword.make_part("test", ("m3", "f2"), amounts, seed=4) for _ in range(2)]
    assert (parts[0].features == parts[1].features).all()
    assert parts[0].features.shape[1:] == (keyword.WINDOW_FRAMES, 32, 1)
    assert set(parts[0].label) == {"keyword", "near", "quiet"}
    for clip in ("test-keyword-0000", "test-keyword-0002"):
        times = parts[0].time_s[parts[0].clip_id == clip]
        assert 1 <= len(times) <= 4
        assert times == pytest.approx(np.arange(len(times)) * 0.25, rel=1e-12)


@pytest.mark.parametrize("load", [fashion.load, watch.load])
def test_missing_data_say_what_to_install(load, tmp_path):
    with pytest.raises(DataSetError, match="install the package"):
        load(tmp_path)


def test_other_data_are_refused_before_they_are_read(tmp_path):
    (tmp_path / watch.FILE_NAME).write_bytes(b"not the recordings")
    with pytest.raises(DataSetError, match="expected eb122f23"):
        watch.load(tmp_path)


def test_the_command_explains_missing_data(tmp_path, capsys):
    assert main(["fashion_images", "--out", str(tmp_path / "out"), "--data", str(tmp_path), "--keep-models"]) == 65
    assert "dataset-fashion-mnist" in capsys.readouterr().err


def ramp(steps_per_band):
    """Three equal spectra of two frames whose bands rise evenly."""
    return np.tile(np.arange(32) * steps_per_band - 60, (3, 2, 1)).astype(np.int8)[..., None]


def test_other_voices_without_any_change(monkeypatch):
    for name in ("BAND_SHIFT", "LOUDNESS_STEPS", "TILT_STEPS"):
        monkeypatch.setattr(spectra, name, 0.0)
    assert (spectra.other_voices(ramp(3), np.random.default_rng(1)) == ramp(3)).all()


def test_other_voices_shift_bands_by_at_most_two(monkeypatch):
    for name in ("LOUDNESS_STEPS", "TILT_STEPS"):
        monkeypatch.setattr(spectra, name, 0.0)
    change = spectra.other_voices(ramp(4), np.random.default_rng(1)).astype(int) - ramp(4)
    inner = change[:, :, 3:-3, 0]
    assert np.abs(inner).max() <= 8
    assert (inner == inner[:, :1, :1]).all()  # one shift for the whole spectrum, its own in each
    assert len(np.unique(inner[:, 0, 0])) == 3


def test_other_voices_saturate_and_depend_on_the_seed():
    loud = np.full((50, 2, 32, 1), 127, dtype=np.int8)
    first, again, other = (spectra.other_voices(loud, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert first.min() >= 127 - spectra.LOUDNESS_STEPS - spectra.TILT_STEPS - 1


@pytest.mark.slow
def test_smoke_training(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra `train`)")
    from cascade.train.pack import make
    from cascade.train.recipe import Network, Recipe, Samples, Splits

    generator = np.random.default_rng(3)

    def samples(prefix, count):
        bright = generator.random(count) < 0.3
        pixels = generator.integers(-128, 0, size=(count, 8, 8, 1)) + 90 * bright[:, None, None, None]
        inputs = pixels.astype(np.int8)
        clips = np.array([f"{prefix}{number:03d}" for number in range(count)])
        return Samples(inputs, inputs, np.where(bright, "bright", "dark"), clips, np.zeros(count))

    splits = Splits(samples("a", 256), samples("b", 64), samples("c", 64))
    network = Network(layers=(("conv", 4, (3, 3), (2, 2)), ("mean",)), epochs=6, batch=32, learning_rate=2e-2)
    recipe = Recipe(
        name="smoke", title="Is it bright?", positive="bright", load=lambda *_: splits, level_1=network,
        level_2=network, rule=ThresholdRule(0.9, "recall", 0.9), features={}, seconds_per_window=None,
        data_text="made up", licence_text="none", warning="a test", test_rows=20,
    )  # fmt: skip
    made = [make(recipe, tmp_path / part, None, 1, False, False, lambda _: None) for part in ("one", "two")]
    assert made[0]["files"] == made[1]["files"]
    assert made[0]["figures"]["test"]["level_2_alone"]["area_under_curve"] > 0.95
