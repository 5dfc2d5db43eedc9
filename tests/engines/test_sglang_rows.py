"""Every row of the table against every known version, so that no `since` or `until` is a guess."""

from itertools import combinations

import pytest

from autotune.engines.known import known_flags, known_versions
from autotune.engines.sglang import ROWS, TABLE
from autotune.engines.table import serving_paths
from autotune.schema import field_paths

VERSIONS = known_versions("sglang")


def is_known(row, version):
    """Whether the version has everything that the row writes."""
    known = known_flags("sglang", version)
    if row.env is not None:
        return row.env in known.env
    return all(known.find(name) for name in (row.flag, row.off, *(flag for flag, *_ in row.also)) if name)


def test_the_versions_reach_from_0_5_2_without_a_gap():
    assert tuple(f"0.5.{patch}" for patch in range(2, 24)) == VERSIONS


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
def test_no_row_writes_a_flag_that_the_version_calls_deprecated(version):
    known = known_flags("sglang", version)
    names = {name for row in ROWS if row.holds_for(version) for name in (row.flag, row.off) if name}
    assert [name for name in sorted(names) if known.find(name).flag.deprecated] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_switches_are_flags_without_a_value(version):
    known = known_flags("sglang", version)
    for row in ROWS:
        if row.holds_for(version) and row.off is not None:
            assert known.find(row.off).flag.kind == "bare", row


def test_no_two_rows_write_one_path_to_one_place_in_one_version():
    for one, other in combinations(ROWS, 2):
        if (one.path, one.target) == (other.path, other.target) and one.target is not None:
            assert [version for version in VERSIONS if one.holds_for(version) and other.holds_for(version)] == []


def test_every_row_is_about_a_setting_that_exists():
    assert {row.path for row in ROWS} | TABLE.own <= set(field_paths())


def test_what_sglang_cannot_express_is_a_choice_made_here():
    covered = {row.path for row in ROWS} | TABLE.own
    assert set(serving_paths()) - covered == {"model.aliases", "scheduling.mode"}


@pytest.mark.parametrize("version", VERSIONS)
def test_flags_are_written_in_full(version):
    """The parser takes `--pp` and `--cuda-graph-bs` for the beginning of several flags in newer versions."""
    known = known_flags("sglang", version)
    for row in ROWS:
        if row.holds_for(version) and row.flag is not None:
            flag = known.find(row.flag).flag
            assert row.flag in (flag.name, *flag.names)
