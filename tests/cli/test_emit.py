import json
import stat

import yaml

WORDS = ["emit", "+profile=fp8_quantized", "parallel.tp=2,4", "-m", "--target", "k8s,docker,compose,shell"]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_manifests_on_disk_the_same_bytes_twice(autotune, tmp_path):
    assert autotune(*WORDS, "-o", "out").code == 0
    assert autotune(*WORDS, "-o", "again").code == 0
    assert files(tmp_path / "out") == files(tmp_path / "again")
    assert len(files(tmp_path / "out")) == 8
    assert not (tmp_path / "data").exists(), "nothing is run or stored"


def test_scripts_are_executable(autotune, tmp_path):
    autotune(*WORDS, "-o", "out")
    for path in (tmp_path / "out").rglob("*.sh"):
        assert path.stat().st_mode & stat.S_IXUSR


def test_a_manifest_carries_what_compile_showed(autotune, tmp_path):
    point = autotune("compile", "+profile=fp8_quantized", "parallel.tp=2", "--format", "json").json[0]
    text = autotune("emit", "+profile=fp8_quantized", "parallel.tp=2", "-t", "k8s").out
    deployment = next(document for document in yaml.safe_load_all(text) if document["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert [word.replace("$$", "$") for word in [*container["command"], *container.get("args", [])]] == point[
        "deployment"
    ]["argv"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] in (2, "2")
    assert point["id"] in json.dumps(deployment["metadata"])
    assert "fp8_quantized" in json.dumps(deployment["spec"]["template"]["metadata"]["annotations"])


def test_points_that_share_a_server_share_its_manifest(autotune, tmp_path):
    autotune("emit", "benchmark.num_concurrency=1,8", "-m", "-o", "out")
    assert len(files(tmp_path / "out")) == 1


def test_a_folder_that_cannot_be_written_to(autotune, tmp_path):
    (tmp_path / "out").write_text("a file")
    done = autotune("emit", "-o", "out")
    assert done.code == 2
    assert "AT001" in done.codes
