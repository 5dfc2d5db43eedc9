"""The groups that say how the engine works. What each engine makes of a field stands in its description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from autotune.schema.group import Counts, EnvName, Group, Name

Scalar = bool | int | float | str

GemmMode = Literal[
    "auto",
    "bf16",
    "fp16",
    "fp8",
    "fp8_block",
    "fp8_static",
    "mxfp8",
    "int8_wo",
    "int4_wo",
    "nvfp4",
    "mxfp4",
    "w4a16",
    "w4a8",
    "w8a8",
]
KvCacheMode = Literal["auto", "bf16", "fp16", "fp8", "fp8_e4m3", "fp8_e5m2", "int8", "nvfp4"]


class Quantization(Group):
    """Number formats. `auto` and None leave the choice to the checkpoint and the engine."""

    gemm_mode: GemmMode | None = Field(
        None,
        description="Weights (and activations) of the dense layers. vLLM and SGLang `--quantization`; formats that live in the checkpoint (fp8_static, w4a16, w4a8, w8a8, mxfp4) take no flag.",
    )
    kvcache_mode: KvCacheMode | None = Field(
        None, description="KV cache. vLLM and SGLang `--kv-cache-dtype`, TensorRT-LLM `--kv_cache_dtype`."
    )
    fmha_mode: Literal["auto", "bf16", "fp16", "fp8"] | None = Field(
        None,
        description="Attention arithmetic. No engine has a flag of its own for it: it follows the KV cache format; used by predictors.",
    )
    moe_mode: GemmMode | None = Field(
        None,
        description="Weights of the experts, where they differ from gemm_mode. From the checkpoint in every engine; used by predictors.",
    )
    comm_mode: Literal["auto", "half", "fp8"] | None = Field(
        None, description="Format of collectives. Used by predictors; no engine flag."
    )


class Memory(Group):
    """How GPU and host memory are used."""

    mem_fraction_static: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Part of a GPU's memory for weights and KV cache, 0 to 1. SGLang `--mem-fraction-static`; converted for the others: vLLM's `--gpu-memory-utilization` counts activations too, TensorRT-LLM's fraction is of what is free after loading.",
    )
    max_total_tokens: int | None = Field(
        None,
        ge=1,
        description="KV cache size in tokens, overriding what the memory fraction gives. SGLang `--max-total-tokens`, vLLM `--num-gpu-blocks-override` (tokens / page size), TensorRT-LLM `kv_cache_config.max_tokens`.",
    )
    page_size: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Tokens in one KV cache page. vLLM `--block-size`, SGLang `--page-size`, TensorRT-LLM `kv_cache_config.tokens_per_block`.",
    )
    cpu_offload_gb: float | None = Field(
        None,
        ge=0,
        description="Weights kept in host memory, in GB (1e9 bytes) per GPU. vLLM and SGLang `--cpu-offload-gb`.",
    )
    kv_offload_gb: float | None = Field(
        None,
        ge=0,
        description="Host memory for KV cache that was pushed out of the GPU, in GB. vLLM `--kv-offloading-size`, SGLang `--hicache-size`, TensorRT-LLM `kv_cache_config.host_cache_size`.",
    )
    prefix_caching: bool | None = Field(
        None,
        description="Reuse of the KV cache of shared prefixes. vLLM `--[no-]enable-prefix-caching`, SGLang `--disable-radix-cache`, TensorRT-LLM `kv_cache_config.enable_block_reuse`.",
    )


class Scheduling(Group):
    """Which requests run together."""

    policy: Literal["fcfs", "priority", "lpm", "random", "dfs-weight", "lof"] | None = Field(
        None,
        description="Order of waiting requests. vLLM `--scheduling-policy` (fcfs, priority), SGLang `--schedule-policy`.",
    )
    conservativeness: float | None = Field(
        None,
        gt=0,
        le=10,
        description="How much room is kept for requests to grow, 1.0 is neutral. SGLang `--schedule-conservativeness`.",
    )
    max_running_requests: int | None = Field(
        None,
        ge=1,
        description="Requests in one batch at most. vLLM `--max-num-seqs` (per data parallel rank), SGLang `--max-running-requests`, TensorRT-LLM `--max_batch_size`.",
    )
    max_queued_requests: int | None = Field(
        None,
        ge=1,
        description="Requests that may wait before new ones are refused. vLLM `--max-num-queued-reqs`, SGLang `--max-queued-requests`.",
    )
    max_batched_tokens: int | None = Field(
        None,
        ge=1,
        description="Tokens in one step at most, prefill and decode together. vLLM `--max-num-batched-tokens`, SGLang `--max-prefill-tokens`, TensorRT-LLM `--max_num_tokens`.",
    )
    chunked_prefill: bool | None = Field(
        None,
        description="Cut long inputs into chunks that share steps with decoding. vLLM `--[no-]enable-chunked-prefill`, SGLang `--chunked-prefill-size` (-1 is off), TensorRT-LLM `--enable_chunked_prefill`.",
    )
    mode: Literal["balanced", "interactivity", "throughput"] | None = Field(
        None,
        description="The engine's own preset, for what is not set otherwise. vLLM `--performance-mode` (0.17 and later).",
    )
    overlap: bool | None = Field(
        None,
        description="Schedule the next step while the GPU runs this one. vLLM `--[no-]async-scheduling`, SGLang `--disable-overlap-schedule`, TensorRT-LLM `disable_overlap_scheduler`.",
    )


class Attention(Group):
    """Kernels."""

    backend: Name | None = Field(
        None,
        description="Attention kernels, engine-neutral in lower case: flash_attn, flashinfer, triton, flashmla, cutlass_mla, fa3, ... vLLM and SGLang `--attention-backend`, TensorRT-LLM `attn_backend`, transformers `--attn-implementation`.",
    )
    prefill_backend: Name | None = Field(
        None, description="Kernels for prefill, where they differ. SGLang `--prefill-attention-backend`."
    )
    decode_backend: Name | None = Field(
        None, description="Kernels for decode, where they differ. SGLang `--decode-attention-backend`."
    )
    chunked_prefill_size: int | None = Field(
        None,
        ge=1,
        description="Tokens in one prefill chunk. SGLang `--chunked-prefill-size`; in vLLM the chunk is what `--max-num-batched-tokens` leaves.",
    )
    moe_backend: Name | None = Field(
        None,
        description="Kernels of the experts. vLLM `--moe-backend`, SGLang `--moe-runner-backend`, TensorRT-LLM `moe_config.backend`.",
    )


class Speculative(Group):
    """Speculative decoding: a draft proposes tokens, the model verifies them in one step. Complete or absent."""

    method: Literal["ngram", "draft_model", "eagle", "eagle3", "mtp", "suffix"] = Field(
        description="Who proposes. vLLM `--speculative-config` method, SGLang `--speculative-algorithm`."
    )
    num_tokens: int = Field(
        ge=1,
        le=16,
        description="Tokens proposed per step. vLLM `num_speculative_tokens`; SGLang's `--speculative-num-draft-tokens` "
        "counts the token that is certain too, so one more.",
    )
    model: Name | None = Field(None, description="Draft model (draft_model, eagle, eagle3).")
    num_steps: int | None = Field(
        None,
        ge=1,
        le=16,
        description="Draft steps. SGLang `--speculative-num-steps`. Default: num_tokens.",
    )
    topk: int | None = Field(
        None, ge=1, le=64, description="Branches per draft step. SGLang `--speculative-eagle-topk`. Default: 1."
    )


class Misc(Group):
    """Everything else, with the escape hatch."""

    dtype: Literal["auto", "half", "float16", "bfloat16", "float", "float32"] | None = Field(
        None,
        description="Type of unquantized weights and activations. `--dtype` in vLLM, SGLang and transformers; TensorRT-LLM `dtype`.",
    )
    context_length: int | None = Field(
        None,
        ge=1,
        description="Tokens of input and output together at most. vLLM `--max-model-len`, SGLang `--context-length`, TensorRT-LLM `--max_seq_len`.",
    )
    load_format: Name | None = Field(
        None,
        description="How weights are read (auto, safetensors, dummy, runai_streamer, ...). vLLM and SGLang `--load-format`.",
    )
    trust_remote_code: bool | None = Field(
        None,
        description="Run Python code that comes with the model. `--trust-remote-code`. A security decision: it is never set by a profile.",
    )
    cuda_graphs: bool | None = Field(
        None,
        description="Capture decode steps as CUDA graphs. Off: vLLM `--enforce-eager`, SGLang `--disable-cuda-graph` and its successors, TensorRT-LLM `cuda_graph_config: null`.",
    )
    cuda_graph_sizes: Counts | None = Field(
        None,
        description="Batch sizes to capture. vLLM `--cudagraph-capture-sizes`, SGLang `--cuda-graph-bs` and its successors, TensorRT-LLM `cuda_graph_config.batch_sizes`.",
    )
    torch_compile: bool | None = Field(
        None,
        description="Compile the model with torch.compile. vLLM `--compilation-config`, SGLang `--enable-torch-compile`, transformers `--compile`.",
    )
    speculative: Speculative | None = Field(None, description="Speculative decoding.")
    tool_call_parser: Name | None = Field(
        None,
        description="How tool calls are read from the output. vLLM `--tool-call-parser` (with `--enable-auto-tool-choice`), SGLang `--tool-call-parser`.",
    )
    reasoning_parser: Name | None = Field(
        None, description="How reasoning is read from the output. `--reasoning-parser` in vLLM and SGLang."
    )
    limit_mm_per_prompt: dict[str, Annotated[int, Field(ge=0)]] | None = Field(
        None, description="Images, videos and audios per request at most. vLLM `--limit-mm-per-prompt`."
    )
    seed: int | None = Field(
        None, ge=0, description="Random seed of the engine. vLLM `--seed`, SGLang `--random-seed`."
    )
    env: dict[EnvName, str] = Field(
        default_factory=dict,
        description="Environment variables of the server. Not for secrets: those are referenced, see `deploy.hf_token_secret`.",
    )
    extra_args: dict[
        Annotated[str, Field(pattern=r"^--[A-Za-z0-9][A-Za-z0-9_.-]*$")], Scalar | list[Scalar] | dict[str, Any] | None
    ] = Field(
        default_factory=dict,
        description="Engine flags, verbatim, keyed by flag: `{--swap-space: 4}`. true or null is the bare flag, false leaves it out, a list gives several values, a map is passed as JSON.",
    )
