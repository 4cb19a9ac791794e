"""Writes what the products say into the documents: `python -m tests.products.gallery`.

The gallery of the README, a picture and three lines a product; and the realistic column of scenarios/README.md.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

from powerplan.files.library import data_root
from powerplan.report.plot_energy import draw_energy
from powerplan.report.style import drawing
from powerplan.study import templates
from powerplan.study.session import Session, plan

ROOT = Path(__file__).resolve().parents[2]
README, PICTURES = ROOT / "README.md", "docs/pictures/gallery"
TABLE = ROOT / "scenarios" / "README.md"
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
BEGIN, END = "<!-- gallery: python -m tests.products.gallery -->\n", "<!-- end of gallery -->\n"
PICTURE_DPI, SHOWN_PX = 90, 420


def names() -> list[str]:
    """The ten products, without their variants."""
    return sorted(name for name in templates.names() if "." not in name)


def lines(session: Session) -> list[str]:
    """Life, verdicts and drains of one product."""
    told = [" ".join(line.split()) for line in session.headline()]
    life = next(line for line in told if line.startswith(("battery life", "NOT FEASIBLE")))
    drains = next((line for line in told if line.startswith("top drains")), "")
    counted = Counter(verdict.verdict for verdict in session.verdicts)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items()))
    worst = next((v for v in session.verdicts if v.verdict not in ("PASS", "MARGINAL")), None)
    return [life, f"{verdicts}{f'; `{worst.text}` is {worst.verdict}' if worst else ''}", drains]


def picture(session: Session) -> bytes:
    """Where the energy of a day goes, as PNG."""
    figure = draw_energy(session.tables(), session.report_facts())
    out = io.BytesIO()
    with drawing():
        figure.savefig(out, format="png", dpi=PICTURE_DPI, metadata={"Software": None})
    return out.getvalue()


def section(name: str) -> str:
    """One product of the gallery; writes its picture."""
    session = plan(data_root() / "scenarios" / f"{name}.yaml")
    (ROOT / PICTURES).mkdir(parents=True, exist_ok=True)
    (ROOT / PICTURES / f"{name}.png").write_bytes(picture(session))
    product = session.result.lowering.scenario.product.name
    told = "\n".join(f"- {line[:1].upper()}{line[1:]}" for line in lines(session) if line)
    return (f"**[{product}](scenarios/{name}.yaml)**: {templates.summary(templates.text_of(name))}\n\n"
            f'<img src="{PICTURES}/{name}.png" width="{SHOWN_PX}" alt="Energy of {product} by part and state">\n\n'
            f"{told}\n\n")


def supply_verdict(session: Session) -> str:
    """The battery's answer in a few words: value and verdict of the first line about it."""
    first = next(v for v in session.verdicts if v.metric in ("battery_life", "net_charge_per_day"))
    if first.metric == "net_charge_per_day" and first.value is not None:
        return f"net {first.value / 3.6:+.1f} mAh/day in the worst month {first.verdict}".replace("-", "−")
    return "NOT FEASIBLE" if not session.feasible else f"{session.verdict_value(first)} {first.verdict}"


def table_names() -> list[str]:
    """Scenarios with a row in the table of hand and realistic results, in its order."""
    return _ROW.findall(TABLE.read_text(encoding="utf-8"))


def realistic(name: str) -> str:
    """What that table says of a scenario."""
    return next(line for line in TABLE.read_text(encoding="utf-8").splitlines()
                if line.startswith(f"| `{name}` |")).split(" | ")[2]


def write_table() -> None:
    """Write the realistic column anew; what the hand results are and why the two differ stays as it stands."""
    kept = TABLE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(kept):
        found = _ROW.match(line)
        if found:
            cells = line.split(" | ")
            cells[2] = supply_verdict(plan(data_root() / "scenarios" / f"{found[1]}.yaml"))
            kept[number] = " | ".join(cells)
    TABLE.write_text("\n".join(kept) + "\n", encoding="utf-8")


def main() -> None:
    """Write both documents."""
    write_table()
    write_gallery()


def write_gallery() -> None:
    """Write the gallery between its marks."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    made = "".join(section(name) for name in names())
    README.write_text(before + BEGIN + "\n" + made + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
