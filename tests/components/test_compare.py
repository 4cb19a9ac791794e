"""Finding and comparing profiles."""

import pytest

from powerplan.components.compare import SearchError, comparison, matches
from tests.components.parts import shipped


def test_processors_side_by_side() -> None:
    chips = [shipped(name) for name in ("stm32u585", "nrf52840", "max78000")]
    rows = {row["property"]: row for row in comparison(chips)}
    assert rows["core"] == {
        "property": "core",
        "stm32u585": "cortex-m33",
        "nrf52840": "cortex-m4f",
        "max78000": "cortex-m4f",
    }
    assert rows["running"]["stm32u585"] == "23.3 mW"
    assert rows["running"]["max78000"] == "not published"
    assert rows["sleep with RAM"]["nrf52840"] == "5.58 uW"
    assert rows["least energy, visual wake words"]["stm32u585"] == "4.03 mJ"


def test_cameras_side_by_side() -> None:
    rows = {row["property"]: row for row in comparison([shipped("ov2640"), shipped("hm01b0")])}
    assert rows["qvga"] == {"property": "qvga", "ov2640": "183 mW", "hm01b0": "2 mW"}
    assert rows["standby"]["hm01b0"] == "not published"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("cortex-m33", {"stm32u585", "nrf54l15"}, id="a core"),
        pytest.param("cortex-m33, < 3 uA with RAM", {"nrf54l15"}, id="a core that sleeps with its RAM"),
        pytest.param("< 1 uA", {"stm32u585", "nrf54l15", "nrf52840", "stm32l475"}, id="some sleep state"),
        pytest.param(">= 512 KiB RAM", {"stm32u585", "esp32s3"}, id="memory"),
        pytest.param("espressif, >= 240 MHz", {"esp32s3"}, id="vendor and clock"),
        pytest.param("", {"stm32u585", "nrf54l15", "nrf52840", "stm32l475", "esp32s3"}, id="nothing asked"),
    ],
)
def test_search_by_property(search: str, found: set[str]) -> None:
    names = ("stm32u585", "nrf54l15", "nrf52840", "stm32l475", "esp32s3")
    assert {name for name in names if matches(shipped(name), search)} == found


def test_a_search_that_cannot_be_read_says_how() -> None:
    with pytest.raises(SearchError, match="256 KiB RAM"):
        matches(shipped("stm32u585"), "< 2 parsecs")
