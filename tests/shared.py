"""Finds the facts that lie beside the checkout; a test that needs them skips where they are absent."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_path(*parts: str) -> Path:
    """Path of a file or folder of facts, or a skip with the reason."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the facts are not beside this checkout: shared/{'/'.join(parts)}")
    return path
