"""The gallery of the README shows every product, with its picture and what a run of it says."""

from __future__ import annotations

import pytest

from powerplan.files.library import data_root
from powerplan.study.session import plan
from tests.products.gallery import (
    BEGIN,
    END,
    PICTURES,
    README,
    ROOT,
    lines,
    names,
    realistic,
    supply_verdict,
    table_names,
)


@pytest.mark.parametrize("name", names())
def test_every_product_is_in_the_gallery(name: str) -> None:
    gallery = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert f"(scenarios/{name}.yaml)" in gallery
    assert f'src="{PICTURES}/{name}.png"' in gallery
    assert (ROOT / PICTURES / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_ten_products() -> None:
    assert len(names()) == 10


def test_every_scenario_is_in_the_table() -> None:
    shipped = {path.stem for path in (data_root() / "scenarios").glob("*.yaml")}
    assert sorted(table_names()) == sorted(shipped)


def test_the_documents_say_what_a_run_says() -> None:
    session = plan(data_root() / "scenarios" / "water_meter_reader.yaml")
    gallery = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    for line in lines(session):
        assert line[1:] in gallery
    assert realistic("water_meter_reader") == supply_verdict(session)
