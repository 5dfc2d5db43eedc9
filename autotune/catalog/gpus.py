"""GPUs as sold. FLOPS are dense: data sheets print the sparse figure (twice as much) for Ampere and later.

`memory_bytes` is what the driver reports (`nvidia-smi`, NVML), which is a little under the GiB of the name on some
products and a little over the GB of it on others. `bf16` stands for 16 bit arithmetic: Turing has FP16 only, which engines
fall back to. `link_gb_s` and `node_link_gb_s` are one direction: data sheets of
NVLink and Infinity Fabric print both directions together. The network share assumes one port a GPU, as in the vendors'
own reference nodes: 400 Gb/s beside Hopper and MI300, 200 Gb/s beside Ampere, 800 Gb/s beside Blackwell.
"""

from __future__ import annotations

from typing import Any, Literal

from autotune.catalog.facts import Format, Gpu

MIB = 1024**2
GIB = 1024**3

#: What NVIDIA GPU feature discovery writes: the product name with dashes for blanks.
_NVIDIA_LABEL = "nvidia.com/gpu.product"

_PCIE_GEN3 = 16.0
_PCIE_GEN4 = 32.0
_PCIE_GEN5 = 64.0


def _nvidia(  # noqa: PLR0917 - a row of a table
    name: str, product: str, architecture: str, memory_mib: int, bandwidth_gb_s: float, tflops: dict[Format, float],
    *, link_gb_s: float, nvlink: bool, node_link_gb_s: float, label: str, source: str, **more: Any,
) -> Gpu:  # fmt: skip
    settings: dict[str, Any] = {"gpus_per_node": 8, "node_labels": {_NVIDIA_LABEL: label} if label else {}, **more}
    return Gpu(
        name=name, product=product, vendor="nvidia", architecture=architecture, memory_bytes=memory_mib * MIB,
        bandwidth_gb_s=bandwidth_gb_s, tflops=tflops, link_gb_s=link_gb_s, nvlink=nvlink, node_link_gb_s=node_link_gb_s,
        source=source, **settings,
    )  # fmt: skip


def _other(vendor: Literal["amd", "cpu"], name: str, **facts: Any) -> Gpu:
    return Gpu(name=name, vendor=vendor, **facts)


GPUS: tuple[Gpu, ...] = (
    _nvidia("h100_sxm", "NVIDIA H100 80GB HBM3", "hopper", 81559, 3350.0, {"bf16": 989.0, "fp8": 1979.0, "int8": 1979.0},
        link_gb_s=450.0, nvlink=True, node_link_gb_s=50.0, label="NVIDIA-H100-80GB-HBM3", aliases=("h100", "h100_sxm5", "h100_sxm_80"),
        source="NVIDIA H100 Tensor Core GPU data sheet, column H100 SXM, halved from the figures with sparsity"),
    _nvidia("h100_pcie", "NVIDIA H100 PCIe", "hopper", 81559, 2000.0, {"bf16": 756.0, "fp8": 1513.0, "int8": 1513.0},
        link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=50.0, label="NVIDIA-H100-PCIe",
        source="NVIDIA H100 PCIe product brief, specifications; without the optional NVLink bridge"),
    _nvidia("h200_sxm", "NVIDIA H200", "hopper", 143771, 4800.0, {"bf16": 989.0, "fp8": 1979.0, "int8": 1979.0},
        link_gb_s=450.0, nvlink=True, node_link_gb_s=50.0, label="NVIDIA-H200", aliases=("h200",),
        source="NVIDIA H200 Tensor Core GPU data sheet, column H200 SXM, halved from the figures with sparsity"),
    _nvidia("a100_sxm", "NVIDIA A100-SXM4-80GB", "ampere", 81920, 2039.0, {"bf16": 312.0, "int8": 624.0},
        link_gb_s=300.0, nvlink=True, node_link_gb_s=25.0, label="NVIDIA-A100-SXM4-80GB", aliases=("a100", "a100_sxm_80", "a100_sxm4_80"),
        source="NVIDIA A100 Tensor Core GPU data sheet, column A100 80GB SXM, without sparsity"),
    _nvidia("a100_sxm_40", "NVIDIA A100-SXM4-40GB", "ampere", 40960, 1555.0, {"bf16": 312.0, "int8": 624.0},
        link_gb_s=300.0, nvlink=True, node_link_gb_s=25.0, label="NVIDIA-A100-SXM4-40GB", aliases=("a100_sxm4_40",),
        source="NVIDIA A100 Tensor Core GPU data sheet of 2020, column A100 for HGX, without sparsity"),
    _nvidia("a100_pcie", "NVIDIA A100 80GB PCIe", "ampere", 81920, 1935.0, {"bf16": 312.0, "int8": 624.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-A100-80GB-PCIe", aliases=("a100_pcie_80",),
        source="NVIDIA A100 Tensor Core GPU data sheet, column A100 80GB PCIe, without sparsity and NVLink bridge"),
    _nvidia("l40s", "NVIDIA L40S", "ada", 46068, 864.0, {"bf16": 362.0, "fp8": 733.0, "int8": 733.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=50.0, label="NVIDIA-L40S",
        source="NVIDIA L40S data sheet, specifications, the figures without sparsity"),
    _nvidia("l4", "NVIDIA L4", "ada", 23034, 300.0, {"bf16": 121.0, "fp8": 242.0, "int8": 242.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-L4",
        source="NVIDIA L4 data sheet, specifications, halved from the figures with sparsity"),
    _nvidia("b200_sxm", "NVIDIA B200", "blackwell", 183359, 7700.0, {"bf16": 2250.0, "fp8": 4500.0, "fp4": 9000.0, "int8": 4500.0},
        link_gb_s=900.0, nvlink=True, node_link_gb_s=50.0, label="NVIDIA-B200", aliases=("b200",),
        source="NVIDIA DGX B200 and HGX B200 data sheets, an eighth of the board, halved from the figures with sparsity"),
    _nvidia("gb200", "NVIDIA GB200", "blackwell", 189471, 8000.0, {"bf16": 2500.0, "fp8": 5000.0, "fp4": 10000.0, "int8": 5000.0},
        link_gb_s=900.0, nvlink=True, node_link_gb_s=900.0, label="NVIDIA-GB200", aliases=("gb200_nvl72",), gpus_per_node=4,
        source="NVIDIA GB200 NVL72 data sheet, a 72nd of the rack, halved from the figures with sparsity; trays of a rack are joined by NVLink"),
    _nvidia("b300_sxm", "NVIDIA B300 SXM6 AC", "blackwell", 275040, 7750.0, {"bf16": 2250.0, "fp8": 4500.0, "fp4": 14000.0, "int8": 150.0},
        link_gb_s=900.0, nvlink=True, node_link_gb_s=100.0, label="", aliases=("b300",),
        source="NVIDIA Blackwell Ultra data sheet, HGX B300, an eighth of the board; FP4 is printed dense, FP8 and BF16 are halved. Label not verified"),
    _nvidia("rtx_4090", "NVIDIA GeForce RTX 4090", "ada", 24564, 1008.0, {"bf16": 165.2, "fp8": 330.3, "int8": 660.6},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=3.0, label="NVIDIA-GeForce-RTX-4090", aliases=("4090",), gpus_per_node=1,
        source="NVIDIA Ada GPU architecture white paper, appendix A, tensor figures with FP32 accumulation and without sparsity; a desktop with 25 GbE"),
    _nvidia("h100_nvl", "NVIDIA H100 NVL", "hopper", 95830, 3938.0, {"bf16": 835.0, "fp8": 1671.0, "int8": 1671.0},
        link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=50.0, label="NVIDIA-H100-NVL",
        source="NVIDIA H100 NVL product brief and data sheet, halved from the figures with sparsity; without the bridge, which joins two cards only"),
    _nvidia("h200_nvl", "NVIDIA H200 NVL", "hopper", 143771, 4800.0, {"bf16": 835.0, "fp8": 1671.0, "int8": 1671.0},
        link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=50.0, label="NVIDIA-H200-NVL",
        source="NVIDIA H200 data sheet, column H200 NVL, halved from the figures with sparsity; without the bridge, which joins four cards at most"),
    _nvidia("h20", "NVIDIA H20", "hopper", 97871, 4000.0, {"bf16": 148.0, "fp8": 296.0, "int8": 296.0},
        link_gb_s=450.0, nvlink=True, node_link_gb_s=50.0, label="NVIDIA-H20", aliases=("h20_sxm",),
        source="NVIDIA H20 data sheet as quoted by resellers, the figures without sparsity; memory as nvidia-smi prints it, from memory"),
    _nvidia("gh200", "NVIDIA GH200 480GB", "hopper", 97871, 4000.0, {"bf16": 990.0, "fp8": 1979.0, "int8": 1979.0},
        link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=50.0, label="NVIDIA-GH200-480GB", gpus_per_node=1,
        source="NVIDIA GH200 Grace Hopper Superchip data sheet, 96 GB HBM3, halved from the figures with sparsity; one GPU a node"),
    _nvidia("gb300", "NVIDIA GB300", "blackwell", 284208, 8000.0, {"bf16": 2500.0, "fp8": 5000.0, "fp4": 15000.0, "int8": 165.0},
        link_gb_s=900.0, nvlink=True, node_link_gb_s=900.0, label="NVIDIA-GB300", aliases=("gb300_nvl72",), gpus_per_node=4,
        source="aiconfigurator-core 0.12.0, systems/gb300.yaml, after NVIDIA's Blackwell Ultra data sheet; trays of a rack are joined by NVLink"),
    _nvidia("rtx_pro_6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition", "blackwell", 97887, 1597.0,
        {"bf16": 467.8, "fp8": 935.6, "fp4": 1871.2, "int8": 935.6}, link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=50.0,
        label="NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", aliases=("rtx_pro_6000_server",),
        source="aiconfigurator-core 0.12.0, systems/rtx_pro_6000_server.yaml; bandwidth of the Server Edition's data sheet, which is less than there"),
    _nvidia("rtx_6000_ada", "NVIDIA RTX 6000 Ada Generation", "ada", 49140, 960.0, {"bf16": 364.2, "fp8": 728.5, "int8": 728.5},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-RTX-6000-Ada-Generation",
        source="NVIDIA Ada GPU architecture white paper, appendix on RTX 6000 Ada, the figures without sparsity"),
    _nvidia("l20", "NVIDIA L20", "ada", 46068, 864.0, {"bf16": 119.5, "fp8": 239.0, "int8": 239.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-L20",
        source="NVIDIA L20 data sheet as quoted by resellers, the figures without sparsity"),
    _nvidia("a40", "NVIDIA A40", "ampere", 46068, 696.0, {"bf16": 149.7, "int8": 299.3},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-A40",
        source="NVIDIA A40 data sheet, without sparsity and NVLink bridge"),
    _nvidia("rtx_a6000", "NVIDIA RTX A6000", "ampere", 49140, 768.0, {"bf16": 154.8, "int8": 309.7},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-RTX-A6000", aliases=("a6000",),
        source="NVIDIA Ampere GA102 GPU architecture white paper, table on RTX A6000, without sparsity and NVLink bridge"),
    _nvidia("a30", "NVIDIA A30", "ampere", 24576, 933.0, {"bf16": 165.0, "int8": 330.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-A30",
        source="NVIDIA A30 data sheet, without sparsity and NVLink bridge; the same in aiconfigurator-core 0.12.0, systems/a30.yaml"),
    _nvidia("a10", "NVIDIA A10", "ampere", 23028, 600.0, {"bf16": 125.0, "int8": 250.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=25.0, label="NVIDIA-A10",
        source="NVIDIA A10 data sheet, the figures without sparsity"),
    _nvidia("a10g", "NVIDIA A10G", "ampere", 23028, 600.0, {"bf16": 70.0, "int8": 140.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=12.5, label="NVIDIA-A10G",
        source="NVIDIA A10G specifications as AWS lists them for G5 instances, without sparsity; 100 Gb/s shared by eight in a g5.48xlarge"),
    _nvidia("t4", "Tesla T4", "turing", 15360, 320.0, {"bf16": 65.0, "int8": 130.0},
        link_gb_s=_PCIE_GEN3, nvlink=False, node_link_gb_s=6.25, label="Tesla-T4",
        source="NVIDIA T4 data sheet and Turing white paper; FP16, it has no BF16"),
    _nvidia("rtx_3090", "NVIDIA GeForce RTX 3090", "ampere", 24576, 936.0, {"bf16": 71.0, "int8": 284.0},
        link_gb_s=_PCIE_GEN4, nvlink=False, node_link_gb_s=3.0, label="NVIDIA-GeForce-RTX-3090", aliases=("3090",), gpus_per_node=1,
        source="NVIDIA Ampere GA102 GPU architecture white paper, tensor figures with FP32 accumulation and without sparsity; a desktop with 25 GbE"),
    _nvidia("rtx_5090", "NVIDIA GeForce RTX 5090", "blackwell", 32607, 1792.0, {"bf16": 209.5, "fp8": 419.0, "fp4": 1676.0, "int8": 838.0},
        link_gb_s=_PCIE_GEN5, nvlink=False, node_link_gb_s=3.0, label="NVIDIA-GeForce-RTX-5090", aliases=("5090",), gpus_per_node=1,
        source="NVIDIA RTX Blackwell GPU architecture white paper, tensor figures with FP32 accumulation and without sparsity; a desktop with 25 GbE"),
    _other("amd", "mi300x", product="AMD Instinct MI300X", architecture="cdna3", memory_bytes=192 * GIB, bandwidth_gb_s=5300.0,
        tflops={"bf16": 1307.4, "fp8": 2614.9, "int8": 2614.9}, gpus_per_node=8, link_gb_s=448.0, nvlink=False, node_link_gb_s=50.0,
        resource="amd.com/gpu", source="AMD Instinct MI300X data sheet, peak figures without sparsity; seven Infinity Fabric links of 64 GB/s each way"),
    _other("amd", "mi325x", product="AMD Instinct MI325X", architecture="cdna3", memory_bytes=256 * GIB, bandwidth_gb_s=6000.0,
        tflops={"bf16": 1307.4, "fp8": 2614.9, "int8": 2614.9}, gpus_per_node=8, link_gb_s=448.0, nvlink=False, node_link_gb_s=50.0,
        resource="amd.com/gpu", source="AMD Instinct MI325X data sheet, peak figures without sparsity; seven Infinity Fabric links of 64 GB/s each way"),
    _other("amd", "mi300a", product="AMD Instinct MI300A", architecture="cdna3", memory_bytes=128 * GIB, bandwidth_gb_s=5300.0,
        tflops={"bf16": 980.6, "fp8": 1961.2, "int8": 1961.2}, gpus_per_node=4, link_gb_s=384.0, nvlink=False, node_link_gb_s=50.0,
        resource="amd.com/gpu", source="AMD Instinct MI300A data sheet, peak figures without sparsity; two Infinity Fabric links of 64 GB/s to each of three"),
    _other("amd", "mi350x", product="AMD Instinct MI350X", architecture="cdna4", memory_bytes=288 * GIB, bandwidth_gb_s=8000.0,
        tflops={"bf16": 2306.9, "fp8": 4613.7, "fp4": 9227.5, "int8": 4613.7}, gpus_per_node=8, link_gb_s=537.6, nvlink=False, node_link_gb_s=50.0,
        resource="amd.com/gpu", source="AMD Instinct MI350X data sheet, peak figures without sparsity; seven Infinity Fabric links of 76.8 GB/s each way"),
    _other("amd", "mi355x", product="AMD Instinct MI355X", architecture="cdna4", memory_bytes=288 * GIB, bandwidth_gb_s=8000.0,
        tflops={"bf16": 2516.6, "fp8": 5033.2, "fp4": 10066.3, "int8": 5033.2}, gpus_per_node=8, link_gb_s=537.6, nvlink=False, node_link_gb_s=50.0,
        resource="amd.com/gpu", source="AMD Instinct MI355X data sheet, peak figures without sparsity; seven Infinity Fabric links of 76.8 GB/s each way"),
    _other("cpu", "cpu", product="this host's processor", architecture="cpu", memory_bytes=16 * GIB, bandwidth_gb_s=40.0,
        tflops={"bf16": 0.5, "int8": 1.0}, gpus_per_node=8, link_gb_s=10.0, nvlink=False, node_link_gb_s=3.0, resource="",
        source="nominal: the CPU builds of engines, one process rank counted as one GPU; two DDR4 channels and a few AVX-512 cores"),
)  # fmt: skip
