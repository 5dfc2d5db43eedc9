from dataclasses import replace

import pytest

from autotune.engines.deployment import SecretRef, Volume
from autotune.run.docker.spec import container_body
from autotune.schema import DockerExecutor
from tests.emit.cases import AMD, CPU, FULL, HOSTILE, PLAIN


def body(deployment, *, devices=(), cpus=(), environ=None, labels=None, **settings):
    return container_body(
        deployment, DockerExecutor(name="docker", **settings), devices=devices, publish_ip="127.0.0.1",
        labels=labels or {}, environ=environ or {}, cpus=cpus,
    )  # fmt: skip


def test_the_command_is_the_deployments_own_whatever_the_images_entry_point():
    made = body(HOSTILE)
    assert [*made["Entrypoint"], *made["Cmd"]] == list(HOSTILE.argv)
    assert made["Env"] == [f"{name}={value}" for name, value in sorted(HOSTILE.env.items())]


def test_the_port_is_a_free_one_of_the_address_that_is_published_on():
    made = body(PLAIN)
    assert made["ExposedPorts"] == {"8000/tcp": {}}
    assert made["HostConfig"]["PortBindings"] == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    assert made["HostConfig"]["ShmSize"] == PLAIN.shm_bytes


def test_the_gpus_set_aside_are_named_and_others_counted():
    assert body(PLAIN, devices=("2", "GPU-5"))["HostConfig"]["DeviceRequests"] == [
        {"Capabilities": [["gpu"]], "DeviceIDs": ["2", "GPU-5"]}
    ]
    assert body(PLAIN)["HostConfig"]["DeviceRequests"] == [{"Capabilities": [["gpu"]], "Count": 2}]
    assert "DeviceRequests" not in body(CPU)["HostConfig"]


def test_the_cores_set_aside_are_a_set_of_the_containers_own():
    assert body(CPU, cpus=(0, 1, 2, 8))["HostConfig"]["CpusetCpus"] == "0-2,8"
    assert "CpusetCpus" not in body(CPU)["HostConfig"]


def test_amd_gpus_are_devices_and_a_variable_says_which():
    made = body(AMD, devices=("1", "3"))
    assert [item["PathOnHost"] for item in made["HostConfig"]["Devices"]] == ["/dev/kfd", "/dev/dri"]
    assert made["HostConfig"]["GroupAdd"] == ["video"]
    assert "HIP_VISIBLE_DEVICES=1,3" in made["Env"]
    assert "DeviceRequests" not in made["HostConfig"]


def test_mounts():
    volumes = (*FULL.volumes, Volume("h", "/h", host_path="/data", sub_path="llama", read_only=True))
    assert body(replace(FULL, volumes=volumes), volumes=("/usr:/usr:ro", "cache:/c"))["HostConfig"]["Mounts"] == [
        {"Type": "volume", "Target": "/models", "ReadOnly": True, "Source": "llama-weights", "VolumeOptions": {"Subpath": "checkpoints"}},
        {"Type": "bind", "Target": "/cache", "ReadOnly": False, "Source": "/data/hf-cache"},
        {"Type": "volume", "Target": "/scratch", "ReadOnly": False},
        {"Type": "tmpfs", "Target": "/pages", "ReadOnly": False, "TmpfsOptions": {"SizeBytes": 1500 * 2**20}},
        {"Type": "bind", "Target": "/h", "ReadOnly": True, "Source": "/data/llama"},
        {"Type": "bind", "Target": "/usr", "ReadOnly": True, "Source": "/usr"},
        {"Type": "volume", "Target": "/c", "ReadOnly": False, "Source": "cache"},
    ]  # fmt: skip


def test_secrets_come_from_the_caller_by_name_and_nothing_else_does():
    deployment = replace(PLAIN, env={"A": "1"}, secrets=(SecretRef("HF_TOKEN", "hub", "HF_TOKEN"),))
    environ = {"HF_TOKEN": "hf_x", "PASSED": "p", "PATH": "/bin"}
    assert body(deployment, environ=environ, env={"A": "2", "B": "3"}, pass_env=("PASSED",))["Env"] == [
        "A=2", "B=3", "HF_TOKEN=hf_x", "PASSED=p",
    ]  # fmt: skip


def test_the_labels_are_those_of_everything_emitted_and_the_runs_own():
    labels = body(PLAIN, labels={"autotune/run": "r"})["Labels"]
    assert labels["autotune/run"] == "r"
    assert labels["app.kubernetes.io/instance"] == PLAIN.name


@pytest.mark.parametrize("text", ["usr:/usr:rw", "~/models:/models", "/a b:/c:ro"])
def test_volumes_as_docker_writes_them(text):
    assert DockerExecutor(name="docker", volumes=(text,)).volumes == (text,)


@pytest.mark.parametrize("text", ["/usr", "./models:/models", "/a:b", "/a:/b:rx", "/a:/b:ro:z", ":/b"])
def test_other_texts_are_no_volumes(text):
    with pytest.raises(ValueError, match="volumes"):
        DockerExecutor(name="docker", volumes=(text,))
