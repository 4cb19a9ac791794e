"""What every code of a message means; `powerplan explain CODE` prints it."""

from __future__ import annotations

EXPLANATIONS: dict[str, str] = {
    "PP001": "The file cannot be opened: it is missing, may not be read, or is a folder, pipe or device. "
    "Only regular files are read.",
    "PP002": "The file is larger than a scenario or profile needs (256 KiB). Tables belong in a CSV file beside it.",
    "PP003": "The file is not plain UTF-8: another encoding, a byte-order mark, or a control character. "
    "Save it as UTF-8 without BOM.",
    "PP010": "The text is not valid YAML 1.2 (or JSON). Usual causes: a quote or bracket that is not closed, "
    "a colon and a space inside a text without quotes, indentation that does not line up.",
    "PP011": "YAML is indented with spaces. A tab looks like several spaces but counts as none.",
    "PP012": "The file holds no data. `powerplan new` writes a scenario to start from.",
    "PP013": "One file holds one document; a second one after `---` would be ignored by other programs.",
    "PP014": "Anchors, aliases and merge keys (&name, *name, <<) are refused: a few lines of them can stand for "
    "millions of entries. Use `based_on:` for variants.",
    "PP015": "Tags (!name) and directives (%YAML, %TAG) are refused: they change what a text means. "
    "Files are YAML 1.2.",
    "PP016": "Maps and lists are nested deeper than 32 levels.",
    "PP017": "One file holds more than 5,000 keys and values. Tables belong in a CSV file beside it.",
    "PP018": "The same key stands twice in one map. Other programs silently keep the last one; "
    "powerplan wants to know which you mean.",
    "PP019": "A key is one line of text, up to 200 characters.",
    "PP020": "The number does not fit: whole numbers have 64 bits, others 64-bit floating point.",
    "PP021": "A number that begins with 0 is octal in YAML 1.1 and decimal in YAML 1.2. Drop the 0, "
    "or quote it if it is a name.",
    "PP022": "NaN and infinity are no physical quantities. Leave the key out if there is no limit.",
    "PP023": "A text is longer than 10,000 characters.",
    "PP101": "A key that is needed is missing. The message names it; the place is that of its map.",
    "PP102": "The value is of the wrong kind: a text where a number is due, a list where a map is due, ...",
    "PP103": "The value is not one of those allowed here.",
    "PP104": "The map has no such key. Keys are checked so that a misspelt one is not silently ignored; "
    "upper and lower case differ.",
    "PP105": "The number is outside of the range allowed here.",
    "PP106": "The text or list is too short, too long, or not of the form that is due.",
    "PP107": "The entries of this map do not fit together; the message says which rule they break.",
    "PP201": "A quantity is written with its unit, as people say it: 20 ms, 195 nA, 20/day, -10 degC. "
    "Upper and lower case differ (mHz, MHz), decimals have a point, both micro signs and `u` are taken. "
    "A bare number where a unit is due is refused rather than guessed.",
    "PP202": "In a range, min, typ and max rise in this order, and typ (or value) is given.",
    "PP203": "A distribution lacks a parameter: uniform and triangular need min and max, normal and lognormal "
    "need sigma.",
    "PP204": "A figure of a profile says where it comes from: value, source (a key of `sources:`), where, and "
    "basis (datasheet, measured, derived, assumed).",
    "PP301": "The name refers to nothing: no such part, profile, model, task, event or metric.",
    "PP302": "Files or entries refer to each other in a circle.",
    "PP303": "The path leads outside of the scenario folder, or is not a regular file.",
    "PP304": "Two places of the file contradict each other.",
    "PP305": "The requirement line cannot be read. It is `metric comparison value`, for example "
    "`battery_life >= 1 year @ 90 %`.",
    "PP306": "A figure that the scenario needs stands in no profile. Give it in the scenario; "
    "nothing is taken as 0.",
    "PP308": "A score table cannot be used: a column is missing, a score is no number, or it has fewer levels than the "
    "cascade.",
    "PP307": "The part cannot do what a task asks of it.",
}
