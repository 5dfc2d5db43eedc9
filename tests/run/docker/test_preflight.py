import os
from dataclasses import replace

from autotune.diagnostics import render_text
from autotune.engines.deployment import SecretRef, Volume
from autotune.run.docker.address import Address
from autotune.run.docker.engine import DockerEngine
from autotune.run.docker.preflight import check_engine, exposure, gpu_doubts
from autotune.schema import DockerExecutor
from tests.emit.cases import AMD, CPU, PLAIN, TWO_NODES


class StandIn(DockerEngine):
    """In the place of an engine: says what it is told to, about GPUs and versions that nobody has here."""

    def __init__(
        self, url="unix:///run/docker.sock", *, api="1.47", runtimes=("runc", "nvidia"), images=(), volumes=()
    ):
        super().__init__(Address(url))
        self._said = {"ApiVersion": api, "Runtimes": {name: {} for name in runtimes}}
        self._images, self._volumes = images, volumes

    def info(self):
        return self._said

    def has_image(self, image):
        return image in self._images

    def has_volume(self, name):
        return name in self._volumes


def check(engine, deployment, environ=os.environ, **settings):
    found = check_engine(engine, deployment, DockerExecutor(name="docker", **settings), environ)
    return [(item.code, item.path) for item in found]


def test_an_engine_without_a_sign_of_the_toolkit_is_doubted():
    (found,) = gpu_doubts({"Runtimes": {"runc": {}}}, PLAIN)
    assert render_text([found]).startswith("warning[AT120]: the Docker engine lists no NVIDIA runtime")


def test_an_engine_that_lists_the_runtime_is_not_doubted():
    assert list(gpu_doubts({"Runtimes": {"runc": {}, "nvidia": {}}}, PLAIN)) == []
    assert list(gpu_doubts({"Runtimes": {"runc": {}}, "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}]}, PLAIN)) == []
    assert list(gpu_doubts({"Runtimes": {"runc": {}}}, CPU)) == []


def test_a_server_on_another_machine_is_open_to_whoever_reaches_it():
    (found,) = exposure(Address("tcp://192.0.2.7:2375"))
    assert (found.code, found.path) == ("AT120", "executor.host")
    assert "192.0.2.7" in found.message
    assert list(exposure(Address("tcp://127.0.0.1:2375"))) == []
    assert list(exposure(Address("unix:///run/docker.sock"))) == []


def test_an_engine_that_has_all_is_no_finding():
    assert check(StandIn(), PLAIN) == []


def test_an_image_that_may_not_be_pulled_has_to_be_there():
    assert check(StandIn(), PLAIN, pull="never") == [("AT045", "system.image")]
    assert check(StandIn(images=(PLAIN.image,)), PLAIN, pull="never") == []


def test_several_nodes_are_not_one_machine():
    assert check(StandIn(), TWO_NODES) == [("AT015", "system.nodes")]


def test_what_the_container_gets_by_name_has_to_be_set():
    deployment = replace(PLAIN, secrets=(SecretRef("HF_TOKEN", "hub", "HF_TOKEN"),))
    missing = [("AT045", "deploy.hf_token_secret"), ("AT045", "executor.pass_env")]
    assert check(StandIn(), deployment, {}, pass_env=("X",)) == missing
    assert check(StandIn(), deployment, {"HF_TOKEN": "hf_x", "X": ""}, pass_env=("X",)) == []


def test_mounts_have_to_be_there_where_that_can_be_seen(tmp_path):
    here = replace(PLAIN, volumes=(Volume("m", "/models", host_path=f"{tmp_path}/none"),))
    assert check(StandIn(), here) == [("AT045", "deploy.host_path")]
    assert check(StandIn("tcp://127.0.0.1:2375"), here) == []
    assert check(StandIn(), PLAIN, volumes=(f"{tmp_path}/none:/a", f"{tmp_path}:/b")) == [("AT045", "executor.volumes")]
    claim = replace(PLAIN, volumes=(Volume("m", "/models", pvc="weights", sub_path="v2"),))
    assert check(StandIn(), claim) == [("AT045", "deploy.pvc")]
    assert check(StandIn(volumes=("weights",)), claim) == []
    assert check(StandIn(volumes=("weights",), api="1.44"), claim) == [("AT045", "deploy.pvc_subpath")]


def test_amd_gpus_need_their_devices_on_this_machine():
    if os.path.exists("/dev/kfd"):  # noqa: PTH110
        return
    assert {code for code, _ in check(StandIn(), AMD)} == {"AT045"}
    assert check(StandIn("tcp://127.0.0.1:2375"), AMD) == []
