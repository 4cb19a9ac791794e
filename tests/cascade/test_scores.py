"""Reading and writing score tables: what is taken, what is refused and at which line, what is only noted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cascade.errors import EXIT_DATA, OutputError, ScoresError
from cascade.scores import read_scores, score_table, write_scores
from tests.shared import shared_path

GOOD = "sample_id,label,score_1,score_2\n0,0,0.1,0.2\n1,1,0.9,0.8\n"


def _written(folder: Path, content: str | bytes, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("content", [
    pytest.param(GOOD, id="plain"),
    pytest.param(GOOD.replace("\n", "\r\n"), id="CRLF"),
    pytest.param(GOOD.replace(",", ";"), id="semicolons"),
    pytest.param(GOOD.replace(",", "\t"), id="tabs"),
    pytest.param("\ufeff" + GOOD, id="byte order mark"),
    pytest.param(GOOD + "\n\n", id="empty lines at the end"),
    pytest.param("# origin: a test\n" + GOOD, id="metadata"),
    pytest.param(GOOD.replace("label", " Label "), id="capitals and spaces"),
    pytest.param('sample_id,label,score_1,score_2\n"0","0","0.1",0.2\n1,1,.9,8e-1\n', id="quotes"),
    pytest.param(GOOD.replace("1,1,", "1,1.0,").replace("0,0,", "0,0.0,"), id="labels with a point"),
    pytest.param("label,score_2,score_1,sample_id,remark\n0,0.2,0.1,0,x\n1,0.8,0.9,1,y\n", id="other order, more"),
])
def test_what_is_read(tmp_path: Path, content):
    table = read_scores(_written(tmp_path, content))
    assert table.score.tolist() == [[0.1, 0.2], [0.9, 0.8]]
    assert table.label.tolist() == [0, 1]
    assert table.notes == ()
    assert table.hop_s is None
    assert table.metadata.get("origin", "a test") == "a test"


@pytest.mark.parametrize(("content", "line", "says"), [
    pytest.param("", 0, "empty", id="empty file"),
    pytest.param("label,score_1\n", 1, "no rows", id="header only"),
    pytest.param(GOOD.replace("0.8", "nan"), 3, "score_2: got nan; a missing", id="NaN"),
    pytest.param(GOOD.replace("0.8", "inf"), 3, "score_2: got inf", id="infinite"),
    pytest.param(GOOD.replace("0.8", ""), 3, "score_2: got '', which is no number", id="missing cell"),
    pytest.param(GOOD.replace("0.8", "high"), 3, "got 'high', which is no number", id="text"),
    pytest.param(GOOD.replace(",", ";").replace("0.8", "0,8"), 3, "decimals take a point", id="comma decimal"),
    pytest.param(GOOD.replace("0.8", "1_0"), 3, "which is no number", id="underscore"),
    pytest.param(GOOD.replace("0.8", "4.2"), 3, "got 4.2; a score lies from 0 to 1", id="logit"),
    pytest.param(GOOD.replace("0.8", "-0.1"), 3, "a score lies from 0 to 1", id="negative"),
    pytest.param(GOOD.replace("1,1,", "1,,"), 3, "every row needs a label", id="no label"),
    pytest.param(GOOD.replace("label", "truth"), 1, "column 'label' is missing; the columns are sample_id, truth",
                 id="label column missing"),
    pytest.param(GOOD.replace("score_1", "p"), 1, "column 'score_1' is missing", id="score column missing"),
    pytest.param(GOOD.replace("score_2", "score_3"), 1, "'score_3' leaves out a level", id="level left out"),
    pytest.param(GOOD.replace("score_2", "score_1"), 1, "'score_1' occurs twice", id="column twice"),
    pytest.param(GOOD + "2,1,0.5\n", 4, "3 cells, the header names 4", id="short row"),
    pytest.param("0,0,0.1,0.2\n1,1,0.9,0.8\n", 1, "column 'label' is missing", id="no header"),
    pytest.param(b"\xff\xfel\x00a\x00", 0, "not UTF-8", id="UTF-16"),
    pytest.param(GOOD.encode() + b"\xe9,1,0,0\n", 0, "not UTF-8", id="Latin-1"),
    pytest.param(GOOD + "2,1,0\0,0\n", 0, "NUL character in line 4", id="NUL"),
    pytest.param(b"PK\x03\x04xxxx", 0, "archives are not unpacked", id="zip"),
    pytest.param(b"PAR1 and nothing", 0, "not readable as Parquet", id="broken Parquet"),
    pytest.param(GOOD + '2,1,"0.5,0.5\n', 4, "not readable as CSV", id="open quote"),
    pytest.param("clip_id,time_s,label,score_1\na,0,0,.1\nb,0,1,.2\na,1,0,.3\n", 0, "clip a do not lie together",
                 id="scattered clip"),
    pytest.param("clip_id,time_s,label,score_1\na,0,0,.1\na,1,1,.2\na,1,0,.3\n", 0, "does not rise within clip a",
                 id="repeated time"),
])
def test_what_is_refused(tmp_path: Path, content, line, says):
    path = _written(tmp_path, content)
    with pytest.raises(ScoresError) as caught:
        read_scores(path)
    text = str(caught.value)
    assert says in text
    assert text.startswith(f"{path}:{line}: error " if line else f"{path}: error ")
    assert caught.value.exit_code == EXIT_DATA


def test_all_problems_at_once_and_no_more_than_fifty(tmp_path: Path):
    rows = "".join(f"{index},1,nan,2\n" for index in range(60))
    with pytest.raises(ScoresError) as caught:
        read_scores(_written(tmp_path, "sample_id,label,score_1,score_2\n" + rows))
    assert len(caught.value.problems) == 50
    assert str(caught.value).endswith("... and 70 more")


@pytest.mark.parametrize(("content", "note"), [
    pytest.param("label,score_1,score_2\n1,.1,.2\n1,.3,.4\n", "every row has the label 1", id="one class"),
    pytest.param("label,score_1,score_2\n1,.5,.2\n0,.5,.4\n", "score_1 is 0.5 in every row", id="constant"),
    pytest.param("label,score_1,score_2\n1,.5,.2\n", "one row", id="one row"),
])
def test_what_is_only_noted(tmp_path: Path, content, note):
    assert note in read_scores(_written(tmp_path, content)).notes[0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("texts", [False, True])
def test_written_tables_read_back_exactly(tmp_path: Path, suffix, texts):
    generator = np.random.default_rng(1)
    clips = np.repeat(["=cmd()", "b", "目"], 4) if texts else np.repeat([3, 1, 2], 4)
    table = score_table(
        np.repeat(["yes", "no", "yes"], 4) if texts else np.repeat([1, 0, 1], 4), generator.random((12, 2)),
        clip_id=clips, time_s=np.tile(np.arange(4) * 0.1, 3), decided_class=generator.integers(0, 3, (12, 2)),
        metadata={"origin": "a 'quoted' origin: \n two lines", "model_1_sha256": "ab" * 32},
    )
    path = tmp_path / f"scores.{suffix}"
    write_scores(table, path)
    again = read_scores(path)
    for name in ("sample_id", "clip_id", "time_s", "label", "score", "decided_class"):
        assert getattr(again, name).tolist() == getattr(table, name).tolist(), name
    assert again.metadata["model_1_sha256"] == "ab" * 32
    assert "quoted" in again.metadata["origin"]
    assert again.hop_s == pytest.approx(0.1, rel=1e-12)
    assert again.clip_count == 3
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_formula_is_written_as_text(tmp_path: Path):
    table = score_table(np.array(["=1+1", "no"]), np.array([[0.1], [0.2]]))
    write_scores(table, tmp_path / "scores.csv")
    assert "'=1+1" in (tmp_path / "scores.csv").read_text()


def test_a_failed_write_keeps_the_old_file(tmp_path: Path):
    table = score_table(np.array([0, 1]), np.array([[0.1], [0.2]]))
    with pytest.raises(OutputError, match="cannot be written"):
        write_scores(table, tmp_path / "absent" / "scores.csv")
    with pytest.raises(OutputError, match="cannot be written"):
        write_scores(table, tmp_path / "absent" / "scores.parquet")


def test_columns_cannot_be_written_to():
    table = score_table(np.array([0, 1]), np.array([[0.1], [0.2]]))
    with pytest.raises(ValueError, match="read-only"):
        table.score[0, 0] = 1.0


@pytest.mark.parametrize(("name", "rows", "classes"), [
    pytest.param("cifar10_resnet_small_large", 846, True, id="image classes"),
    pytest.param("kws_yes_no_micro_speech_ds_cnn", 1000, False, id="keyword"),
])
def test_real_tables(name, rows, classes):
    table = read_scores(shared_path("facts", "scores", f"{name}.csv"))
    assert (table.row_count, table.level_count, table.notes) == (rows, 2, ())
    assert (table.decided_class is not None) == classes
