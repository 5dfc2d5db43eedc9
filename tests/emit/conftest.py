"""Each deployment of `cases` in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .cases import CASES

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def deployment(case: str) -> Deployment:
    return CASES[case]
