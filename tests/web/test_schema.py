"""The OpenAPI document against the application: whatever is sent, no 5xx and no answer that the document does not have."""

import contextlib
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import positive_data_acceptance

from autotune.web.app import create_app
from autotune.web.jobs import Jobs
from autotune.web.settings import WebSettings

HOST = {"Host": "127.0.0.1:8765"}
#: What can be compiled is more than a schema says.
WITHOUT = [positive_data_acceptance]


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOTUNE_HOME", str(folder / "data"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setattr(Jobs, "open", lambda _: None)  # what is asked to run waits
        app = create_app(WebSettings(reads_per_s=1e6, writes_per_s=1e6))
        found = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=HOST)
        # Events have no end that a client without a run could wait for.
        yield [item.ok() for item in found.exclude(path_regex="/events$").get_all_operations()]


def send_many(operation, count, modes):
    @given(case=operation.as_strategy(generation_mode=modes))
    @settings(
        max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
    )
    def send(case):
        case.call_and_validate(headers=HOST, excluded_checks=WITHOUT)

    with contextlib.suppress(Unsatisfiable):  # one that takes nothing can be sent nothing wrong
        send()


def takes_more_than_a_path(operation):
    return any(operation.query) or any(operation.body)


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_answers_are_as_documented(operations, mode):
    assert len(operations) > 30
    for operation in operations:
        # Any text may stand in a path: looking for one that may not takes longest, and is for the slow tier.
        if mode == "negative" and not takes_more_than_a_path(operation):
            continue
        send_many(operation, 3, schemathesis.GenerationMode(mode))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_many_answers_are_as_documented(operations, mode):
    for operation in operations:
        send_many(operation, int(os.environ.get("AUTOTUNE_EXAMPLES", "60")), schemathesis.GenerationMode(mode))
