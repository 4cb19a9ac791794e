"""Names that people give: parts, tasks, cascades, events, metrics of their own.

Letters of every script, so that a team names things in its own language. The rule is that of identifiers, so a name
stands in a requirement and in an expression as it is (`recall.人 >= 0.9`); a name is refused where Unicode would write
it in another way (NFKC), so that what looks the same is the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

LONGEST_COUNT = 64
ALLOWED = f"letters of any script, digits and _, beginning with a letter; at most {LONGEST_COUNT}"
PATTERN = (r"^[^\x00-\x40\x5b-\x60\x7b-\xbf\xd7\xf7]"
           r"[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\xbf\xd7\xf7]*$")
"""What an editor checks: no sign of ASCII or Latin-1 besides letters, digits and _; the reader knows every script."""


def checked(name: str) -> str:
    """The name. Raises PydanticCustomError."""
    if len(name) <= LONGEST_COUNT and name.isidentifier() and not name.startswith("_") \
            and name == unicodedata.normalize("NFKC", name):
        return name
    shown = name if len(name) <= LONGEST_COUNT else f"{name[:LONGEST_COUNT - 1]}…"
    near = _near(name)
    hint = f"allowed: {ALLOWED}" + (f"; write {near}" if near and near != name else "")
    raise PydanticCustomError("powerplan_name", "{message}; {hint}", {"message": f'"{shown}" is no name', "hint": hint})


def _near(name: str) -> str:
    """A name like it; nothing where there is none."""
    found = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name[:LONGEST_COUNT])).strip("_")
    return found if found.isidentifier() and len(found) <= LONGEST_COUNT else ""


Name = Annotated[str, AfterValidator(checked),
                 WithJsonSchema({"type": "string", "pattern": PATTERN, "maxLength": LONGEST_COUNT})]
