"""What is known of a model and of a GPU. Plain facts, each with its source; nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Format = Literal["bf16", "fp8", "fp4", "int8"]
#: Of a model on a GPU: measured there, not tried yet, known not to run.
Status = Literal["production", "to_test", "failed"]


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as sold, in its usual node. Dense (not sparse) FLOPS; sizes in bytes where the name says so, GB is 1e9."""

    name: str
    product: str
    vendor: Literal["nvidia", "amd", "cpu"]
    architecture: str
    memory_bytes: int
    bandwidth_gb_s: float
    tflops: dict[Format, float]
    gpus_per_node: int
    link_gb_s: float
    """GPU to GPU inside the node, one direction, GB/s."""
    nvlink: bool
    node_link_gb_s: float
    """One GPU's share of the network between nodes, one direction, GB/s."""
    node_labels: dict[str, str] = field(default_factory=dict)
    resource: str = "nvidia.com/gpu"
    aliases: tuple[str, ...] = ()
    source: str = ""

    @property
    def supports_fp8(self) -> bool:
        return "fp8" in self.tflops

    @property
    def supports_fp4(self) -> bool:
        return "fp4" in self.tflops

    @property
    def memory_gb(self) -> float:
        return self.memory_bytes / 1e9


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The shape of one model, as its config.json gives it.

    For multi-head latent attention (MLA) `kv_lora_rank` and `qk_rope_head_dim` are set and the KV cache holds
    kv_lora_rank + qk_rope_head_dim values a token a layer, whatever the number of heads; `head_dim` is then the width of
    a query head, rotary part included.
    """

    id: str
    architecture: str
    params_b: float
    """All parameters, in 1e9."""
    active_params_b: float
    """Parameters used for one token, in 1e9; equal to params_b for a dense model."""
    num_layers: int
    hidden_size: int
    intermediate_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    max_context: int
    """Longest context the checkpoint supports as shipped, in tokens."""
    tie_embeddings: bool = False
    num_experts: int = 0
    experts_per_token: int = 0
    moe_intermediate_size: int = 0
    num_moe_layers: int = 0
    shared_intermediate_size: int = 0
    """Width of the experts that every token passes through, all shared experts of a layer together."""
    num_attention_layers: int | None = None
    """Layers that keep a full KV cache; None: all. Fewer in hybrid (Mamba, linear attention) models."""
    num_state_layers: int = 0
    """Layers that keep a state of fixed size instead of a KV cache (Mamba, linear attention)."""
    state_layer_params: int = 0
    """Parameters of the mixer of one such layer, all its projections together."""
    num_dense_layers: int | None = None
    """Layers with a dense MLP; None: all without experts. Fewer where a layer is either a mixer or an MLP (Nemotron-H)."""
    mlp_matrices: int = 3
    """Matrices of one MLP or expert: 3 when gated (SwiGLU, GeGLU), 2 when not (squared ReLU)."""
    moe_latent_size: int | None = None
    """Width that routed experts work in where it is not `hidden_size`; each layer then projects to it and back."""
    attention_gate: bool = False
    """Whether the attention's output is gated by a projection as wide as the queries (Qwen3-Next, Qwen3.5)."""
    sliding_window: int | None = None
    num_sliding_layers: int = 0
    kv_lora_rank: int | None = None
    qk_rope_head_dim: int | None = None
    q_lora_rank: int | None = None
    """Rank of the query projection in MLA; None: not factored."""
    v_head_dim: int | None = None
    """Width of a value head where it differs from `head_dim` (MLA)."""
    num_nextn_layers: int = 0
    """Multi-token-prediction layers in the checkpoint; not counted in `num_layers` nor in `params_b`."""
    quantization: str | None = None
    """Format of the checkpoint's weights when it is quantized: fp8_block, w4a16, nvfp4, mxfp4, ...; None: 16 bit."""
    quantized_experts_only: bool = False
    """Whether only the experts are in that format, and everything else in 16 bit (gpt-oss, Kimi-K2.5)."""
    encoder_params_b: float = 0.0
    """Parameters of vision and audio encoders, in 1e9; part of `params_b`."""
    weights_bytes: int | None = None
    """Bytes of weights as shipped, when known; else derived from params and format."""
    dtype: str = "bfloat16"
    gated: bool = False
    """Whether the Hub asks for a login."""
    multimodal: bool = False
    aliases: tuple[str, ...] = ()
    status: dict[str, Status] = field(default_factory=dict, hash=False)
    """By GPU, where the user says so; `measured.statuses` adds what was published."""
    source: str = ""

    @property
    def is_moe(self) -> bool:
        return self.num_experts > 0

    @property
    def is_mla(self) -> bool:
        return self.kv_lora_rank is not None

    @property
    def is_quantized(self) -> bool:
        return self.quantization is not None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything known, built-in and the user's own, by name; aliases are keys too."""

    gpus: dict[str, Gpu]
    models: dict[str, ModelFacts]
