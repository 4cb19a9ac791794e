"""What the static reader counts in real models, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cascade.errors import EXIT_MODEL, ModelRejected
from cascade.tflite import model_facts, read_model
from cascade.tflite_parse import FILE_BYTES_LIMIT
from tests.cascade.flat import fields
from tests.shared import shared_path


@pytest.mark.parametrize(("name", "macs", "quantization", "per_channel"), [
    pytest.param("kws_ref_model", 2_656_768, "int8", True, id="keyword"),
    pytest.param("vww_96_int8", 7_489_664, "int8", True, id="person"),
    pytest.param("pretrainedResnet_quant", 12_501_632, "int8", True, id="images"),
    pytest.param("pretrainedResnet", 12_501_632, "float32", False, id="images in float"),
    pytest.param("pretrainedResnet_large_int8", 76_473_920, "int8", True, id="images, large"),
    pytest.param("ad01_int8", 264_192, "int8", False, id="anomaly"),
    pytest.param("str_ww_ref_model", 826_368, "int8", True, id="streaming wake word"),
    pytest.param("kws_ref_model_float32", 2_656_768, "dynamic range", False, id="float only by its name"),
])
def test_counts_of_published_models(name, macs, quantization, per_channel):
    facts = read_model(shared_path("facts", "models", f"{name}.tflite"))
    assert facts.macs == macs == sum(operator.macs for operator in facts.operators)
    assert (facts.quantization, facts.per_channel) == (quantization, per_channel)
    assert facts.weight_bytes < facts.file_bytes
    assert not facts.has_state


def test_facts_of_the_keyword_model():
    facts = read_model(shared_path("facts", "models", "kws_ref_model.tflite"))
    assert facts.input.shape == (1, 49, 10, 1)
    assert (facts.output.scale, facts.output.zero_point) == (1 / 256, -128)
    first = facts.operators[0]
    assert (first.kind, first.kernel, first.stride, first.dtype) == ("CONV_2D", (10, 4), (2, 2), "int8")
    assert first.macs == 25 * 5 * 64 * 10 * 4
    # Two 25 x 5 x 64 maps are alive at once between the layers in the middle.
    assert facts.arena_lower_bound_bytes == 2 * 25 * 5 * 64
    assert facts.operator_counts["CONV_2D"] == 5


@pytest.mark.parametrize(("name", "says"), [
    pytest.param("kws_ref_model_float32", "the file name says float, the model computes in dynamic range",
                 id="float"),
    pytest.param("pretrainedResnet", "", id="nothing to say"),
])
def test_notes_of_a_misleading_name(name, says):
    assert read_model(shared_path("facts", "models", f"{name}.tflite")).notes == ((says,) if says else ())


def test_a_float_model_called_int8(tmp_path: Path):
    copy = tmp_path / "detector_int8.tflite"
    copy.write_bytes(shared_path("facts", "models", "pretrainedResnet.tflite").read_bytes())
    assert read_model(copy).notes == ("the file name says int8, the model computes in float32",)


@pytest.mark.parametrize(("content", "suffix", "reason"), [
    pytest.param(b"", ".tflite", "the file is empty", id="0 bytes"),
    pytest.param(b"PK\x03\x04" + b"x" * 60, ".tflite", "zip archive", id="zip renamed"),
    pytest.param(b"PK\x03\x04" + b"x" * 60, ".keras", "TFLiteConverter", id="keras"),
    pytest.param(b"\x89HDF\r\n\x1a\n" + b"x" * 60, ".h5", "can run code", id="h5"),
    pytest.param(b"\x80\x04\x95" + b"x" * 60, ".pkl", "pickle; loading one runs code", id="pickle"),
    pytest.param(b"\x08\x07\x12\x04onnx" + b"x" * 60, ".onnx", "ONNX", id="onnx"),
    pytest.param(b"\x1f\x8b" + b"x" * 60, ".tflite", "gzip", id="gzip"),
    pytest.param(b"\x93NUMPY" + b"x" * 60, ".npy", "NumPy array", id="npy"),
    pytest.param(b"\x1c\x00\x00\x00TFL4" + b"x" * 60, ".tflite", "not TFL3", id="wrong magic"),
    pytest.param(b"\xff\xff\xff\x7fTFL3", ".tflite", "outside the file", id="8 bytes"),
    pytest.param(b"\x00\x00\x00\x00TFL3" + b"\x00" * 60, ".tflite", "damaged file", id="zeros"),
])
def test_what_is_no_model(tmp_path: Path, content, suffix, reason):
    file = tmp_path / f"model{suffix}"
    file.write_bytes(content)
    with pytest.raises(ModelRejected, match=reason) as caught:
        read_model(file)
    assert caught.value.exit_code == EXIT_MODEL
    assert str(caught.value).startswith(str(file))


def test_paths_that_are_no_regular_file(tmp_path: Path):
    sparse = tmp_path / "huge.tflite"
    with sparse.open("wb") as file:
        file.truncate(2 * 1024**3)
    os.mkfifo(tmp_path / "pipe.tflite")
    for path, reason in [
        (sparse, f"larger than the limit of {FILE_BYTES_LIMIT // 2**20} MB"),
        (tmp_path / "pipe.tflite", "not a regular file"),
        (tmp_path, "not a regular file"),
        (tmp_path / "absent.tflite", "No such file"),
        ("a\0b.tflite", "not a usable path"),
        ("x" * 5000, "not a usable path"),
    ]:
        with pytest.raises(ModelRejected, match=reason):
            read_model(path)


@pytest.mark.parametrize(("field", "value", "reason"), [
    pytest.param("operator 0 input[1]", 99, "names tensor 99", id="tensor index too large"),
    pytest.param("operator 0 input[1]", -2, "names tensor -2", id="tensor index negative"),
    pytest.param("operator 0 input[0]", -1, "input 0 is missing", id="input absent"),
    pytest.param("operator 3 input[0]", "operator 3 output[0]", "before any operator wrote it", id="cycle"),
    pytest.param("operator 3 output[0]", "operator 2 output[0]", "written already", id="written twice"),
    pytest.param("operator 0 option 1", 0, "stride_w is 0", id="stride zero"),
    pytest.param("operator 0 option 2", -1, "stride_h is -1", id="stride negative"),
    pytest.param("operator 1 code", 77, "names code 77", id="operator code"),
    pytest.param("operator 0 options type", 5, "options of another operator", id="options of another kind"),
    pytest.param("tensor 0 shape[1]", 2**31 - 1, "elements", id="shape huge"),
    pytest.param("tensor 0 shape[1]", 0, "at least 1", id="shape zero"),
    pytest.param("tensor 0 shape[1]", -1, "at least 1", id="shape negative"),
    pytest.param("tensor 0 shape[1]", 48, "its output is", id="shape that does not fit"),
    pytest.param("tensor 0 rank", 3, "4 dimensions", id="rank"),
    pytest.param("tensor 0 type", 5, "type string", id="text tensor"),
    pytest.param("tensor 0 type", 99, "type 99", id="type unknown"),
    pytest.param("tensor 0 buffer", 999, "names buffer 999", id="buffer index"),
    pytest.param("graph input[0]", 500, "names tensor 500", id="graph input"),
    pytest.param("tensor 0 scale[0]", 0.0, "scale that is not a positive number", id="scale zero"),
    pytest.param("tensor 0 scale[0]", float("nan"), "scale that is not a positive number", id="scale nan"),
    pytest.param("tensor 0 zero[0]", 4000, "zero point outside", id="zero point"),
    pytest.param("code 0 old", 118, "branches or loops", id="a branch"),
])
def test_a_wrong_field_is_refused(field, value, reason):
    data = shared_path("facts", "models", "kws_ref_model.tflite").read_bytes()
    by_name = {found.what: found for found in fields(data)}
    value = by_name[value].read(data) if isinstance(value, str) else value
    with pytest.raises(ModelRejected, match=reason):
        model_facts(by_name[field].write(data, value), "mutant.tflite")


def test_every_truncation_is_refused():
    data = shared_path("facts", "models", "str_ww_ref_model.tflite").read_bytes()
    for length in range(0, len(data), 997):
        with pytest.raises(ModelRejected):
            model_facts(data[:length], "cut.tflite")
