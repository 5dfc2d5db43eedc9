"""Every row of the table against every known version, so that no `since` or `until` is a guess."""

import pytest

from autotune.engines.known import known_flags, known_versions
from autotune.engines.table import serving_paths
from autotune.engines.trtllm import ROWS, TABLE
from autotune.schema import field_paths

VERSIONS = known_versions("trtllm")


def is_known(row, version):
    """Whether the version has the flag or the key that the row writes."""
    known = known_flags("trtllm", version)
    if row.flag is not None:
        return known.find(row.flag) is not None
    return row.key is None or row.key in known.file or any(row.key in flag.names for flag in known.file.values())


def test_the_versions_from_1_0_to_1_3_are_known():
    assert {version.rpartition(".")[0] for version in VERSIONS} == {"1.0", "1.1", "1.2", "1.3"}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_active_row_writes_only_what_the_version_has(version):
    wrong = [(row.path, row.target) for row in ROWS if row.holds_for(version) and not is_known(row, version)]
    assert wrong == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_rests_only_where_the_version_lacks_it_or_another_row_has_the_path(version):
    active = {row.path for row in ROWS if row.holds_for(version)}
    idle = [row for row in ROWS if not row.holds_for(version) and row.path not in active and is_known(row, version)]
    assert idle == []


@pytest.mark.parametrize("version", VERSIONS)
def test_flags_are_underscored_and_the_address_is_known(version):
    known = known_flags("trtllm", version)
    assert [name for name in known.flags if "-" in name.removeprefix("--")] == []
    assert known.find("--tp-size") is None
    assert known.find("--host")
    assert known.find("--port")
    assert known.find("--config") or known.find("--extra_llm_api_options")


def test_every_row_is_about_a_setting_that_exists():
    assert {row.path for row in ROWS} | TABLE.own <= set(field_paths())


def test_what_tensorrt_llm_cannot_express_is_a_choice_made_here():
    covered = {row.path for row in ROWS} | TABLE.own
    assert set(serving_paths()) - covered == {
        "scheduling.max_queued_requests",
        "scheduling.mode",
        "attention.prefill_backend",
        "attention.decode_backend",
        "attention.chunked_prefill_size",
        "misc.limit_mm_per_prompt",
        "misc.seed",
        "misc.speculative.num_steps",
    }
