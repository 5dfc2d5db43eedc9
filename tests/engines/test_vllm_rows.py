"""Every row of the table against every known version, so that no `since` or `until` is a guess."""

from itertools import combinations

import pytest

from autotune.engines.known import known_flags, known_versions
from autotune.engines.table import serving_paths
from autotune.engines.vllm import ROWS, TABLE
from autotune.schema import field_paths

VERSIONS = known_versions("vllm")


def is_known(row, version):
    """Whether the version has everything that the row writes."""
    known = known_flags("vllm", version)
    if row.env is not None:
        return row.env in known.env
    flags = [name for name in (row.flag, row.off, *(flag for flag, *_ in row.also)) if name]
    found = [known.find(name) for name in flags]
    if not all(found):
        return False
    return row.key is None or row.key in known.flags[row.flag].keys


@pytest.mark.parametrize("version", VERSIONS)
def test_an_active_row_writes_only_what_the_version_has(version):
    wrong = [(row.path, row.target) for row in ROWS if row.holds_for(version) and not is_known(row, version)]
    assert wrong == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_rests_only_where_the_version_lacks_it_or_another_row_has_the_path(version):
    active = {row.path for row in ROWS if row.holds_for(version)}
    idle = [
        (row.path, row.target)
        for row in ROWS
        if not row.holds_for(version) and row.path not in active and is_known(row, version)
    ]
    assert idle == []


@pytest.mark.parametrize("version", VERSIONS)
def test_flags_are_of_the_kind_that_the_row_takes_them_for(version):
    known = known_flags("vllm", version)
    for row in ROWS:
        if not row.holds_for(version) or row.env is not None:
            continue
        if row.off is not None:
            assert known.find(row.off).flag.kind in ("pair", "bare"), row
        if row.key is not None:
            assert known.flags[row.flag].kind == "json", row


def test_no_two_rows_write_one_path_to_one_place_in_one_version():
    for one, other in combinations(ROWS, 2):
        if (one.path, one.target) == (other.path, other.target):
            assert [version for version in VERSIONS if one.holds_for(version) and other.holds_for(version)] == []


def test_every_row_is_about_a_setting_that_exists():
    assert {row.path for row in ROWS} | TABLE.own <= set(field_paths())


def test_what_vllm_cannot_express_is_a_choice_made_here():
    covered = {row.path for row in ROWS} | TABLE.own
    assert set(serving_paths()) - covered == {
        "scheduling.conservativeness",
        "attention.decode_backend",
        "misc.speculative.num_steps",
        "misc.speculative.topk",
    }


def test_a_quantization_that_vllm_makes_while_loading_is_in_some_version():
    values = set().union(*(known_flags("vllm", version).flags["--quantization"].takes for version in VERSIONS))
    row = next(row for row in ROWS if row.flag == "--quantization")
    assert {value for value in row.values.values() if value is not None} <= values
