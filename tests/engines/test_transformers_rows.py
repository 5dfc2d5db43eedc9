"""Every row of the table against every known version, so that no `since` or `until` is a guess."""

from itertools import combinations

import pytest

from autotune.engines.known import known_flags, known_versions
from autotune.engines.table import serving_paths
from autotune.engines.transformers import ROWS, TABLE
from autotune.schema import field_paths

VERSIONS = known_versions("transformers")


def is_known(row, version):
    known = known_flags("transformers", version)
    return all(known.find(name) for name in (row.flag, row.off) if name)


def test_every_minor_version_since_5_0_is_known():
    assert [version.split(".")[1] for version in VERSIONS] == [str(minor) for minor in range(24)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_is_active_exactly_where_the_version_has_its_flags(version):
    wrong = [(row.path, row.target) for row in ROWS if row.holds_for(version) != is_known(row, version)]
    assert wrong == []


@pytest.mark.parametrize("version", VERSIONS)
def test_switches_are_switches(version):
    known = known_flags("transformers", version)
    for row in ROWS:
        if row.off is not None and row.holds_for(version):
            assert known.find(row.flag).flag.kind == "pair", row
    for name in ("--host", "--port", "--continuous-batching", "--device"):
        assert name in known.flags


def test_no_two_rows_write_one_path_to_one_place_in_one_version():
    for one, other in combinations(ROWS, 2):
        if (one.path, one.target) == (other.path, other.target):
            assert [version for version in VERSIONS if one.holds_for(version) and other.holds_for(version)] == []


def test_every_row_is_about_a_setting_that_exists():
    assert {row.path for row in ROWS} | TABLE.own <= set(field_paths())


def test_what_transformers_cannot_express_is_a_choice_made_here():
    covered = {row.path for row in ROWS} | TABLE.own
    assert set(serving_paths()) - covered == {
        "model.tokenizer",
        "scheduling.conservativeness",
        "scheduling.max_running_requests",
        "scheduling.max_queued_requests",
        "scheduling.mode",
        "scheduling.overlap",
        "attention.prefill_backend",
        "attention.decode_backend",
        "attention.chunked_prefill_size",
        "attention.moe_backend",
        "misc.context_length",
        "misc.cuda_graph_sizes",
        "misc.limit_mm_per_prompt",
        "misc.reasoning_parser",
        "misc.speculative.method",
        "misc.speculative.model",
        "misc.speculative.num_steps",
        "misc.speculative.num_tokens",
        "misc.speculative.topk",
        "misc.tool_call_parser",
    }
