"""The groups that say which model is served, on what, and where. What each engine makes of a field stands in its description."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_serializer

from autotune.schema.group import Group, Name, Texts, as_tuple

EngineName = Literal["vllm", "sglang", "trtllm", "transformers"]


class Model(Group):
    """Which model is served."""

    id: Name = Field(
        description="Hub name (`org/name`) or local path of the model. Becomes the model argument of every engine unless `path` is given."
    )
    path: Name | None = Field(
        None, description="Folder to load from instead of the Hub; `id` still names the model for facts and reports."
    )
    tokenizer: Name | None = Field(
        None,
        description="Hub name or path of the tokenizer, when not the model's own. vLLM `--tokenizer`, SGLang `--tokenizer-path`, TensorRT-LLM `--tokenizer`.",
    )
    revision: Name | None = Field(None, description="Branch, tag or commit on the Hub. vLLM and SGLang `--revision`.")
    served_name: Name | None = Field(
        None,
        description="Name clients send in `model`. vLLM and SGLang `--served-model-name`, TensorRT-LLM `--served_model_name`. Default: `id`.",
    )
    aliases: Texts = Field(
        (), description="Further names that clients may send (vLLM: more values of `--served-model-name`)."
    )


class Runtime(Group):
    """The workload point that the deployment is tuned for."""

    isl: int | None = Field(
        None, ge=1, description="Input sequence length (ISL) in tokens, per request, prefix included."
    )
    osl: int | None = Field(None, ge=1, description="Output sequence length (OSL) in tokens, per request.")
    prefix: int | None = Field(
        None, ge=0, description="Tokens at the start of the input that requests share (system prompt, document)."
    )
    ttft_target: float | None = Field(None, gt=0, description="Target for time to first token (TTFT), in ms.")
    tpot_target: float | None = Field(None, gt=0, description="Target for time per output token (TPOT), in ms.")
    nextn: int | None = Field(
        None,
        ge=0,
        le=16,
        description="Tokens speculated per step by the model's own multi-token-prediction layers; 0 or None: off.",
    )


class System(Group):
    """The hardware and the engine."""

    gpu: Name = Field(
        "auto",
        description="GPU by catalog name (`autotune systems`), or `auto`: the one in this machine, else the reference system of 8 x h100_sxm.",
    )
    gpus_per_node: int | None = Field(
        None, ge=1, le=1024, description="GPUs in one node. Default: what the catalog says of the GPU's usual node."
    )
    num_gpus: int | None = Field(
        None, ge=1, description="GPUs this deployment may use in all. Default: gpus_per_node x nodes."
    )
    nodes: int = Field(1, ge=1, le=1024, description="Nodes this deployment may span.")
    backend: Annotated[tuple[EngineName, ...], Field(min_length=1), BeforeValidator(as_tuple)] = Field(
        ("vllm",), description="Engine: vllm, sglang, trtllm or transformers; a list is a fallback order."
    )
    backend_version: Annotated[str, StringConstraints(pattern=r"^v?\d+(\.\d+)*[A-Za-z0-9.+-]*$")] | None = Field(
        None,
        description="Engine version that flags are lowered for, e.g. `0.33.0`. Default: the newest in the flag table.",
    )
    image: Name | None = Field(None, description="Container image. Default: the engine's own image of that version.")
    serving_mode: Literal["agg", "disagg"] = Field(
        "agg", description="Aggregated serving, or prefill and decode on separate GPUs."
    )

    @field_serializer("backend")
    def _one_engine_as_text(self, value: tuple[EngineName, ...]) -> str | list[str]:
        return value[0] if len(value) == 1 else list(value)


class Role(Group):
    """One side of disaggregated serving, where it differs from the groups that hold for both."""

    replicas: int = Field(1, ge=1, le=1024, description="Servers of this role.")
    tp: int | None = Field(
        None, ge=1, le=1024, description="Tensor parallel size of each server. Default: `parallel.tp`."
    )
    pp: int | None = Field(None, ge=1, le=1024, description="Pipeline parallel size of each. Default: `parallel.pp`.")
    dp: int | None = Field(None, ge=1, le=1024, description="Data parallel size of each. Default: `parallel.dp`.")
    ep: int | None = Field(None, ge=1, le=1024, description="Expert parallel size of each. Default: `parallel.ep`.")
    max_running_requests: int | None = Field(
        None, ge=1, description="Requests in one batch. Default: as in `scheduling`."
    )
    max_batched_tokens: int | None = Field(None, ge=1, description="Tokens in one step. Default: as in `scheduling`.")


class Disagg(Group):
    """Prefill and decode on separate GPUs, with `system.serving_mode=disagg`: two kinds of server behind a router."""

    prefill: Role = Field(default_factory=Role, description="The servers that read inputs.")
    decode: Role = Field(default_factory=Role, description="The servers that write outputs.")
    transfer_backend: Name | None = Field(
        None,
        description="How the KV cache travels: nixl, mooncake, ucx ... SGLang `--disaggregation-transfer-backend`, "
        "TensorRT-LLM `cache_transceiver_config.backend`. Default: the engine's own.",
    )


class Parallel(Group):
    """How the model is spread over GPUs. GPUs needed: tp x pp x dp (x cp where the engine has it)."""

    tp: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Tensor parallel size. vLLM `--tensor-parallel-size`, SGLang `--tp-size`, TensorRT-LLM `--tp_size`.",
    )
    pp: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Pipeline parallel size (stages). vLLM `--pipeline-parallel-size`, SGLang `--pp-size`, TensorRT-LLM `--pp_size`.",
    )
    dp: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Data parallel size (replicas, or attention ranks of an MoE model). vLLM `--data-parallel-size`, SGLang `--dp-size`.",
    )
    ep: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Expert parallel size. vLLM has only on or off (`--enable-expert-parallel`, over tp x dp); SGLang `--ep-size`, TensorRT-LLM `--ep_size`.",
    )
    moe_tp: int | None = Field(
        None, ge=1, le=1024, description="Tensor parallel size inside experts. TensorRT-LLM `moe_tensor_parallel_size`."
    )
    moe_ep: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Expert parallel size inside the MoE layers, where it differs from `ep`. TensorRT-LLM `moe_expert_parallel_size`.",
    )
    cp: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Context parallel size for prefill. vLLM `--prefill-context-parallel-size`, SGLang `--attn-cp-size`, TensorRT-LLM `--cp_size`.",
    )
    dcp: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Context parallel size for decode, inside tp. vLLM `--decode-context-parallel-size`, SGLang `--dcp-size`.",
    )
    dp_attention: bool | None = Field(
        None,
        description="Data parallel attention for MoE and MLA models. SGLang `--attn-dp-size`, TensorRT-LLM `--enable_attention_dp`; in vLLM it is what `dp` means for them.",
    )
