"""One service for all tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.server import Server, serving, warm_up


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with one worker."""
    with serving(tmp_path_factory.mktemp("service") / "data", "--workers", "1") as server:
        warm_up(server)
        yield server
