"""Quantities as people write them: what is taken, what is refused and in which words, and the way back."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerplan.dimensions import DIMENSIONS
from powerplan.units import UnitError, format_quantity, nanoseconds, parse_quantity

YEAR_S = 31_536_000.0


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        pytest.param("20 mA", "current", 0.02, id="milliampere"),
        pytest.param("195nA", "current", 195e-9, id="without a space"),
        pytest.param("3 \u00b5A", "current", 3e-6, id="micro sign"),
        pytest.param("3 \u03bcA", "current", 3e-6, id="greek mu"),
        pytest.param("3 uA", "current", 3e-6, id="letter u"),
        pytest.param("1e-6 A", "current", 1e-6, id="exponent"),
        pytest.param(".5 A", "current", 0.5, id="leading point"),
        pytest.param("1e-320 A", "current", 0.0, id="denormal is 0"),
        pytest.param("2000 mAh", "charge", 7200.0, id="milliampere hour"),
        pytest.param("2 C", "charge", 2.0, id="coulomb"),
        pytest.param("9 Wh", "energy", 32_400.0, id="watt hour"),
        pytest.param("-3 mV", "voltage", -0.003, id="negative voltage"),
        pytest.param("4.7 k\u2126", "resistance", 4700.0, id="ohm sign"),
        pytest.param("30 m\u03a9", "resistance", 0.03, id="greek omega"),
        pytest.param("470 uF", "capacitance", 470e-6, id="microfarad"),
        pytest.param("20 ms", "duration", 0.02, id="millisecond"),
        pytest.param("2 years", "duration", 2 * YEAR_S, id="a year is 365 d"),
        pytest.param("1 month", "duration", YEAR_S / 12, id="a month is a twelfth"),
        pytest.param("PT30S", "duration", 30.0, id="ISO 8601 seconds"),
        pytest.param("P1DT2H", "duration", 93_600.0, id="ISO 8601 days and hours"),
        pytest.param("160 MHz", "frequency", 160e6, id="megahertz"),
        pytest.param("160 mHz", "frequency", 0.16, id="millihertz"),
        pytest.param("15 fps", "frequency", 15.0, id="frames per second"),
        pytest.param("20/day", "rate", 20 / 86_400, id="per day"),
        pytest.param("20 per day", "rate", 20 / 86_400, id="per day in words"),
        pytest.param("1 / year", "rate", 1 / YEAR_S, id="per year with spaces"),
        pytest.param("-10 degC", "temperature", -10.0, id="celsius"),
        pytest.param("\u221210 \u00b0C", "temperature", -10.0, id="minus and degree signs"),
        pytest.param("273.15 K", "temperature", 0.0, id="kelvin"),
        pytest.param("2 K", "temperature_difference", 2.0, id="kelvin apart"),
        pytest.param("512 KiB", "data", 524_288.0, id="binary kilobyte"),
        pytest.param("512 kB", "data", 512_000.0, id="decimal kilobyte"),
        pytest.param("8 bits", "data", 1.0, id="bits"),
        pytest.param("35 %", "fraction", 0.35, id="per cent"),
        pytest.param("0.35", "fraction", 0.35, id="plain fraction"),
        pytest.param("8/30", "fraction", 8 / 30, id="counted fraction"),
        pytest.param("36 %/year", "fraction_rate", 0.36 / YEAR_S, id="per cent per year"),
        pytest.param("0 dBm", "gain", 0.0, id="level"),
        pytest.param("4 h/day", "share", 4 / 24, id="hours per day"),
        pytest.param("30 % of the day", "share", 0.3, id="part of the day"),
        pytest.param("12 g", "mass", 0.012, id="gram"),
        pytest.param("15 cm3", "volume", 15e-6, id="cubic centimetre"),
        pytest.param("3.20 EUR", "money", 3.2, id="money"),
        pytest.param("3", "number", 3.0, id="number"),
    ],
)
def test_taken(text: str, dimension: str, value: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(value, rel=1e-12, abs=1e-13 if value == 0 else 0)


@pytest.mark.parametrize(
    ("text", "dimension", "words"),
    [
        pytest.param("20", "duration", ["has no unit", "20 ms"], id="no unit"),
        pytest.param("3 V", "current", ["is a voltage", "a current is due", "mA"], id="wrong dimension"),
        pytest.param("2000 mWh", "charge", ["is an energy", "mAh"], id="mWh for mAh"),
        pytest.param("2000 mAh", "energy", ["is a charge"], id="mAh for mWh"),
        pytest.param("160 Mhz", "frequency", ['"160 mHz" or "160 MHz"'], id="case of MHz"),
        pytest.param("3,5 mA", "current", ["comma", "3.5 mA"], id="comma"),
        pytest.param("nan A", "current", ["not a finite number"], id="nan"),
        pytest.param("-inf A", "current", ["not a finite number"], id="inf"),
        pytest.param("1e400 A", "current", ["out of range", "0 A to 1e+15 A"], id="overflow"),
        pytest.param("1e308 A", "current", ["out of range"], id="absurd"),
        pytest.param("-3 mA", "current", ["out of range", "0 A"], id="negative current"),
        pytest.param("300 years", "duration", ["out of range", "200 years"], id="beyond 64-bit nanoseconds"),
        pytest.param("-300 degC", "temperature", ["-273.15 degC"], id="below absolute zero"),
        pytest.param("120 %", "fraction", ["0 to 1"], id="above one"),
        pytest.param("3/0", "fraction", ["divides by zero"], id="divided by zero"),
        pytest.param("25 h/day", "share", ["0 % to 100 %"], id="more than a day"),
        pytest.param("5 m", "duration", ["min (minutes)"], id="metre or minute"),
        pytest.param("21 C", "temperature", ["write degC"], id="coulomb for celsius"),
        pytest.param("1 KB", "data", ["kB (1000 B) or KiB (1024 B)"], id="1000 or 1024"),
        pytest.param("500 000 s", "duration", ["space"], id="space in the number"),
        pytest.param("", "current", ["is not a current"], id="empty"),
        pytest.param("P", "duration", ["ISO 8601"], id="empty ISO duration"),
        pytest.param("P1.2.3D", "duration", ["ISO 8601"], id="broken ISO duration"),
        pytest.param("1" * 5000 + " A", "current", ["too long"], id="5000 digits"),
        pytest.param("\u0663 A", "current", ["is not a current"], id="digits of another script"),
    ],
)
def test_refused(text: str, dimension: str, words: list[str]) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, dimension)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        pytest.param(640e-6, "current", "640 uA", id="microampere"),
        pytest.param(0.9999, "current", "1 A", id="rounds up into the next unit"),
        pytest.param(0.0, "current", "0 A", id="zero"),
        pytest.param(1e-15, "current", "0.001 pA", id="below the smallest unit"),
        pytest.param(-0.0123, "voltage", "-12.3 mV", id="negative"),
        pytest.param(7200.0, "charge", "2 Ah", id="ampere hour"),
        pytest.param(0.02, "duration", "20 ms", id="millisecond"),
        pytest.param(YEAR_S, "duration", "1 year", id="one year"),
        pytest.param(2 * YEAR_S, "duration", "2 years", id="two years"),
        pytest.param(0.1 / 86_400, "rate", "0.1/day", id="less than one a day"),
        pytest.param(0.36, "fraction", "36 %", id="fraction"),
        pytest.param(0.36 / YEAR_S, "fraction_rate", "36 %/year", id="self-discharge"),
        pytest.param(786_432.0, "data", "768 KiB", id="binary size"),
        pytest.param(1500.0, "data", "1.5 kB", id="decimal size"),
        pytest.param(-10.0, "temperature", "-10 degC", id="temperature"),
    ],
)
def test_shown(value: float, dimension: str, text: str) -> None:
    assert format_quantity(value, dimension) == text


@pytest.mark.parametrize("dimension", sorted(set(DIMENSIONS) - {"money"}))
@given(data=st.data())
def test_what_is_shown_reads_back(dimension: str, data: st.DataObject) -> None:
    kind = DIMENSIONS[dimension]
    largest = min(kind.highest, 1e9)
    value = data.draw(st.floats(max(kind.lowest, -largest), largest, allow_subnormal=False))
    back = parse_quantity(format_quantity(value, dimension), dimension)
    assert math.isclose(back, value, rel_tol=0.0051, abs_tol=1e-300)


@pytest.mark.parametrize("dimension", sorted(DIMENSIONS))
def test_examples_are_right(dimension: str) -> None:
    for example in DIMENSIONS[dimension].examples:
        assert math.isfinite(parse_quantity(example, dimension))


@given(st.text(max_size=120), st.sampled_from(sorted(DIMENSIONS)))
def test_any_text_gives_a_finite_value_or_a_unit_error(text: str, dimension: str) -> None:
    with contextlib.suppress(UnitError):
        assert math.isfinite(parse_quantity(text, dimension))


@pytest.mark.parametrize(
    ("duration_s", "duration_ns"),
    [
        pytest.param(0.02, 20_000_000, id="20 ms"),
        pytest.param(0.5e-9, 0, id="half goes to even"),
        pytest.param(1.5e-9, 2, id="half goes to even, up"),
        pytest.param(10 * YEAR_S, 315_360_000_000_000_000, id="ten years"),
    ],
)
def test_nanoseconds(duration_s: float, duration_ns: int) -> None:
    assert nanoseconds(duration_s) == duration_ns
