"""The user's own profiles: written whole, checked first, nobody else's overwritten."""

import pytest

from autotune.diagnostics import InputError
from autotune.workspace.load import load_workspace
from autotune.workspace.profile_files import is_own, own_folder, remove_profile, save_profile

GOOD = "description: mine\nlayers:\n  a:\n    set: {parallel.tp: 2}\n"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("AUTOTUNE_PROFILES", raising=False)
    monkeypatch.chdir(tmp_path)
    return load_workspace().shelf


def codes(refused):
    return [item.code for item in refused.value.diagnostics]


def test_saved_changed_and_removed(shelf):
    path = save_profile(shelf, "mine", GOOD.replace("\n", "\r\n"))
    assert path == own_folder() / "mine.yaml"
    assert path.read_text() == GOOD
    assert shelf["mine"].description == "mine"
    assert is_own(shelf, "mine")
    save_profile(shelf, "mine", GOOD.replace("mine", "better"), replace=True)
    assert shelf["mine"].description == "better"
    remove_profile(shelf, "mine")
    assert "mine" not in shelf
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".hidden", "x" * 65, "new", "a\0b", "a b", "..", "con.yaml"])
def test_names_that_could_lead_elsewhere_are_refused(shelf, name, tmp_path):
    with pytest.raises(InputError) as refused:
        save_profile(shelf, name, GOOD)
    assert codes(refused) == ["AT007"]
    assert not list(tmp_path.rglob("*.yaml"))


def test_built_in_profiles_and_those_of_other_folders_stay(shelf, tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "team.yaml").write_text(GOOD)
    shelf.refresh()
    for name, whose in (("balanced", "built in"), ("team", "profiles/team.yaml")):
        with pytest.raises(InputError) as refused:
            save_profile(shelf, name, GOOD, replace=True)
        assert whose in refused.value.diagnostics[0].message
        with pytest.raises(InputError):
            remove_profile(shelf, name)
    assert (tmp_path / "profiles" / "team.yaml").read_text() == GOOD


def test_every_mistake_is_told_and_nothing_is_written(shelf):
    with pytest.raises(InputError) as refused:
        save_profile(shelf, "mine", "layers:\n  a:\n    when: gpu.nope\n    set: {parallel.tpp: 2}\n")
    assert set(codes(refused)) >= {"AT002", "AT008"}
    assert not own_folder().exists()


def test_one_of_that_name_is_replaced_only_when_it_is_said(shelf):
    save_profile(shelf, "mine", GOOD)
    with pytest.raises(InputError) as refused:
        save_profile(shelf, "mine", GOOD)
    assert "already" in refused.value.diagnostics[0].message
