"""The profile that `profiles new` writes."""

from pathlib import Path

import pytest

from powerplan.components.template import template
from powerplan.files.library import check_profile, profile_kinds, profile_model

REQUIRED = {
    "regulator": "topology: load_switch\nquiescent_current: {value: 1 uA, source: ds, basis: datasheet}\n",
    "harvester": "charger_efficiency: {value: 80 %, source: ds, basis: datasheet}\n",
}


@pytest.mark.parametrize("kind", [kind for kind in profile_kinds() if kind != "battery"])
def test_the_template_is_a_profile(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(template(kind, profile_model(kind)) + REQUIRED.get(kind, ""), encoding="utf-8")
    assert [str(problem) for problem in check_profile(path) if problem.severity == "error"] == []


def test_every_figure_stands_in_it_with_its_meaning() -> None:
    text = template("camera", profile_model("camera"))
    assert "# settle_frames: {value: 3, source: ds, basis: datasheet}" in text
    assert "# -- Frames thrown away until exposure and white balance hold." in text
    assert "#     frame_rate: {value: " in text


def test_a_figure_of_the_template_can_be_uncommented(tmp_path: Path) -> None:
    text = template("load", profile_model("load")).replace("# current: {value", "current: {value")
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    assert check_profile(path) == []
