"""Make the fonts of the plots from Debian's `fonts-droid-fallback` and `fonts-roboto-unhinted` (both Apache-2.0).

    python subset.py DroidSansFallbackFull.ttf Roboto-Regular.ttf Roboto-Medium.ttf

Needs fontTools, which comes with Matplotlib. The subsets are renamed, as a changed font should be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

FAMILY = "Powerplan Sans"
HAN_FAMILY = "Powerplan Sans Han"
HAN_ENCODINGS = ("gb2312", "big5", "shift_jis")
"""Simplified and traditional Chinese and Japanese, as their national character sets have them."""
LATIN = [*range(0x20, 0x530), *range(0x2000, 0x2070), *range(0x2070, 0x20D0), *range(0x2100, 0x2300)]
COPIED_NAMES = {0, 7, 13, 14}
"""Copyright, trademark, licence and its address."""
REGULAR_WEIGHT, BOLD_WEIGHT = 400, 700
"""What the font says of itself; the bold one is Roboto Medium, calmer in a title than Roboto Bold."""


def han() -> Iterator[int]:
    """Code points of the East Asian character sets, without Latin, Greek and Cyrillic."""
    for code in (*range(0x3000, 0xA000), *range(0xF900, 0xFB00), *range(0xFF00, 0xFFF0)):
        for encoding in HAN_ENCODINGS:
            try:
                chr(code).encode(encoding)
            except UnicodeEncodeError:
                continue
            yield code
            break


def subset(source: Path, target: Path, family: str, style: str, codes: list[int]) -> None:
    """Write the part of a font that holds these code points, under another name."""
    from fontTools import subset as tool  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    options = tool.Options(hinting=False, layout_features=["kern"], name_IDs=["*"], notdef_outline=True)
    font = TTFont(source, recalcTimestamp=False)
    subsetter = tool.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in COPIED_NAMES and record.platformID == 3]
    postscript = f"{family} {style}".replace(" ", "")
    for number, text in ((1, family), (2, style), (3, f"{postscript} subset"), (4, f"{family} {style}"),
                         (6, postscript)):
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = BOLD_WEIGHT if style == "Bold" else REGULAR_WEIGHT
    font.save(target)


def main(droid: str, regular: str, medium: str) -> None:
    """Write the three fonts beside this script."""
    here = Path(__file__).resolve().parent
    subset(Path(droid), here / "powerplan_sans_han.ttf", HAN_FAMILY, "Regular", list(han()))
    subset(Path(regular), here / "powerplan_sans_regular.ttf", FAMILY, "Regular", LATIN)
    subset(Path(medium), here / "powerplan_sans_bold.ttf", FAMILY, "Bold", LATIN)


if __name__ == "__main__":
    main(*sys.argv[1:])
