from types import SimpleNamespace

import pynvml
import pytest

from autotune.workspace.hardware import GpuPlace, numa_node, nvidia_places


@pytest.fixture
def bus(tmp_path):
    def add(address, node):
        (tmp_path / address).mkdir()
        (tmp_path / address / "numa_node").write_text(f"{node}\n")

    add("0000:3b:00.0", 1)
    add("0000:5e:00.0", -1)
    return tmp_path


def test_the_numa_node_of_a_gpu_is_what_the_kernel_says_of_its_bus_address(bus):
    assert numa_node("00000000:3B:00.0", bus) == 1
    assert numa_node("00000000:5E:00.0", bus) is None, "-1 is the kernel's word for unknown"
    assert numa_node("00000000:AF:00.0", bus) is None


def test_gpus_are_listed_with_number_and_uuid_whatever_type_the_binding_gives(monkeypatch):
    """A stand-in for NVML: there is no GPU to ask here."""
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda number: number)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetPciInfo", lambda handle: SimpleNamespace(busId=b"FFFFFFFF:FF:1F.7"))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda handle: ["GPU-a", b"GPU-b"][handle])
    nvidia_places.cache_clear()
    try:
        assert nvidia_places() == (GpuPlace(0, "GPU-a"), GpuPlace(1, "GPU-b"))
    finally:
        nvidia_places.cache_clear()
