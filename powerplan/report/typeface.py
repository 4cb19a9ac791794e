"""The fonts of the plots: shipped with the package, so that every machine draws the same, and Chinese shows.

Latin letters are a subset of Roboto, Chinese and Japanese ones of Droid Sans Fallback; what neither has may come from
DejaVu Sans (part of Matplotlib) or an installed font. A character that nothing has is written as its code point.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "fonts"
OWN_FAMILIES = ("Powerplan Sans", "Powerplan Sans Han")
HAN_FILE = "powerplan_sans_han.ttf"
FIRST_HAN = 0x2E80
"""First code point of the East Asian blocks."""
STANDARD_FAMILY = "DejaVu Sans"
INSTALLED_FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Micro Hei",
                      "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "SimHei",
                      "Noto Sans CJK JP", "Noto Sans CJK KR", "Malgun Gothic", "Apple SD Gothic Neo",
                      "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai")
"""Fonts that fill gaps where they are installed."""


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Font families in the order in which a character is looked for."""
    from matplotlib.font_manager import fontManager

    known = {entry.name for entry in fontManager.ttflist}
    for path in sorted(FOLDER.glob("*.ttf")):
        fontManager.addfont(str(path))
    for entry in [entry for entry in fontManager.ttflist if entry.name == OWN_FAMILIES[1]]:
        # The Han letters have one weight; without this entry Matplotlib logs that it looked for a bold one in vain.
        fontManager.ttflist.append(replace(entry, weight="bold"))
    own = [name for name in OWN_FAMILIES if any(entry.name == name for entry in fontManager.ttflist)]
    return (*own, STANDARD_FAMILY, *(name for name in INSTALLED_FAMILIES if name in known))


@lru_cache(maxsize=2)
def covered(weight: str) -> frozenset[int]:
    """Code points that can be drawn in this weight."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    codes: set[int] = set()
    for family in families():
        path = fontManager.findfont(FontProperties(family=family, weight=weight), fallback_to_default=False)
        codes.update(get_font(path).get_charmap())
    return frozenset(codes)


def han_part(text: str) -> bytes | None:
    """A small font with the Chinese and Japanese characters of a text, for a page; None where it has none."""
    path = FOLDER / HAN_FILE
    if all(ord(character) < FIRST_HAN for character in text) or not path.exists():
        return None
    import io

    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    out = io.BytesIO()
    with TTFont(path, recalcTimestamp=False, lazy=True) as font:
        wanted = {ord(character) for character in text if ord(character) >= FIRST_HAN} & set(font.getBestCmap())
        if not wanted:
            return None
        subsetter = subset.Subsetter(subset.Options(hinting=False, layout_features=[], name_IDs=["*"]))
        subsetter.populate(unicodes=sorted(wanted))
        subsetter.subset(font)
        font.save(out)
    return out.getvalue()


def drawable(text: str, weight: str = "normal") -> str:
    """The text with every character that no font has written as its code point."""
    if text.isascii():
        return text
    codes = covered(weight)
    return "".join(c if ord(c) in codes else f"[U+{ord(c):04X}]" for c in text)


def file_faces() -> tuple[tuple[str, str, Path], ...]:
    """Family, style and file of the fonts of a document: ours, Chinese and Japanese, and DejaVu for the rest."""
    from matplotlib import get_data_path

    standard = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return (("sans", "", FOLDER / "powerplan_sans_regular.ttf"), ("sans", "B", FOLDER / "powerplan_sans_bold.ttf"),
            ("han", "", FOLDER / HAN_FILE), ("wide", "", standard))


@lru_cache(maxsize=1)
def _printable_codes() -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(code for _, style, path in file_faces() if not style for code in get_font(path).get_charmap())


def printable(text: str) -> str:
    """The text with every character that no font of a document has written as its code point."""
    if text.isascii():
        return text
    codes = _printable_codes()
    return "".join(c if ord(c) in codes or c == "\u200b" else f"[U+{ord(c):04X}]" for c in text)
