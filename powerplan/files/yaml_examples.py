"""How entries of a scenario are written, for those who wrote something of another kind in their place."""

from __future__ import annotations

from fnmatch import fnmatchcase

from powerplan.files.strict_yaml import path_text
from powerplan.files.yaml_tree import KeyPath

EXAMPLES = {
    "product": "product: {name: Door sensor}",
    "supply": "supply: {battery: {profile: cr2032}}",
    "supply.battery": "battery: {profile: cr2032}, and with series: 2 for two cells in a row",
    "parts": "parts: {mcu: {profile: nrf52840}}",
    "parts.*": "mcu: {profile: nrf52840}",
    "cascade.*.level?": "level1: {model: small.tflite, threshold: 0.5}",
    "tasks.*.when": "when: {every: 1 min}",
    "tasks.*.do": "do: [{sample: sensor}, {send: radio, bytes: 20}]",
    "tasks.*.on_detect": "on_detect: [{send: radio, bytes: 20}]",
    "tasks.*.do?*": "{sample: sensor} or {cascade: person}",
    "tasks.*.on_detect?*": "{send: radio, bytes: 20}",
    "requirements": "requirements: {REQ-1: battery_life >= 2 years @ 90 %}",
}
"""Key path with wildcards -> the entry as it stands in a file; the first that fits."""


def example(path: KeyPath) -> str:
    """The entry at a key path as it may be written; empty where there is no example."""
    shown = path_text(path)
    return next((text for pattern, text in EXAMPLES.items()
                 if pattern.count(".") == shown.count(".") and fnmatchcase(shown, pattern)), "")
