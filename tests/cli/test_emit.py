import json
import os
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


def test_files_that_hold_what_they_should_are_left_alone(autotune, tmp_path):
    words = ["emit", "--target", "k8s,shell", "-o", "out", "parallel.tp=2"]
    first = autotune(*words).out
    manifest, script = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    text = manifest.read_text()
    for path in (manifest, script):
        os.utime(path, (1, 1))
    assert autotune(*words).out == first
    assert (manifest.stat().st_mtime, script.stat().st_mtime) == (1, 1)
    manifest.write_text(text.replace("replicas: 1", "replicas: 2"))
    script.chmod(0o600)
    autotune(*words)
    assert manifest.read_text() == text
    assert script.stat().st_mode & 0o777 == 0o755
    manifest.unlink()
    manifest.symlink_to(script)
    autotune(*words)
    assert (manifest.read_text(), manifest.is_symlink()) == (text, False)


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


def test_a_sweep_has_one_base_with_an_overlay_and_one_chart_with_values_for_each_server(autotune, tmp_path):
    done = autotune("emit", "parallel.tp=2,4", "-m", "-t", "kustomize,helm", "-o", "out")
    assert done.code == 0
    names = sorted(path.name for path in (tmp_path / "out" / "kustomize" / "overlays").iterdir())
    assert len(names) == 2
    values = {path.name for path in (tmp_path / "out" / "helm").glob("values*.yaml")}
    assert values == {"values.yaml", *(f"values-{name}.yaml" for name in names)}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"helm", "kustomize"}


def test_the_objects_of_a_server_that_is_to_be_kept_running(autotune):
    words = ["deploy=monitored", "deploy.autoscale.kind=hpa", "deploy.autoscale.max_replicas=4"]
    kinds = [item["kind"] for item in yaml.safe_load_all(autotune("emit", *words, "-t", "k8s").out)]
    assert kinds == ["Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ServiceMonitor"]


def test_what_an_engine_does_not_show_is_refused_with_what_to_do(autotune, tmp_path):
    done = autotune("emit", "deploy=monitored", "system.backend=transformers", "-t", "k8s", "-o", "out")
    assert done.code == 2
    assert "AT029" in done.codes
    assert "deploy.monitor" in done.err
    assert not (tmp_path / "out").exists()
