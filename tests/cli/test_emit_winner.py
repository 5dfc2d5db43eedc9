"""emit --run: from a stored run to a package, with nothing run again."""

import io
import json
import tarfile

import pytest

from autotune.store import Store

FAST = ["executor=emulated", "executor.speed=200", "benchmark=smoke", "system.gpu=h100_sxm", "model.id=Qwen/Qwen3-8B"]
MINE = """\
description: Mine.
layers:
  all:
    set: {scheduling.max_running_requests: 96}
"""


@pytest.fixture
def swept(autotune, tmp_path):
    """A run of two points under a profile of the user's own."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(MINE)
    done = autotune(*FAST, "+profile=mine", "parallel.tp=1,2", "misc.env.MY_API_KEY=abcdefghijkl", "-m")
    assert done.code == 0, done.err
    return autotune


def test_the_winner_is_packed_with_everything_about_it(swept, tmp_path):
    done = swept("emit", "--run", "2", "--pick", "best", "--target", "k8s,shell", "-o", "won")
    assert (done.code, done.codes) == (0, ["AT171"]), done.err
    won = tmp_path / "won"
    files = {str(path.relative_to(won)) for path in won.rglob("*") if path.is_file()}
    assert files >= {"README.md", "task.yaml", "metrics.json", "provenance.json", "environment.json", "deployment.json"}
    assert sum(name.startswith("manifests/") for name in files) >= 2
    deployment = json.loads((won / "deployment.json").read_text())
    (again,) = swept("compile", "won/task.yaml", "--format", "json").json
    assert again["deployment"]["argv"] == deployment["argv"]
    assert again["deployment"]["image"] == deployment["image"]
    metrics = json.loads((won / "metrics.json").read_text())
    best = min(swept("results", "--format", "json").json, key=lambda row: row["score"])
    assert (metrics["point_id"], metrics["metrics"]) == (best["point_id"], best["metrics"])
    readme = (won / "README.md").read_text()
    assert "EMULATED, NOT MEASURED" in readme
    assert "--max-num-seqs" in readme
    origin = json.loads((won / "provenance.json").read_text())["origin"]
    assert "mine" in origin["scheduling.max_running_requests"]
    assert "# " in (won / "task.yaml").read_text()
    everything = "".join(path.read_text() for path in won.rglob("*") if path.is_file())
    assert "abcdefghijkl" not in everything
    assert "MY_API_KEY" in readme
    assert "(hidden)" not in (won / "task.yaml").read_text()


def test_an_archive_is_the_same_bytes_each_time_and_holds_the_folder(swept, tmp_path):
    for name in ("one.tar.gz", "two.tar.gz"):
        (tmp_path / name[:3]).mkdir()
        assert swept("emit", "--run", "2", "-t", "compose", "-o", f"{name[:3]}/won.tar.gz").code == 0
    first, second = ((tmp_path / name / "won.tar.gz").read_bytes() for name in ("one", "two"))
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        names = tar.getnames()
        assert "won/task.yaml" in names
        assert all(member.mtime == 0 and member.uid == 0 for member in tar)
        assert names == sorted(names)


def test_a_point_is_packed_by_its_id(swept, tmp_path):
    rows = swept("results", "--format", "json").json
    for row in rows:
        assert swept("emit", "--pick", row["point_id"], "-o", row["point_id"]).code == 0
        assert json.loads((tmp_path / row["point_id"] / "metrics.json").read_text())["point_id"] == row["point_id"]


def test_a_pick_that_is_not_there_says_what_is(swept, tmp_path):
    done = swept("emit", "--run", "2", "--pick", "slo", "-o", "won")
    assert (done.code, done.codes) == (2, ["AT063"])
    assert "best" in done.err.partition("help")[2]
    done = swept("emit", "--run", "2", "--pick", "zzz", "-o", "won")
    assert (done.code, done.codes) == (2, ["AT031"])
    done = swept("emit", "--run", "nowhere", "-o", "won")
    assert (done.code, done.codes) == (2, ["AT031"])
    done = swept("emit", "--run", "2", "--pick", "best", "-t", "k9s", "-o", "won")
    assert (done.code, done.codes) == (2, ["AT029"])
    assert not (tmp_path / "won").exists()


@pytest.mark.parametrize("words", [["parallel.tp=2", "-o", "won"], []])
def test_a_package_takes_no_overrides_and_needs_a_place(swept, words):
    done = swept("emit", "--run", "2", *words)
    assert (done.code, done.codes) == (2, ["AT004"])
    assert "--pick best" in done.err


def test_a_profile_that_changed_since_is_said_and_the_package_has_what_was_measured(swept, tmp_path):
    (tmp_path / "profiles" / "mine.yaml").write_text(MINE.replace("96", "48"))
    done = swept("emit", "--pick", "best", "-o", "won")
    assert (done.code, done.codes) == (0, ["AT172", "AT171"]), done.err
    argv = json.loads((tmp_path / "won" / "deployment.json").read_text())["argv"]
    assert argv[argv.index("--max-num-seqs") + 1] == "96"
    manifest = "".join(path.read_text() for path in (tmp_path / "won" / "manifests").rglob("*.yaml"))
    assert "96" in manifest
    assert '"48"' not in manifest
    (tmp_path / "profiles" / "mine.yaml").unlink()
    assert swept("emit", "--pick", "best", "-o", "gone").code == 0


def test_what_was_measured_needs_no_warning(swept, tmp_path):
    from dataclasses import replace

    with Store() as store:
        record = store.find_run()
        results = store.results(record.run_id)
        told = [
            replace(item, kind="measured", run_id="real", measurements=tuple(replace(m, kind="measured") for m in item.measurements))
            for item in results
        ]  # fmt: skip
        store.save_run(replace(record, run_id="real", fingerprint="other"), [(item, ()) for item in told])
    done = swept("emit", "--run", "real", "--pick", "best", "-o", "won")
    assert (done.code, done.codes) == (0, []), done.err
    assert "NOT MEASURED" not in (tmp_path / "won" / "README.md").read_text()
