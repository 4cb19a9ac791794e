"""Texts and numbers as people read them: cleaned, cut, wrapped, with units."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from powerplan.report.facts import Tables
from powerplan.results.tables import Table
from powerplan.units import format_quantity

TEXT_LIMIT_COUNT = 200
"""Characters of a text that are shown; a title of 100,000 characters takes Matplotlib 45 s."""
PROSE_LIMIT_COUNT = 1_000
"""Characters of a note or a command."""
SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY
LARGEST_SHOWN = 1e18
"""Numbers beyond this are not drawn: Matplotlib fails on ±1e308."""
SAME_FRACTION = 1e-6
"""Lives closer than this are equally long."""
NOTHING = "–"
CLOSERS = " …,.;:)]，。、；：）」》"
"""Characters that do not begin a line."""
DIMENSION_OF_UNIT = {"A": "current", "V": "voltage", "W": "power", "J": "energy", "C": "charge", "s": "duration",
                     "B": "data", "Hz": "frequency", "ohm": "resistance", "F": "capacitance", "degC": "temperature"}
FRACTION_METRICS = ("recall", "precision", "cpu", "cpu_utilisation", "probability")
PRETTY = {"uA": "µA", "uV": "µV", "uW": "µW", "uJ": "µJ", "uC": "µC", "us": "µs", "uF": "µF", "uAh": "µAh",
          "degC": "°C", "ohm": "Ω", "kohm": "kΩ", "Mohm": "MΩ", "mohm": "mΩ", "uohm": "µΩ"}


def clean(text: object, limit_count: int = TEXT_LIMIT_COUNT) -> str:
    """A text on one line, without control and direction characters, cut to its limit."""
    raw = str(text)[: limit_count * 4]
    spaced = "".join(_plain(character) for character in raw)
    joined = " ".join(spaced.split())
    cut = len(joined) > limit_count or len(str(text)) > limit_count * 4
    return joined[: limit_count - 1].rstrip() + "…" if cut else joined


def _plain(character: str) -> str:
    if character in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    category = unicodedata.category(character)
    if category in ("Cc", "Cf"):
        return ""
    return "\ufffd" if category in ("Cs", "Co", "Cn") else character


def columns_of(text: str) -> int:
    """Width of a text in columns; East Asian characters are two wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: object, column_count: int) -> str:
    """A cleaned text of at most this many columns."""
    cleaned = clean(text)
    if columns_of(cleaned) <= column_count:
        return cleaned
    taken, width = "", 0
    for character in cleaned:
        width += columns_of(character)
        if width > column_count - 1:
            break
        taken += character
    return taken.rstrip() + "…"


def wrap(text: str, column_count: int, line_count: int) -> list[str]:
    """A text on a few lines of this many columns; the last line is cut."""
    lines, line = [], ""
    for word in _pieces(text, column_count):
        if line and columns_of(line + word.rstrip()) > column_count:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    lines.append(line.rstrip())
    if len(lines) > line_count:
        rest = " ".join(lines[line_count - 1:])
        lines = [*lines[: line_count - 1], shorten(rest, column_count)]
    return lines


def balanced(text: str, column_count: int, line_count: int) -> list[str]:
    """A text on as few lines as it needs, all about equally long."""
    lines = wrap(text, column_count, line_count)
    for narrower in range(column_count - 1, column_count // 2, -1):
        tried = wrap(text, narrower, line_count + 1)
        if len(tried) > len(lines) or len(lines) == 1:
            break
        lines = tried
    return lines


def _pieces(text: str, column_count: int) -> Iterable[str]:
    """Words with the space behind them; East Asian text breaks anywhere, and so do overlong words."""
    word = ""
    for character, following in zip(text, [*text[1:], ""], strict=True):
        word += character
        wide = unicodedata.east_asian_width(character) in "WF" and following not in CLOSERS
        if character == " " or wide or columns_of(word) >= column_count:
            yield word
            word = ""
    if word:
        yield word


def finite(value: Any) -> float | None:
    """The number if it can be drawn, else None."""
    if type(value) is not float and (isinstance(value, bool | str) or not hasattr(value, "__float__")):
        return None
    number = float(value)
    return number if math.isfinite(number) and abs(number) < LARGEST_SHOWN else None


def number(value: float) -> str:
    """Three significant digits, with thousands set apart and no needless exponent."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-3:
        return f"{value:.3g}"
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quantity(value: Any, dimension: str) -> str:
    """A value with the unit people use: 12.3 µA, 1.2 mJ, 3.4 years."""
    given = finite(value)
    if given is None:
        return NOTHING
    if not dimension or dimension in ("number", "count"):
        return number(given)
    try:
        text = format_quantity(given, dimension)
    except (KeyError, ValueError):
        return number(given)
    head, _, unit = text.partition(" ")
    return f"{head} {PRETTY.get(unit, unit)}" if unit else head


def days(value: Any) -> str:
    """A time given in days, in days and years both where it is long."""
    given = finite(value)
    if given is None:
        return NOTHING
    if abs(given) < 2:
        return quantity(given * SECONDS_PER_DAY, "duration")
    plain = f"{number(given)} d"
    return f"{plain} ({given / 365:.2f} years)" if abs(given) >= 180 else plain


def outlives(value: Any, horizon_days: float | None) -> bool:
    """Whether a life is as long as the calculation looked, so that nothing but the calculation ended it."""
    given = finite(value)
    return given is not None and horizon_days is not None and given >= horizon_days * (1.0 - SAME_FRACTION)


def beyond(horizon_days: float) -> str:
    """A life whose end the calculation did not see."""
    return f"longer than the {horizon_days / 365:.3g} years calculated"


def lived(value: Any, horizon_days: float | None) -> str:
    """A life in days, or that it is longer than the calculation looked."""
    if horizon_days is not None and outlives(value, horizon_days):
        return f"more than {horizon_days / 365:.3g} years"
    return days(value)


def measured(value: Any, unit: str, metric: str = "") -> str:
    """A value of a result table, whose unit stands beside it; a share in per cent where that is `%`."""
    given = finite(value)
    if given is None:
        return NOTHING
    if unit == "d":
        return days(given)
    if unit == "1":
        return measured(given, "%") if metric.split(".")[0] in FRACTION_METRICS else number(given)
    if unit == "%":
        return f"{100 * given:.3g} %"
    if unit == "1/d":
        return f"{number(given)}/day"
    if unit in DIMENSION_OF_UNIT:
        return quantity(given, DIMENSION_OF_UNIT[unit])
    return f"{number(given)} {clean(unit, 20)}".strip()


def percent(fraction: Any) -> str:
    """A share: 81 %, 0.4 %, < 0.01 %."""
    given = finite(fraction)
    if given is None:
        return NOTHING
    value = given * 100
    if 0 < abs(value) < 0.01:
        return "< 0.01 %"
    return f"{value:.0f} %" if abs(value) >= 9.95 else f"{value:.1f} %" if abs(value) >= 0.1 else f"{value:.2g} %"


POWER_CLASSES = ((1e-6, "below a microwatt"), (1e-5, "microwatts"), (1e-4, "tens of microwatts"),
                 (1e-3, "hundreds of microwatts"), (1e-2, "milliwatts"), (1e-1, "tens of milliwatts"),
                 (1.0, "hundreds of milliwatts"))
"""Upper end of each class. [W]"""


def power_class(power_w: float) -> str:
    """The decade a mean power lies in, in words."""
    return next((words for below_w, words in POWER_CLASSES if power_w < below_w), "a watt and more")


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""


def rows_of(tables: Tables, name: str) -> list[dict[str, Any]]:
    """Rows of a table, none where it is absent."""
    table = tables.get(name)
    return table.rows() if table is not None else []


def column(table: Table | None, name: str) -> list[Any]:
    """A column as a list, empty where the table or the column is absent."""
    return list(table.columns.get(name, ())) if table is not None else []


def metric_row(tables: Tables, name: str) -> dict[str, Any] | None:
    """The row of the summary with this metric."""
    return next((row for row in rows_of(tables, "summary") if row["metric"] == name), None)
