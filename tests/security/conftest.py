"""The invoice that the attempts of a module are made on."""

from __future__ import annotations

import pytest

from tests.security.attempt import Target


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target(tmp_path_factory.mktemp("target"))
