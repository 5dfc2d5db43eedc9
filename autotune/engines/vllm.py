"""vLLM: `vllm serve MODEL --flag value ...`.

Which versions have a flag was read from vLLM's own wheels (autotune/engines/known/vllm); a test holds every row against
every version.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from autotune.catalog.kv_cache import kv_bytes_per_token
from autotune.engines import vllm_values as spell
from autotune.engines.assemble import assemble, deploy_findings
from autotune.engines.engine import Lowered
from autotune.engines.extra import extra_arguments, spelled_environment
from autotune.engines.flag import Flag
from autotune.engines.spelling import spell_flag
from autotune.engines.table import FlagTable
from autotune.engines.vllm_findings import find_contradictions

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.engines.known import KnownFlags
    from autotune.schema import Config

GIB = 2**30

#: The images that the project publishes on Docker Hub, by the vendor of the device; tags are `v` and the version.
#: ROCm from 0.14 and CPU from 0.18 on; for older ones name the image in system.image.
IMAGES = {"nvidia": "vllm/vllm-openai", "amd": "vllm/vllm-openai-rocm", "cpu": "vllm/vllm-openai-cpu"}

ROWS = (
    Flag("model.tokenizer", "--tokenizer"),
    Flag("model.revision", "--revision"),
    # How the model is spread. Experts are spread over tp x dp ranks or not at all: a switch, where others take a size.
    Flag("parallel.tp", "--tensor-parallel-size"),
    Flag("parallel.pp", "--pipeline-parallel-size"),
    Flag("parallel.dp", "--data-parallel-size"),
    Flag("parallel.ep", "--enable-expert-parallel", convert=spell.expert_parallel),
    Flag("parallel.moe_ep", "--enable-expert-parallel", convert=spell.expert_parallel),
    Flag("parallel.moe_tp"),
    Flag("parallel.dp_attention"),
    Flag("parallel.cp", "--prefill-context-parallel-size", since="0.12"),
    Flag("parallel.dcp", "--decode-context-parallel-size"),
    # Number formats.
    Flag("quantization.gemm_mode", "--quantization", values=spell.ONLINE_FORMATS, convert=spell.online_format),
    Flag("misc.dtype", "--dtype"),
    Flag("quantization.gemm_mode", "--dtype", convert=spell.weight_dtype),
    Flag("quantization.kvcache_mode", "--kv-cache-dtype", convert=spell.kv_cache_dtype),
    # Memory.
    Flag("memory.mem_fraction_static", "--gpu-memory-utilization", convert=spell.gpu_memory_utilization, gpu_only=True),
    Flag("memory.max_total_tokens", "--num-gpu-blocks-override", convert=spell.kv_blocks),
    Flag("memory.page_size", "--block-size"),
    Flag("memory.cpu_offload_gb", "--cpu-offload-gb", convert=spell.to_gib, gpu_only=True),
    # The backend has a default only in newer versions.
    Flag("memory.kv_offload_gb", "--kv-offloading-size", convert=spell.to_gib, also=(("--kv-offloading-backend", "native"),), since="0.11", gpu_only=True),
    Flag("memory.prefix_caching", "--enable-prefix-caching", off="--no-enable-prefix-caching"),
    # Scheduling.
    Flag("scheduling.policy", "--scheduling-policy"),
    Flag("scheduling.max_running_requests", "--max-num-seqs"),
    Flag("scheduling.max_queued_requests", "--max-num-queued-reqs", since="0.29"),
    Flag("scheduling.max_batched_tokens", "--max-num-batched-tokens"),
    Flag("scheduling.mode", "--performance-mode", since="0.17"),
    Flag("scheduling.chunked_prefill", "--enable-chunked-prefill", off="--no-enable-chunked-prefill"),
    Flag("scheduling.overlap", "--async-scheduling", off="--no-async-scheduling"),
    Flag("attention.chunked_prefill_size", "--long-prefill-token-threshold", convert=spell.prefill_chunk),
    # Kernels.
    Flag("attention.backend", env="VLLM_ATTENTION_BACKEND", convert=spell.attention_backend, until="0.13"),
    Flag("attention.backend", "--attention-backend", convert=spell.attention_backend, since="0.13"),
    Flag("attention.backend", env="VLLM_FLASH_ATTN_VERSION", convert=spell.flash_attention_version, not_taken=frozenset({"4"}), until="0.13"),
    Flag("attention.backend", "--attention-config", key="flash_attn_version", convert=spell.flash_attention_version, since="0.13"),
    Flag("attention.prefill_backend", "--attention-config", key="mla_prefill_backend", convert=spell.mla_prefill_backend, since="0.21"),
    Flag("attention.moe_backend", "--moe-backend", convert=spell.moe_backend, since="0.17"),
    # Everything else.
    Flag("misc.context_length", "--max-model-len"),
    Flag("misc.load_format", "--load-format"),
    Flag("misc.trust_remote_code", "--trust-remote-code"),
    Flag("misc.cuda_graphs", off="--enforce-eager", convert=spell.eager),
    Flag("misc.cuda_graphs", "--compilation-config", key="cudagraph_mode", convert=spell.no_graphs),
    Flag("misc.torch_compile", "--compilation-config", key="level", values={True: 3, False: 0}, until="0.11"),
    Flag("misc.torch_compile", "--compilation-config", key="mode", values={True: 3, False: 0}, since="0.11"),
    Flag("misc.cuda_graph_sizes", "--cuda-graph-sizes", convert=spell.graph_sizes, until="0.11", gpu_only=True),
    Flag("misc.cuda_graph_sizes", "--cudagraph-capture-sizes", convert=spell.graph_sizes, since="0.11", gpu_only=True),
    # A plain draft model is in the list of methods before 0.15, and refused with NotImplementedError when the engine starts.
    Flag("misc.speculative.method", "--speculative-config", key="method", values={"mtp": "deepseek_mtp"}, not_taken=frozenset({"draft_model"}), until="0.11"),
    Flag("misc.speculative.method", "--speculative-config", key="method", not_taken=frozenset({"draft_model"}), since="0.11", until="0.15"),
    Flag("misc.speculative.method", "--speculative-config", key="method", since="0.15"),
    Flag("misc.speculative.num_tokens", "--speculative-config", key="num_speculative_tokens"),
    Flag("misc.speculative.model", "--speculative-config", key="model"),
    Flag("runtime.nextn", "--speculative-config", key="method", convert=spell.nextn_method("deepseek_mtp"), until="0.11"),
    Flag("runtime.nextn", "--speculative-config", key="method", convert=spell.nextn_method("mtp"), since="0.11"),
    Flag("runtime.nextn", "--speculative-config", key="num_speculative_tokens", convert=spell.nextn),
    Flag("misc.tool_call_parser", "--tool-call-parser", also=(("--enable-auto-tool-choice",),)),
    Flag("misc.reasoning_parser", "--reasoning-parser"),
    Flag("misc.limit_mm_per_prompt", "--limit-mm-per-prompt"),
    Flag("misc.seed", "--seed"),
)  # fmt: skip

TABLE = FlagTable("vllm", "vLLM", ROWS, own=("model.served_name", "model.aliases"))


class Vllm:
    """Lowers a config to `vllm serve`."""

    name = "vllm"

    def versions(self) -> tuple[str, ...]:
        """See `Engine.versions`."""
        return TABLE.versions()

    def lower(self, config: Config, facts: Facts) -> Lowered:
        """See `Engine.lower`. The model comes first, then where it listens, then the table's rows, then the extra arguments."""
        known = TABLE.known(facts.engine_version)
        written = TABLE.write(config, facts)
        model = config.model
        names = dict.fromkeys((model.served_name or model.id, *model.aliases))
        fixed = {
            # In a container; executors on this machine listen on loopback.
            "--host": ("", ["0.0.0.0"]),  # noqa: S104
            "--port": ("deploy.port", [str(config.deploy.port)]),
            "--served-model-name": ("model.served_name", list(names)),
        }
        flags = fixed | written.flags
        sources = {flag: path for flag, (path, _) in flags.items()} | {"--model": "model.id"}
        extra, wrong = extra_arguments(config.misc.extra_args, known, sources, TABLE.title)
        env, contradictions = spelled_environment(config.misc.env, written.env, known, TABLE.title)
        words = ["vllm", "serve", model.path or model.id]
        for flag, (_, values) in flags.items():
            words += spell_flag(flag, values)
        on_cpu = facts.gpu.vendor == "cpu"
        deployment = assemble(
            config,
            facts,
            argv=[*words, *extra],
            env=_cpu_environment(config, facts) | env if on_cpu else env,
            image=config.system.image or f"{IMAGES[facts.gpu.vendor]}:v{facts.engine_version}",
            gpus=0 if on_cpu else gpus(config, known),
        )
        found = [
            *deploy_findings(config),
            *find_contradictions(config, facts),
            *written.diagnostics,
            *wrong,
            *contradictions,
        ]
        return Lowered(deployment, tuple(found))


def gpus(config: Config, known: KnownFlags) -> int:
    """GPUs of one server: tp x pp x dp, times the prefill context parallel size where the version has it."""
    parallel = config.parallel
    cp = (parallel.cp or 1) if "--prefill-context-parallel-size" in known.flags else 1
    return (parallel.tp or 1) * (parallel.pp or 1) * (parallel.dp or 1) * cp


def _cpu_environment(config: Config, facts: Facts) -> dict[str, str]:
    """VLLM_CPU_KVCACHE_SPACE, the KV cache of one rank in whole GiB: what memory.max_total_tokens takes, else 1.

    Unset, vLLM takes most of the machine's memory.
    """
    tokens = config.memory.max_total_tokens
    if tokens is None:
        return {"VLLM_CPU_KVCACHE_SPACE": "1"}
    size = tokens * kv_bytes_per_token(facts.model, config.quantization.kvcache_mode, dtype=config.misc.dtype)
    ranks = (config.parallel.pp or 1) * (
        1 if facts.model.is_mla else min(config.parallel.tp or 1, facts.model.num_kv_heads)
    )
    return {"VLLM_CPU_KVCACHE_SPACE": str(max(1, ceil(size / ranks / GIB)))}
