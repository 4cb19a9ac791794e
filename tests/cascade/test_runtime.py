"""Playing two levels over data and over a stream: windows, labels, scores, and what cannot be played."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.data import data_set, read_data
from cascade.errors import DataError
from cascade.evaluate import Setting, detection_times_s, escalation_rule
from cascade.interpreter import Interpreter
from cascade.runtime import Level, RingBuffer, Span, score_data, score_stream, stream_windows, window_labels
from cascade.scores import read_scores, write_scores
from tests.cascade.make_models import dense, running_sum
from tests.shared import shared_path


@given(st.integers(1, 9), st.lists(st.integers(0, 12), max_size=12))
def test_the_ring_buffer_holds_the_last_samples(length, chunk_lengths):
    buffer = RingBuffer(length, (), np.int64)
    stream = np.zeros(length, np.int64)
    for chunk_length in chunk_lengths:
        chunk = np.arange(buffer.sample_count, buffer.sample_count + chunk_length)
        buffer.push(chunk)
        stream = np.concatenate([stream, chunk])
        assert buffer.window().tolist() == stream[-length:].tolist()


@given(st.integers(0, 60), st.integers(1, 10), st.integers(1, 12))
def test_windows_of_a_stream_are_its_slices(count, window, hop):
    stream = np.arange(count)
    expected = [stream[begin : begin + window].tolist() for begin in range(0, count - window + 1, hop)]
    assert [found.tolist() for found in stream_windows(stream, window, hop)] == expected


@pytest.mark.parametrize(("spans", "expected"), [
    pytest.param([], "------", id="background"),
    pytest.param([Span(1.0, 3.0, "a")], "-aa---", id="two whole windows"),
    pytest.param([Span(1.5, 2.5, "a")], "-aa---", id="half a window each"),
    pytest.param([Span(1.6, 2.5, "a")], "--a---", id="less than half"),
    pytest.param([Span(1.2, 1.4, "a")], "-a----", id="shorter than a window"),
    pytest.param([Span(0.0, 1.6, "a"), Span(1.6, 9.0, "b")], "aabbbb", id="the larger part wins"),
])
def test_labels_of_windows(spans, expected):
    assert "".join(window_labels(6, 1.0, 1.0, spans, "-")) == expected


def test_two_levels_over_real_clips(tmp_path: Path):
    model = shared_path("facts", "models", "kws_ref_model.tflite")
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as file:
        inputs, labels = file["x"][:120], file["y"][:120]
    np.savez(tmp_path / "data.npz", x=inputs, y=labels)
    data = read_data(tmp_path / "data.npz")
    run = score_data(Level(model), Level(model, kernels="reference"), data)
    assert run.table.decided_class is not None
    assert (run.table.decided_class[:, 0] == run.table.label).mean() == pytest.approx(0.9, abs=0.05)
    assert run.table.score[:, 0].max() <= 1.0
    assert [stage.stage for stage in run.stages] == ["level 1", "level 2"]
    assert all(stage.host_s > 0 and stage.row_count == 120 for stage in run.stages)
    assert run.table.metadata["data_sha256"] == data.sha256
    assert len(run.table.metadata["level1_sha256"]) == 64
    write_scores(run.table, tmp_path / "scores.csv")
    assert (read_scores(tmp_path / "scores.csv").score == run.table.score).all()


def test_chosen_outputs_are_the_score():
    model = shared_path("facts", "models", "kws_ref_model.tflite")
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as file:
        data = data_set({"x": file["x"][:40], "y": file["y"][:40]}, "clips")
    run = score_data(Level(model, (3, 4)), Level(model, (3,)), data)
    assert run.table.decided_class is None
    assert (run.table.score[:, 0] >= run.table.score[:, 1]).all()
    with pytest.raises(DataError, match="has outputs 0 to 11, not 12"):
        score_data(Level(model, (12,)), Level(model), data)


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    """A model with state whose second output is the running sum of its second input, in units of 1."""
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    return path


def test_a_stream_through_a_model_with_state(counter: Path):
    # Two samples per window, 1 s apart: the second value of the windows is 0, 0, 0, 1, 0, then silence.
    stream = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 0], np.int8)
    run = score_stream(Level(counter), Level(counter), stream, 2.0, 2, 2, [Span(3.0, 4.0, "knock")])
    assert run.table.score[:, 0].tolist() == [0, 0, 0, 1, 1]
    assert run.table.time_s.tolist() == [0, 1, 2, 3, 4]
    assert run.table.label.tolist() == ["background"] * 3 + ["knock", "background"]
    assert [stage.stage for stage in run.stages] == ["features 1", "level 1", "features 2", "level 2"]
    setting = Setting(escalation_rule("above", 0.5), 0.5, ("knock",), refractory_s=5.0)
    assert detection_times_s(run.table, setting) == [(0, 3.0)]


def test_features_are_a_step_of_their_own(counter: Path):
    seen = []

    def doubled(windows):
        seen.append(windows.shape)
        return (windows > 3).astype(np.int8)

    run = score_stream(Level(counter, features=doubled), Level(counter, features=doubled),
                       np.array([0, 0, 0, 9], np.int16), 1.0, 2, 2)
    assert run.table.score[:, 1].tolist() == [0, 1]
    assert seen == [(2, 2), (2, 2)]


def test_outputs_that_are_no_scores(tmp_path: Path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense(1, 4, 1))
    data = data_set({"x": np.full((3, 4), 2.0, np.float32), "y": np.array([0, 1, 0])}, "numbers")
    with pytest.raises(DataError, match="outputs from 8 to 8 are no scores"):
        score_data(Level(path), Level(path), data)


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(70):
            archive.writestr(f"x{number}.npy", b"")
    return stream.getvalue()


@pytest.mark.parametrize(("content", "says"), [
    pytest.param(_npz(x=np.zeros((2, 3), np.int8)), "holds no array label or labels or y; it holds x", id="no label"),
    pytest.param(_npz(y=np.zeros(2, int)), "holds no array input_1 or x_1", id="no input"),
    pytest.param(_npz(x=np.zeros((2, 3)), y=np.zeros(3, int)), "rows for 3 labels", id="lengths"),
    pytest.param(_npz(x=np.full((2, 3), np.nan), y=np.zeros(2, int)), "not finite", id="NaN"),
    pytest.param(_npz(x=np.zeros((2, 3)), y=np.array([0.5, 1.0])), "whole numbers or texts", id="label 0.5"),
    pytest.param(_npz(x=np.zeros((2, 3)), y=np.zeros((2, 2), int)), "one per row", id="one-hot labels"),
    pytest.param(_npz(x=np.zeros((0, 3)), y=np.zeros(0, int)), "one per row", id="no rows"),
    pytest.param(_npz(x=np.array([{}, {}], object), y=np.zeros(2, int)), "not an .npz file of plain", id="objects"),
    pytest.param(b"PK\x03\x04broken", "not an .npz file", id="broken"),
    pytest.param(b"", "not an .npz file", id="empty"),
    pytest.param(_bomb(), "holds 70 arrays; at most 64", id="many entries"),
])
def test_data_files_that_are_refused(tmp_path: Path, content, says):
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_data(path)


def test_a_data_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_data(tmp_path / "absent.npz")


def test_closing_ends_the_child(counter: Path):
    with Interpreter(counter) as model:
        process = model._worker._process
    assert process.poll() is not None
