"""What every test may use: golden files, and the one flag that rewrites them."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C for what it starts with `&`, and every process that a test starts and interrupts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# How long an example takes says how busy the machine is; what is fast and what is not, benchmarks/ measures.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A container is often told to write no bytecode. Then each worker would rewrite the assertions of every test module, and each
# process that a test starts would compile the package anew: a fifth of the run.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files with what the code gives now")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time a test waits for a server or a clock."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Property tests can be chosen, to be run with all of their examples."""
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("property")


def pytest_collection_finish() -> None:
    """Thousands of tests and their parameters stay till the end: the collector need not look through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(path, text)`: the text must be what the file `golden/<path>` beside the test module holds, byte for byte."""
    folder = request.path.parent / "golden"

    def compare(path: str, text: str) -> None:
        file = folder / path
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        if not file.is_file():
            pytest.fail(f"there is no {file.name} in {file.parent}; `pytest --update-golden` writes it")
        assert text == file.read_bytes().decode(), f"{path} differs; `pytest --update-golden` takes the new text"

    return compare
