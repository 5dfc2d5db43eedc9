"""TensorRT-LLM: `trtllm-serve MODEL --flag value ... --config FILE`.

Flags are written with underscores, never dashes. What they do not say stands in a YAML file; where both could, the file is
used, because older versions let it win and newer ones the flag. Which versions have a flag or a key was read from
TensorRT-LLM's own sources and documentation (autotune/engines/known/trtllm, each file says from which).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from autotune.engines import trtllm_values as spell
from autotune.engines.assemble import assemble, deploy_findings
from autotune.engines.engine import Lowered
from autotune.engines.exposition import wants_metrics
from autotune.engines.extra import extra_arguments, spelled_environment
from autotune.engines.flag import Flag
from autotune.engines.spelling import spell_flag
from autotune.engines.table import FlagTable
from autotune.engines.trtllm_findings import CONSTANT, find_contradictions

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.schema import Config

IMAGE = "nvcr.io/nvidia/tensorrt-llm/release"
#: Where the YAML file lies in the container.
FILE = "/etc/autotune/trtllm.yaml"

ROWS = (
    Flag("model.tokenizer", "--tokenizer"),
    Flag("model.revision", key="revision", until="1.2"),
    Flag("model.revision", "--revision", since="1.2"),
    # How the model is spread. Experts lie on the ranks of tensor parallelism: whole on ep of them, sliced over moe_tp.
    Flag("parallel.tp", "--tp_size"),
    Flag("parallel.pp", "--pp_size"),
    Flag("parallel.cp", key="context_parallel_size", until="1.2"),
    Flag("parallel.cp", "--cp_size", since="1.2"),
    Flag("parallel.moe_ep", "--ep_size", convert=spell.expert_ranks),
    Flag("parallel.ep", "--ep_size", convert=spell.expert_ranks),
    Flag("parallel.moe_tp", key="moe_tensor_parallel_size", convert=spell.expert_ranks),
    Flag("parallel.dp_attention", key="enable_attention_dp"),
    # Number formats. Weights are quantized in the checkpoint or not at all.
    Flag("misc.dtype", key="dtype", values=spell.DTYPES | {"auto": None}),
    Flag("quantization.gemm_mode", key="dtype", convert=spell.weight_dtype),
    Flag("quantization.kvcache_mode", key="kv_cache_config.dtype", convert=spell.kv_cache_dtype),
    # Memory.
    Flag("memory.mem_fraction_static", key="kv_cache_config.free_gpu_memory_fraction", convert=spell.free_fraction),
    Flag("memory.max_total_tokens", key="kv_cache_config.max_tokens"),
    Flag("memory.page_size", key="kv_cache_config.tokens_per_block", since="1.1"),
    Flag("memory.kv_offload_gb", key="kv_cache_config.host_cache_size", convert=spell.to_bytes),
    Flag("memory.prefix_caching", key="kv_cache_config.enable_block_reuse"),
    # Scheduling.
    Flag("scheduling.conservativeness", key="scheduler_config.capacity_scheduler_policy", convert=spell.capacity_policy),
    Flag("scheduling.max_running_requests", "--max_batch_size"),
    Flag("scheduling.max_batched_tokens", "--max_num_tokens"),
    Flag("scheduling.chunked_prefill", key="enable_chunked_prefill"),
    Flag("scheduling.overlap", key="disable_overlap_scheduler", convert=spell.switched_off),
    # Kernels.
    Flag("attention.backend", key="attn_backend", convert=spell.attention_backend),
    Flag("attention.moe_backend", key="moe_config.backend", convert=spell.moe_backend),
    # Everything else.
    Flag("misc.context_length", "--max_seq_len"),
    Flag("misc.load_format", key="load_format", values={"auto": None, "safetensors": None}),
    Flag("misc.trust_remote_code", "--trust_remote_code"),
    Flag("misc.cuda_graphs"),
    Flag("misc.cuda_graph_sizes", key="cuda_graph_config.batch_sizes", convert=spell.graph_sizes),
    Flag("misc.cuda_graph_sizes", key="cuda_graph_config.enable_padding", convert=spell.padded),
    Flag("misc.torch_compile", key="torch_compile_config", convert=spell.compile_config),
    Flag("misc.speculative.method", key="speculative_config.decoding_type", convert=spell.draft_type("Eagle"), not_taken=spell.NO_DRAFTS, until="1.3.0rc0"),
    Flag("misc.speculative.method", key="speculative_config.decoding_type", convert=spell.draft_type("Eagle3"), not_taken=spell.NO_DRAFTS, since="1.3.0rc0"),
    Flag("misc.speculative.method", key="speculative_config.max_matching_ngram_size", convert=spell.ngram_size),
    Flag("misc.speculative.num_tokens", key="speculative_config.max_draft_len", convert=spell.draft_length),
    Flag("misc.speculative.num_tokens", key="speculative_config.num_nextn_predict_layers", convert=spell.draft_layers),
    Flag("misc.speculative.model", key="speculative_config.speculative_model_dir", until="1.2"),
    Flag("misc.speculative.model", key="speculative_config.speculative_model", since="1.2"),
    Flag("runtime.nextn", key="speculative_config.decoding_type", convert=spell.nextn_type),
    Flag("runtime.nextn", key="speculative_config.num_nextn_predict_layers", convert=spell.nextn),
    Flag("misc.tool_call_parser", "--tool_parser", since="1.2"),
    Flag("misc.reasoning_parser", "--reasoning_parser", convert=spell.parser),
)  # fmt: skip

TABLE = FlagTable("trtllm", "TensorRT-LLM", ROWS, own=("model.served_name", "model.aliases", *CONSTANT))


class TensorRtLlm:
    """Lowers a config to `trtllm-serve` and its YAML file."""

    name = "trtllm"

    def versions(self) -> tuple[str, ...]:
        """See `Engine.versions`."""
        return TABLE.versions()

    def lower(self, config: Config, facts: Facts) -> Lowered:
        """See `Engine.lower`. The PyTorch backend is always named: releases disagreed on what is the default."""
        known = TABLE.known(facts.engine_version)
        written = TABLE.write(config, facts)
        content = file_content(config, written.file)
        if wants_metrics(config) and "return_perf_metrics" in known.file:
            content = content | {"return_perf_metrics": True}
        named = "--served_model_name" in known.flags
        name = (config.model.served_name or config.model.id) if named else spell.api_name(config)
        fixed: dict[str, tuple[str, list[str]]] = {
            "--backend": ("system.backend", ["pytorch"]),
            # In a container; executors on this machine listen on loopback.
            "--host": ("", ["0.0.0.0"]),  # noqa: S104
            "--port": ("deploy.port", [str(config.deploy.port)]),
            **({"--served_model_name": ("model.served_name", [name])} if named else {}),
        }
        last = (
            {("--config" if "--config" in known.flags else "--extra_llm_api_options"): ("", [FILE])} if content else {}
        )
        flags = fixed | written.flags | last
        sources = {flag: path for flag, (path, _) in flags.items()}
        extra, wrong = extra_arguments(config.misc.extra_args, known, sources, TABLE.title)
        env, contradictions = spelled_environment(config.misc.env, written.env, known, TABLE.title)
        deployment = assemble(
            config,
            facts,
            argv=[
                "trtllm-serve",
                config.model.path or config.model.id,
                *(part for flag, (_, values) in flags.items() for part in spell_flag(flag, values)),
                *extra,
            ],
            env=env,
            image=config.system.image or f"{IMAGE}:{facts.engine_version}",
            gpus=gpus(config),
            files={FILE: yaml.safe_dump(content, sort_keys=True)} if content else {},
        )
        found = [
            *deploy_findings(config),
            *find_contradictions(config, facts, name),
            *written.diagnostics,
            *wrong,
            *contradictions,
        ]
        return Lowered(replace(deployment, served_name=name), tuple(found))


def gpus(config: Config) -> int:
    """GPUs of one server: tp x pp x cp."""
    parallel = config.parallel
    return (parallel.tp or 1) * (parallel.pp or 1) * (parallel.cp or 1)


def file_content(config: Config, written: dict[str, Any]) -> dict[str, Any]:
    """What the YAML file holds. CUDA graphs are off where their config is null, which is no value of a row."""
    return written | {"cuda_graph_config": None} if config.misc.cuda_graphs is False else written
