"""One page that needs nothing else: the answer first, then plots, figures with their sources, and how to repeat it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from powerplan.report.content import content
from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.inline import inline_svg
from powerplan.report.plot_timeline import live_timeline
from powerplan.report.plots import SVG_LIMIT_BYTES, Picture
from powerplan.report.typeface import OWN_FAMILIES, han_part
from powerplan.report.words import PROSE_LIMIT_COUNT, clean

FOLDER = Path(__file__).resolve().parent
TEMPLATE, SCRIPT = FOLDER / "template.html", FOLDER / "timeline.js"
prose = partial(clean, limit_count=PROSE_LIMIT_COUNT)
COMMAND = re.compile("`([^`<>]+)`")
"""What an advice says to type."""


def render(tables: Tables, facts: ReportFacts, pictures: Sequence[Picture], beside: str = "") -> str:
    """The page as text, the same for the same inputs. `beside` says which files stand next to it."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["t"] = clean
    environment.filters["prose"] = prose
    environment.filters["said"] = lambda text: Markup(COMMAND.sub(r"<code>\1</code>", str(escape(prose(text)))))
    plots = [{"name": p.plot.name, "heading": p.plot.heading, "caption": p.plot.caption, "title": p.title, "alt": p.alt,
              "body": Markup(_body(p))} for p in pictures]  # our own SVG, its texts are outlines
    script = SCRIPT.read_text(encoding="utf-8")
    live = live_timeline(tables)
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        facts=facts, plots=plots, beside=beside, script=Markup(script), script_hash=script_hash(script),
        live=Markup(_json(live)) if live is not None else "", **content(tables, facts))
    return _with_font(page)


def script_hash(script: str) -> str:
    """What the page's policy calls its one script: nothing else runs."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _json(data: object) -> str:
    """JSON that may stand inside an element: nothing in it ends the element or begins a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _with_font(page: str) -> str:
    """The page with the Chinese characters it uses, so that they show on a machine without a Chinese font."""
    font = han_part(page)
    if font is None:
        return page
    data = base64.b64encode(font).decode("ascii")
    head, end, rest = page.partition("</style>")
    face = (f'@font-face {{ font-family: "{OWN_FAMILIES[1]}"; font-display: block; unicode-range: U+2E80-FFFF; '
            f"src: url(data:font/ttf;base64,{data}); }}\n")
    return f"{head}{face}{end}{rest}"


def _body(picture: Picture) -> str:
    """The plot as a drawing, or as a picture where the drawing is too large."""
    from markupsafe import escape

    if len(picture.files["svg"]) <= SVG_LIMIT_BYTES:
        return inline_svg(picture.svg, picture.plot.name, picture.alt)
    data = base64.b64encode(picture.files["png"]).decode("ascii")
    return f'<img alt="{escape(picture.alt)}" src="data:image/png;base64,{data}">'
