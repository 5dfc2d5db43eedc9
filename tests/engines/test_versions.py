import pytest

from autotune.diagnostics import InputError
from autotune.engines import ENGINES, find_engine, resolve_version

VLLM = ENGINES["vllm"]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (None, "0.33.0"),
        ("0.33", "0.33.0"),
        ("v0.33.0", "0.33.0"),
        ("0.33.1", "0.33.0"),
        ("v0.33.1-cu129", "0.33.0"),
        ("0.32.0+cpu", "0.32.0"),
        ("0.33.0rc1", "0.33.0"),
        ("0.11.0", "0.11.2"),
        ("0.10", "0.10.2"),
    ],
)
def test_a_version_means_the_known_release_of_its_minor(wanted, version):
    assert resolve_version(VLLM, wanted) == version


@pytest.mark.parametrize("wanted", ["0.34.0", "1.0", "0.9.2", "0"])
def test_an_unknown_minor_is_an_error_that_lists_the_known_ones(wanted):
    with pytest.raises(InputError) as caught:
        resolve_version(VLLM, wanted)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.path) == ("AT020", "system.backend_version")
    assert "0.10.2" in finding.help
    assert "0.33.0" in finding.help


def test_a_minor_with_several_known_releases_gives_the_nearest_one_not_past_the_wanted():
    class Two:
        name = "two"

        def versions(self):
            return ("0.5.2", "0.5.10", "0.5.23")

    assert resolve_version(Two(), "0.5.12") == "0.5.10"
    assert resolve_version(Two(), "0.5.1") == "0.5.2"
    assert resolve_version(Two(), "0.5") == "0.5.23"
    assert resolve_version(Two(), None) == "0.5.23"


def test_an_engine_is_found_by_name():
    assert find_engine("vllm", ENGINES) is VLLM


def test_an_unknown_engine_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError) as caught:
        find_engine("vlm", ENGINES)
    (finding,) = caught.value.diagnostics
    assert finding.code == "AT020"
    assert "vllm" in finding.help
