"""The shipped cascades are what their manifests and cards say they are."""

import hashlib
import importlib
import json

import numpy as np
import pytest

from cascade import zoo
from cascade.data import read_data
from cascade.datasets import keyword
from cascade.interpreter import run_model
from cascade.scores import read_scores
from cascade.tflite import read_model
from cascade.train import judge
from cascade.train.card import card_text

NAMES = zoo.names()
FILES = ("level1.tflite", "level2.tflite", "scores_validation.parquet", "scores_test.parquet", "test_data.npz")
TOTAL_BYTES_LIMIT = 4_000_000
TEST_DATA_BYTES_LIMIT = 300_000
TABLE_BYTES_LIMIT = 2_000_000
LEVEL_BYTES_LIMIT = {
    "keyword_audio": ((2_000, 10_240), (50_000, 102_400)),
    "motion_watch": ((1_000, 20_000), (5_000, 102_400)),
    "fashion_images": ((1_000, 20_000), (5_000, 102_400)),
}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def level_path(name, level):
    return zoo.folder(name) / f"level{level}.tflite"


def test_three_cascades_ship():
    assert NAMES == ["fashion_images", "keyword_audio", "motion_watch"]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(LookupError, match="fashion_images"):
        zoo.folder("fashion")


def test_hashes_and_sizes_are_those_of_the_manifest(name):
    files = zoo.manifest(name)["files"]
    assert sorted(files) == sorted(FILES)
    for file, entry in files.items():
        content = (zoo.folder(name) / file).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"]), file


def test_sizes_are_inside_their_limits(name):
    folder = zoo.folder(name)
    for level in (1, 2):
        low, high = LEVEL_BYTES_LIMIT[name][level - 1]
        assert low <= level_path(name, level).stat().st_size <= high
    assert (folder / "test_data.npz").stat().st_size <= TEST_DATA_BYTES_LIMIT
    assert (folder / "scores_test.parquet").stat().st_size <= TABLE_BYTES_LIMIT


def test_all_together_stay_small():
    total = sum(path.stat().st_size for name in NAMES for path in zoo.folder(name).iterdir())
    assert total <= TOTAL_BYTES_LIMIT


def test_models_are_full_integer_with_the_input_of_the_manifest(name):
    for level in (1, 2):
        facts = read_model(level_path(name, level))
        entry = zoo.manifest(name)["models"][f"level{level}.tflite"]
        assert facts.quantization == "int8"
        assert facts.input.scale == pytest.approx(1 / 255, rel=1e-5)
        assert (facts.input.zero_point, facts.output.zero_point) == (-128, -128)
        assert facts.output.scale == pytest.approx(1 / 256, rel=1e-9)
        assert (facts.macs, list(facts.input.shape)) == (entry["macs"], entry["input_shape"])


def test_models_reproduce_the_rows_of_the_score_table(name):
    data = read_data(zoo.folder(name) / "test_data.npz")
    table = read_scores(zoo.folder(name) / "scores_test.parquet")
    rows = np.searchsorted(table.sample_id, data.sample_id)
    assert (table.sample_id[rows] == data.sample_id).all()
    assert (table.label[rows] == data.label).all()
    assert (table.clip_id[rows] == data.clip_id).all()
    for level, inputs in ((1, data.input_1), (2, data.input_2)):
        stored = run_model(level_path(name, level), inputs)
        scores = (stored.reshape(len(inputs)).astype(np.float64) + 128) / 256
        assert np.array_equal(scores, table.score[rows, level - 1])


def test_the_test_data_hold_both_kinds(name):
    data = read_data(zoo.folder(name) / "test_data.npz")
    positive = data.label == zoo.manifest(name)["labels"]["positive"]
    assert 50 <= positive.sum() <= len(positive) - 50


def test_tables_name_their_models_and_labels(name):
    manifest = zoo.manifest(name)
    labels = manifest["labels"]
    for split in ("validation", "test"):
        table = read_scores(zoo.folder(name) / f"scores_{split}.parquet")
        assert table.metadata["level1_sha256"] == manifest["models"]["level1.tflite"]["sha256"]
        assert table.metadata["level2_sha256"] == manifest["models"]["level2.tflite"]["sha256"]
        assert table.metadata["positive"] == labels["positive"]
        assert set(table.labels) == {labels["positive"], *labels["negative"]}
        assert table.row_count == manifest["samples"][split]


def test_validation_and_test_share_no_clip(name):
    clips = [set(read_scores(zoo.folder(name) / f"scores_{split}.parquet").clip_id.tolist())
             for split in ("validation", "test")]  # fmt: skip
    assert clips[0].isdisjoint(clips[1])


def test_figures_follow_from_the_tables(name):
    manifest = zoo.manifest(name)
    chosen = manifest["thresholds"]
    thresholds = judge.Thresholds(chosen["level_1"], chosen["level_2"])
    for split in ("validation", "test"):
        table = read_scores(zoo.folder(name) / f"scores_{split}.parquet")
        positive, is_stream = manifest["labels"]["positive"], manifest["stream"] is not None
        figures = judge.figures(table, positive, thresholds, is_stream)
        assert json.loads(json.dumps(figures)) == manifest["figures"][split]


def test_thresholds_follow_from_the_validation_table(name):
    from cascade.train.recipe import ThresholdRule

    manifest = zoo.manifest(name)
    table = read_scores(zoo.folder(name) / "scores_validation.parquet")
    rule = ThresholdRule(**manifest["thresholds"]["rule"])
    chosen = judge.choose(table, manifest["labels"]["positive"], rule)
    assert (chosen.level_1, chosen.level_2) == (
        manifest["thresholds"]["level_1"], manifest["thresholds"]["level_2"],
    )  # fmt: skip


def test_level_2_is_the_better_one(name):
    figures = zoo.manifest(name)["figures"]["test"]
    assert figures["level_2_alone"]["area_under_curve"] > figures["level_1"]["area_under_curve"]
    passing = [figures[level]["passing_negative_windows"]["value"] for level in ("level_1", "cascade")]
    assert passing[1] < passing[0] / 2


def test_the_card_is_the_text_of_the_manifest(name):
    recipe = importlib.import_module(f"cascade.train.{name}").RECIPE
    assert (zoo.folder(name) / "card.md").read_text(encoding="utf-8") == card_text(recipe, zoo.manifest(name))


def test_the_card_says_what_it_must(name):
    manifest = zoo.manifest(name)
    card = (zoo.folder(name) / "card.md").read_text(encoding="utf-8")
    figures = manifest["figures"]["test"]
    assert manifest["warning"] in card
    assert manifest["command"] in card
    assert not manifest["quick"]
    for model in manifest["models"].values():
        assert f"{model['bytes']:,} | {model['macs']:,}" in card
    for level in ("level_1", "level_2_alone", "cascade"):
        recall = figures[level]["recall_of_clips"]
        assert f"{recall['hits']:,} of {recall['count']:,}" in card
        passing = figures[level]["passing_negative_windows"]
        assert f"{passing['hits']:,} of {passing['count']:,}" in card


@pytest.mark.parametrize(
    ("cascade_name", "text"),
    [
        pytest.param("keyword_audio", "Synthetic speech, says nothing about real speakers", id="synthetic speech"),
        pytest.param("motion_watch", "not enough for a second digit", id="ten people"),
        pytest.param("fashion_images", "stand-in for the camera cascade", id="no people"),
    ],
)
def test_the_warning_stands_everywhere(cascade_name, text):
    manifest = zoo.manifest(cascade_name)
    assert text in manifest["warning"]
    assert text in (zoo.folder(cascade_name) / "card.md").read_text(encoding="utf-8")
    for split in ("validation", "test"):
        table = read_scores(zoo.folder(cascade_name) / f"scores_{split}.parquet")
        assert text in table.metadata["warning"]


def test_keyword_table_can_settle_a_limit_of_three_false_alarms_in_four_hours():
    table = read_scores(zoo.folder("keyword_audio") / "scores_test.parquet")
    negative = table.label != "keyword"
    assert set(table.labels) == {"keyword", "noise", "quiet", "speech", "tv"}
    assert negative.sum() >= 72_000
    assert table.hop_s == pytest.approx(0.25, rel=1e-12)
    assert negative.sum() * table.hop_s / 3600 >= 5


def test_keyword_voices_are_disjoint():
    voices = zoo.manifest("keyword_audio")["data"]["voices"]
    names = [voice for part in voices.values() for voice in part]
    assert len(names) == len(set(names))
    assert sorted(voices) == ["test", "train", "validation"]


def test_motion_people_are_disjoint():
    people = zoo.manifest("motion_watch")["data"]["subjects"]
    assert sorted(person for part in people.values() for person in part) == list(range(1, 11))


def test_keyword_constants_come_from_the_code_that_computes_them():
    features = zoo.manifest("keyword_audio")["features"]
    assert features["log_mel"] == vars(keyword.FEATURES)
    assert features["window"]["length"] == keyword.WINDOW.length
    assert features["window"]["hop"] == keyword.WINDOW.hop
    assert keyword.WINDOW.hop % keyword.FEATURES.frame_hop == 0
    assert zoo.manifest("keyword_audio")["models"]["level1.tflite"]["input_shape"] == [
        1, keyword.WINDOW_FRAMES, keyword.FEATURES.mel_count, 1,
    ]  # fmt: skip
