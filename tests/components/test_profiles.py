"""The shipped library: every profile loads, keeps the rules, and lowers or names the figure that is missing."""

import re
from functools import cache
from typing import Any

import pytest

from powerplan.components.base import MissingFigure
from powerplan.components.registry import build, kind_names
from powerplan.components.spec import PartError, Profile, figures_of
from powerplan.components.validate import findings
from powerplan.files.library import Listed, list_profiles, load_profile
from tests.shared import shared_path

SHIPPED = list_profiles()
NEEDS_A_CHOICE = {"thread_nrf5340": {"poll_period": "1 s"}, "thread_nrf54l15": {"poll_period": "1 s"}}
"""Profiles that a scenario must complete by a choice, not by a figure."""
REFUSED = {
    "alif_e3", "apollo4", "atsamd51", "esp32c3", "gap8", "gap9", "imxrt1060", "max78000", "max78002", "ndp120",
    "psoc_edge_e84", "ra8d1", "rp2040", "rp2350", "stm32f746", "stm32g0b1", "stm32h743", "stm32h7a3", "stm32n6",
    "stm32u385", "nrf52833",
    "adafruit_edgebadge", "adafruit_tflm_kit", "arc_em_sdp", "b_l475e_iot01a", "circuit_playground_bluefruit",
    "esp_eye", "himax_we_i_plus", "nicla_voice", "raspberry_pi_pico", "sparkfun_edge", "spresense",
    "stm32f746_discovery", "wio_terminal",
}  # fmt: skip
"""Parts whose run or sleep current nobody published: a run needs it from the user."""
TFLM_BOARDS = [
    "arduino_nano_33_ble_sense", "sparkfun_edge", "stm32f746_discovery", "adafruit_edgebadge", "adafruit_tflm_kit",
    "circuit_playground_bluefruit", "esp32_devkitc", "esp_eye", "wio_terminal", "himax_we_i_plus", "arc_em_sdp",
    "spresense",
]  # fmt: skip
FIRST_LIST = [
    "stm32u585", "stm32l4r5", "stm32l475", "nrf52840", "esp32s3", "apollo3", "ov2640", "hm01b0", "inmp441",
    "ics43434", "t5838", "adxl362", "lis2dh12", "pir_ekmb", "nrf52840_ble", "sx1262",
]  # fmt: skip


@cache
def loaded(listed: Listed) -> Profile:
    """A shipped profile, read once for all tests."""
    return load_profile(listed.name, kind=listed.kind)


def name_of(listed: Listed) -> str:
    return f"{listed.kind}-{listed.name}"


@pytest.mark.parametrize("listed", SHIPPED, ids=name_of)
def test_every_profile_loads_and_keeps_the_rules(listed: Listed) -> None:
    found = findings(loaded(listed).spec)
    assert [finding for finding in found if finding.severity == "error"] == []


@pytest.mark.parametrize("listed", [listed for listed in SHIPPED if listed.kind in kind_names()], ids=name_of)
def test_every_part_lowers_or_names_what_is_missing(listed: Listed) -> None:
    profile = loaded(listed)
    part = build("part", {"profile": listed.name, **NEEDS_A_CHOICE.get(listed.name, {})}, profile)
    if listed.name in REFUSED:
        with pytest.raises((MissingFigure, PartError)):
            part.lower(part.use_typical)
        return
    states = part.lower(part.use_typical).states
    assert len({state.name for state in states}) == len(states)
    assert all(state.current_a >= 0.0 and state.power_w >= 0.0 for state in states)


def test_nothing_is_refused_that_does_not_exist() -> None:
    assert {listed.name for listed in SHIPPED} >= REFUSED


@pytest.mark.parametrize("name", [*TFLM_BOARDS, *FIRST_LIST])
def test_the_promised_parts_are_there(name: str) -> None:
    assert name in {listed.name for listed in SHIPPED}


def test_every_fact_file_has_its_profile() -> None:
    renamed = {"apollo3_blue": "apollo3", "ble_event": "nrf52840_ble", "mic_array_scaling": "generic_pdm",
               "thread_sed": "thread_nrf5340", "wifi_esp32_event": "esp32_wifi",
               "lte_m_nb_iot": "nrf9160_lte_m"}  # fmt: skip
    supply = ("regulator", "battery")
    shipped = {listed.name for listed in SHIPPED}
    missing = []
    for path in sorted(shared_path("facts", "components").glob("*.yaml")):
        kind = next(line for line in path.read_text().splitlines() if line.startswith("category:"))
        if kind.split()[1] not in supply and renamed.get(path.stem, path.stem) not in shipped:
            missing.append(path.stem)
    assert missing == []


def test_every_figure_has_a_source_and_the_share_of_assumed_ones_is_known() -> None:
    bases: dict[str, int] = {}
    for listed in SHIPPED:
        for figure in figures_of(loaded(listed).spec).values():
            assert figure.source
            bases[figure.basis] = bases.get(figure.basis, 0) + 1
    assert set(bases) <= {"datasheet", "measured", "derived", "assumed"}
    assert sum(bases.values()) > 800


def test_unverified_facts_are_assumed() -> None:
    sleep = figures_of(load_profile("stm32l475").spec)["sleep.stop2.current"]
    assert (sleep.typ, sleep.basis) == (pytest.approx(1.1e-6), "assumed")
    measured = figures_of(load_profile("stm32l4r5").spec)["run.nn_measured_tflm_120mhz_1v8.current"]
    assert (measured.typ, measured.basis) == (pytest.approx(22.6e-3), "derived")


def test_conflicting_values_are_both_kept() -> None:
    standby = figures_of(load_profile("ov2640").spec)["standby.current"]
    assert standby.typ == pytest.approx(600e-6)
    assert "15 uA" in {other.value for other in standby.others}


@pytest.mark.parametrize("listed", list_profiles("battery"), ids=name_of)
def test_every_cell_says_what_it_costs_weighs_and_fills(listed: Listed) -> None:
    spec = loaded(listed).spec
    assert spec.unit_cost is not None
    assert spec.mass is not None
    assert spec.volume is not None
    assert 1_000.0 < spec.mass.typ / spec.volume.typ < 4_000.0, "cells weigh 1 to 4 kg a litre"
    assert (spec.unit_cost.basis, spec.unit_cost.source) == ("assumed", "price")


def test_a_board_costs_more_than_its_chip() -> None:
    for listed in list_profiles("board"):
        profile = loaded(listed)
        chip = profile.data.get("extends")
        if profile.spec.unit_cost is not None and chip is not None:
            below = load_profile(str(chip)).spec.unit_cost
            assert below is not None
            assert profile.spec.unit_cost.typ > below.typ


def test_prices_of_shipped_profiles_stand_in_one_currency() -> None:
    for listed in SHIPPED:
        price = loaded(listed).data.get("unit_cost")
        assert price is None or price["value"].endswith(" USD")


SUPPLIED = {"current": "1 mA", "run_current": "5 mA", "sleep_current": "2 uA", "wake_time": "1 ms",
            "boot_time": "50 ms"}
HINT = re.compile(r"give it in the part: (?:(\w+): <value>|figures: \{([^:]+): <value>\})")


def refusal(entry: dict[str, Any], profile: Profile) -> MissingFigure | None:
    """What lowering the part is refused for."""
    part = build("part", entry, profile)
    try:
        part.lower(part.use_typical)
    except MissingFigure as error:
        return error
    return None


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refusal_names_the_figure_and_following_its_hint_mends_it(name: str) -> None:
    """What the message says to write, written word for word, is all that a run then needs."""
    profile = next(loaded(listed) for listed in SHIPPED if listed.name == name)
    entry: dict[str, Any] = {"profile": name, **({"sleep": "system_on_no_ram"} if name == "nrf52833" else {})}
    for _ in range(5):
        error = refusal(entry, profile)
        if error is None:
            break
        assert str(error).startswith(f"parts.part: no figure for '{error.figure}'")
        hint = HINT.match(error.hint)
        assert hint is not None, error.hint
        option, path = hint.groups()
        if option:
            entry[option] = SUPPLIED.get(option, SUPPLIED["current"])
        else:
            entry["figures"] = {**entry.get("figures", {}), path: SUPPLIED[path.rpartition(".")[2]]}
    assert refusal(entry, profile) is None
    assert len(entry) > 1
