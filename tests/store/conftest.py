import pytest

from autotune.store import Store
from tests.store.postgres import postgres_server


@pytest.fixture(scope="session")
def postgres():
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """A place for a store where none is yet: of each database in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "deep" / "results.db")
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def store(place):
    with Store(place) as opened:
        yield opened
