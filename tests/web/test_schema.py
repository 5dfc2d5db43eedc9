"""The OpenAPI document against the application: whatever is sent, no 5xx and no answer that the document does not have."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from autotune.web.app import create_app
from autotune.web.settings import WebSettings

HOST = {"Host": "127.0.0.1:8765"}
#: What can be compiled is more than a schema says.
WITHOUT = [positive_data_acceptance]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOTUNE_HOME", str(folder / "data"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        # The queue is not worked on: what is asked to run waits.
        app = create_app(WebSettings(reads_per_s=1e6, writes_per_s=1e6))
        found = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=HOST)
        # Events have no end that a client without a run could wait for.
        yield found.exclude(path_regex="/events$")


lazy = schemathesis.pytest.from_fixture("document")
BOUNDED = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}


@lazy.parametrize()
@settings(max_examples=2, **BOUNDED)
def test_answers_are_as_documented(case):
    case.call_and_validate(headers=HOST, excluded_checks=WITHOUT)


@pytest.mark.slow
@lazy.parametrize()
@settings(max_examples=int(os.environ.get("AUTOTUNE_EXAMPLES", "60")), **BOUNDED)
def test_many_answers_are_as_documented(case):
    case.call_and_validate(headers=HOST, excluded_checks=WITHOUT)
