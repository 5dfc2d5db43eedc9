import pytest

from tests.web.client import serving


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """One application for a module: what its tests write must not stand in the way of the others."""
    with pytest.MonkeyPatch.context() as patch, serving(tmp_path_factory.mktemp("web"), patch) as found:
        yield found
