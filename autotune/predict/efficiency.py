"""How much of the data sheet a serving engine gets, as constants of the roofline.

Each started from the published figure named beside it and was then adjusted, within reason, to serving measurements that
ship with aiconfigurator-core 0.12.0 (`systems/silicon_sample.csv`, Apache-2.0), last to those of DeepSeek-R1, Qwen3-32B and
MiniMax-M2.5 (`benchmarks/silicon.py`). docs/predicting.md tells how well they do on the others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Shares of peak, 0 to 1, and fixed costs in seconds."""

    gemm_16bit: float = 0.70
    """Dense GEMMs in bf16."""
    gemm_8bit: float = 0.40
    """fp8 and int8, quantization of activations included. DeepGEMM's README reports up to 1550 of 1979 TFLOPS for the GEMM
    alone, at the best shape."""
    gemm_4bit: float = 0.35
    grouped_gemm: float = 0.20
    """GEMMs of experts against dense ones: many small groups, padding, routing, experts of uneven load."""
    attention: float = 0.65
    """Attention in prefill. FlashAttention-3 reports up to 0.75 in 16 bit on an H100 (Shah et al., 2024), FlashAttention-2
    0.35."""
    decode_attention: float = 0.30
    """Arithmetic of attention in decode, which bounds MLA only."""
    bandwidth: float = 0.85
    """Weights streamed by decode GEMMs, against the memory's data sheet."""
    expert_bandwidth: float = 0.80
    """The same for experts, of which each is read by a small GEMM of its own."""
    kv_bandwidth: float = 0.80
    """KV cache read through block tables."""
    overlap: float = 1.5
    """How well arithmetic hides behind memory traffic where both are near: the exponent of the norm that joins them, 1 for their
    sum, infinite for the longer of the two."""
    link: float = 0.40
    """All-reduce of a step's hidden states (1 to 100 MB), against one direction of the link. NCCL's ring reaches 370 of
    450 GB/s on an H100 node with far larger messages (NVIDIA/nccl-tests, issue 212)."""
    link_latency_s: float = 12e-6
    """One small collective inside an NVLink node, waiting for the slowest rank included."""
    link_latency_per_rank_s: float = 0.8e-6
    pcie_latency_s: float = 30e-6
    node_latency_s: float = 40e-6
    """One small collective between nodes."""
    layer_s: float = 25e-6
    """Each layer of each step: norms, rotary embedding, routing, activation, and the gaps between some ten kernels."""
    moe_layer_s: float = 30e-6
    """The same, of an MoE layer, in addition: routing, permuting, quantizing, combining."""
    eager_layer_s: float = 250e-6
    """A dense layer's kernels launched one by one from Python, about 20 us each: the least it takes without CUDA graphs."""
    moe_launches: float = 3.0
    """What routing, sorting, quantizing and combining add in an MoE layer, in dense layers."""
    mla_launches: float = 4.0
    """What the factored projections of MLA add, likewise."""
    state_launches: float = 4.0
    """What a linear attention or Mamba mixer adds, likewise."""
    step_s: float = 0.5e-3
    """Scheduling, input preparation and sampling that the GPU waits for in each step."""
    request_s: float = 10e-6
    """The same for each request in the batch."""
    first_token_s: float = 30e-3
    """HTTP, tokenization and hand-over to the engine before a request's first step, and back after it."""
    cohort: float = 2.5
    """Requests of a closed loop that come back at once, because they were prefilled together."""
    stage_imbalance: float = 0.05
    """Time lost to each further pipeline stage, of the whole pass: uneven stages and bubbles."""
    host_link_bytes_per_s: float = 25e9
    """Host memory to GPU, for offloaded weights: what PCIe 4.0 x16 sustains."""
    acceptance: float = 0.7
    """Chance that a speculated token is accepted, each in turn."""
