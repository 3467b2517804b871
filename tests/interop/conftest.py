"""What the tests against real peers share: peers of ``linacsim serve``, and where they listen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.served import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process that serves a storage peer, a verification peer and a printer; Ctrl-C ends it in good order."""
    with serving("storage", "verification", "printer", out=tmp_path_factory.mktemp("served") / "out") as served:
        yield served
