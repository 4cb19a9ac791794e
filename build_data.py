"""Puts `device_profiles/` and `scenarios/` into the wheel, beside the code that looks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

FOLDERS = ("device_profiles", "scenarios")
HERE = Path(__file__).resolve().parent


class BuildWithData(build_py):
    """Copies the data folders to `powerplan/_data` of the build; an editable install uses the source tree."""

    def run(self) -> None:
        """Build the packages, then copy the data."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "powerplan" / "_data"
        for folder in FOLDERS:
            shutil.copytree(HERE / folder, target / folder, dirs_exist_ok=True)
