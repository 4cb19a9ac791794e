"""A plot's SVG made fit for the page: no addresses, own identifiers, colours that follow light and dark."""

from __future__ import annotations

import re

from powerplan.report.style import GRID, INK, LIMIT, MUTED, PAPER, SHADE

VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "card", SHADE: "shade", LIMIT: "limit"}
"""Colours of the paper that the page replaces by its own."""


def inline_svg(svg: str, name: str, label: str) -> str:
    """The `<svg>` element alone, for a page that holds several; `label` is plain text."""
    from markupsafe import escape

    body = svg[svg.index("<svg"):]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", body).replace("xlink:href", "href")
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(f": {colour}", f": var(--{variable})").replace(f'"{colour}"', f'"var(--{variable})"')
    head, _, rest = body.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    frame = f'<svg {box.group(0) if box else ""} role="img" aria-label="{escape(label)}"'
    return re.sub(r"\n\s*", "\n", f"{frame}>{rest}").strip()
