import pytest

from autotune.compose.base import Composer
from autotune.resources import folder


@pytest.fixture(scope="session")
def composer():
    return Composer((folder("conf"),), {folder("conf"): "conf"})
