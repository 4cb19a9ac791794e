"""The numbers that models are fed, against cases worked out by hand."""

import numpy as np
import pytest

from cascade.features.image import halve
from cascade.features.logmel import LogMel, hann_window, hz_to_mel, mel_filterbank, mel_to_hz, power_spectrum
from cascade.features.motion import MotionRange
from cascade.features.quantization import UNIT_RANGE, Quantization
from cascade.features.window import Window, window_starts

TINY = LogMel(
    sample_rate_hz=8_000, frame_length=8, frame_hop=4, mel_count=2, low_hz=0.0, high_hz=4_000.0,
    floor_db=-80.0, ceiling_db=0.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("sample_count", "length", "hop", "starts"),
    [
        pytest.param(10, 4, 2, [0, 2, 4, 6], id="ends on the last sample"),
        pytest.param(11, 4, 2, [0, 2, 4, 6], id="a rest is dropped"),
        pytest.param(4, 4, 7, [0], id="exactly one"),
        pytest.param(3, 4, 1, [], id="too short for one"),
        pytest.param(0, 1, 1, [], id="nothing"),
        pytest.param(9, 2, 5, [0, 5], id="windows with gaps"),
    ],
)
def test_window_starts(sample_count, length, hop, starts):
    assert window_starts(sample_count, length, hop).tolist() == starts


@pytest.mark.parametrize(("length", "hop"), [pytest.param(0, 1, id="no length"), pytest.param(1, 0, id="no hop")])
def test_a_window_without_length_or_hop_is_refused(length, hop):
    with pytest.raises(ValueError, match="at least 1 sample"):
        window_starts(10, length, hop)


def test_windows_are_cut_with_their_axes():
    stream = np.arange(12).reshape(6, 2)
    window = Window(sample_rate_hz=50, length=3, hop=2)
    assert window.cut(stream).tolist() == [[[0, 1], [2, 3], [4, 5]], [[4, 5], [6, 7], [8, 9]]]
    assert (window.length_s, window.hop_s) == pytest.approx((0.06, 0.04), rel=1e-12)


@pytest.mark.parametrize(
    ("block", "mean"),
    [
        pytest.param([[0, 0], [0, 0]], 0, id="black"),
        pytest.param([[255, 255], [255, 255]], 255, id="white does not overflow"),
        pytest.param([[1, 0], [0, 0]], 0, id="a quarter rounds down"),
        pytest.param([[1, 1], [0, 0]], 1, id="a half rounds up"),
        pytest.param([[10, 20], [30, 41]], 25, id="25.25"),
    ],
)
def test_halve(block, mean):
    assert halve(np.array([block], dtype=np.uint8)).tolist() == [[[mean]]]


def test_halving_an_odd_picture_is_refused():
    with pytest.raises(ValueError, match="even height and width"):
        halve(np.zeros((1, 3, 4), dtype=np.uint8))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param(0.0, -128, id="bottom"),
        pytest.param(1.0, 127, id="top"),
        pytest.param(100 / 255, -28, id="a whole step"),
        pytest.param(100.4 / 255, -28, id="rounds down"),
        pytest.param(100.6 / 255, -27, id="rounds up"),
        pytest.param(-3.0, -128, id="below saturates"),
        pytest.param(9.0, 127, id="above saturates"),
    ],
)
def test_quantization_of_the_unit_range(value, stored):
    assert UNIT_RANGE.to_int8(np.array([value])).tolist() == [stored]


def test_quantization_back():
    quantization = Quantization(scale=1 / 256, zero_point=-128)
    stored = np.array([-128, 0, 127], dtype=np.int8)
    assert quantization.to_real(stored).tolist() == [0.0, 0.5, 255 / 256]


def test_every_stored_number_survives_the_way_there_and_back():
    stored = np.arange(-128, 128).astype(np.int8)
    assert (UNIT_RANGE.to_int8(UNIT_RANGE.to_real(stored)) == stored).all()


@pytest.mark.parametrize(
    ("axes", "features"),
    [
        pytest.param([0, 0, 0, 0, 0, 0], [0.5] * 6, id="rest"),
        pytest.param([4, -4, 2, 10, -10, 5], [1, 0, 0.75, 1, 0, 0.75], id="full scale of both sensors"),
        pytest.param([99, -99, 0, 99, -99, 0], [1, 0, 0.5, 1, 0, 0.5], id="clipped"),
        pytest.param([1, 0, 0], [0.625, 0.5, 0.5], id="acceleration alone"),
    ],
)
def test_motion(axes, features):
    assert MotionRange().features(np.array([axes], dtype=np.float64)).tolist() == [features]


@pytest.mark.parametrize(
    ("frequency_hz", "mel"),
    [
        pytest.param(0.0, 0.0, id="zero"),
        pytest.param(700.0, 781.17, id="2595 log10 2"),
        pytest.param(1000.0, 1000.0, id="1 kHz is 1000 mel"),
    ],
)
def test_mel_scale(frequency_hz, mel):
    assert hz_to_mel(np.array([frequency_hz]))[0] == pytest.approx(mel, rel=2e-5)
    assert mel_to_hz(hz_to_mel(np.array([frequency_hz])))[0] == pytest.approx(frequency_hz, rel=1e-12)


def test_hann_window_of_four():
    assert hann_window(4) == pytest.approx(np.array([0.0, 0.5, 1.0, 0.5]), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("amplitude", [1.0, 0.1])
def test_a_sine_on_a_bin_has_the_square_of_its_amplitude(amplitude):
    sine = amplitude * np.sin(2 * np.pi * 4 * np.arange(32) / 32)
    power = power_spectrum((sine * hann_window(32)).astype(np.float32)[None])[0]
    assert power[4] == pytest.approx(amplitude**2, rel=1e-5)
    assert power[3] == pytest.approx(amplitude**2 / 4, rel=1e-5)
    assert power[10] < 1e-10


def test_triangles_by_hand():
    """Edges at 0, 2 and 4 thirds of the mel axis; the bins of 8 samples at 8 kHz are 1 kHz apart."""
    top_mel = 2595 * np.log10(1 + 4000 / 700)
    edges_hz = [700 * (10 ** (top_mel * part / 3 / 2595) - 1) for part in range(4)]
    bank = mel_filterbank(TINY)
    assert bank.shape == (5, 2)
    assert bank[1, 0] == pytest.approx((edges_hz[2] - 1000) / (edges_hz[2] - edges_hz[1]), rel=1e-5)
    assert bank[1, 1] == pytest.approx((1000 - edges_hz[1]) / (edges_hz[2] - edges_hz[1]), rel=1e-5)
    assert bank[3, 1] == pytest.approx((4000 - 3000) / (4000 - edges_hz[2]), rel=1e-5)
    assert bank[0].tolist() == [0, 0]


def test_scale_is_linear_in_decibels_between_floor_and_ceiling():
    power = np.array([1.0, 1e-4, 1e-8, 1e-11, 0.0, 4.0], dtype=np.float32)
    assert TINY.scale(power) == pytest.approx(np.array([1.0, 0.5, 0.0, 0.0, 0.0, 1.0]), rel=1e-5, abs=1e-6)


def test_features_of_a_frame_by_hand():
    pcm = np.array([0, 16384, 32767, 16384, 0, -16384, -32768, -16384], dtype=np.int16)
    frame = pcm / 32768 * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 8))
    bins = [abs(sum(frame * np.exp(-2j * np.pi * k * np.arange(8) / 8))) ** 2 * (4 / 8) ** 2 for k in range(5)]
    expected = TINY.scale((np.array(bins) @ mel_filterbank(TINY)).astype(np.float32))
    assert TINY.features(pcm)[0] == pytest.approx(expected, rel=1e-5)


def test_a_stream_and_its_windows_have_the_same_features():
    settings = LogMel()
    pcm = np.random.default_rng(1).integers(-3000, 3000, size=16_000).astype(np.int16)
    whole = settings.features(pcm)
    assert whole.shape == (settings.frame_count(16_000), 32)
    first, frames = 10, 7
    start = first * settings.frame_hop
    part = settings.features(pcm[start : start + settings.sample_count(frames)])
    assert part == pytest.approx(whole[first : first + frames], rel=1e-5)
    assert settings.features(pcm, block_frames=5) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize(
    ("sample_count", "frames"),
    [pytest.param(511, 0, id="too short"), pytest.param(512, 1, id="one"), pytest.param(912, 2, id="two")],
)
def test_frame_count(sample_count, frames):
    assert LogMel().frame_count(sample_count) == frames
    assert LogMel().features(np.zeros(sample_count, dtype=np.int16)).shape == (frames, 32)


def test_silence_is_feature_zero():
    assert not LogMel().features(np.zeros(2_000, dtype=np.int16)).any()
