"""SGLang: `python3 -m sglang.launch_server --model-path MODEL --flag value ...`.

Which versions have a flag was read from SGLang's own wheels (autotune/engines/known/sglang); a test holds every row against
every version. Flags are written in full: the parser takes any unambiguous beginning, and what is unambiguous changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from autotune.catalog.sharding import shard
from autotune.engines import sglang_values as spell
from autotune.engines.assemble import assemble, deploy_findings
from autotune.engines.engine import Lowered
from autotune.engines.exposition import wants_metrics
from autotune.engines.extra import extra_arguments, spelled_environment
from autotune.engines.flag import Flag
from autotune.engines.sglang_findings import find_contradictions
from autotune.engines.spelling import spell_flag
from autotune.engines.table import FlagTable

if TYPE_CHECKING:
    from autotune.catalog.facts import Gpu
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: The image that the project publishes on Docker Hub for NVIDIA, AMD and CPU; `image_tag` has the tags.
IMAGE = "lmsysorg/sglang"

ROWS = (
    Flag("model.tokenizer", "--tokenizer-path"),
    Flag("model.revision", "--revision"),
    # How the model is spread. dp counts replicas, but with data parallel attention it counts groups inside tp.
    Flag("parallel.tp", "--tp-size"),
    Flag("parallel.pp", "--pp-size"),
    Flag("parallel.dp", "--dp-size", convert=spell.replicas),
    Flag("parallel.dp_attention", "--dp-size", convert=spell.attention_groups, until="0.5.22"),
    Flag("parallel.dp_attention", "--enable-dp-attention", convert=spell.attention_switch, until="0.5.22"),
    Flag("parallel.dp_attention", "--attn-dp-size", convert=spell.attention_groups, since="0.5.22"),
    Flag("parallel.ep", "--ep-size", convert=spell.expert_ranks),
    Flag("parallel.moe_ep", "--ep-size", convert=spell.expert_ranks),
    Flag("parallel.moe_tp"),
    Flag("parallel.cp", "--attn-cp-size", convert=spell.context_ranks, since="0.5.9", until="0.5.14"),
    Flag("parallel.cp", "--attn-cp-size", convert=spell.context_ranks, also=(("--enable-prefill-cp",), ("--cp-strategy", "zigzag")), since="0.5.14"),
    Flag("parallel.dcp", "--dcp-size", since="0.5.15"),
    # Number formats.
    Flag("quantization.gemm_mode", "--quantization", values=spell.ONLINE_FORMATS | dict.fromkeys(spell.TORCHAO_FORMATS), convert=spell.online_format, until="0.5.18"),
    Flag("quantization.gemm_mode", "--quantization", values=spell.ONLINE_FORMATS, convert=spell.online_format, since="0.5.18"),
    Flag("quantization.gemm_mode", "--torchao-config", values=dict.fromkeys(spell.ONLINE_FORMATS) | {"fp8_block": None} | spell.TORCHAO_FORMATS, convert=spell.online_format, until="0.5.18"),
    Flag("misc.dtype", "--dtype"),
    Flag("quantization.gemm_mode", "--dtype", convert=spell.weight_dtype),
    Flag("quantization.kvcache_mode", "--kv-cache-dtype", convert=spell.kv_cache_dtype),
    # Memory.
    Flag("memory.mem_fraction_static", "--mem-fraction-static", convert=spell.mem_fraction, gpu_only=True),
    Flag("memory.mem_fraction_static", env="SGLANG_AITER_HONOR_EXPLICIT_MEM_FRACTION", convert=spell.honor_fraction, since="0.5.19"),
    Flag("memory.max_total_tokens", "--max-total-tokens"),
    Flag("memory.page_size", "--page-size"),
    Flag("memory.cpu_offload_gb", "--cpu-offload-gb", convert=spell.whole_gib, gpu_only=True),
    Flag("memory.kv_offload_gb", "--hicache-size", convert=spell.host_cache, also=(("--enable-hierarchical-cache",),), gpu_only=True),
    Flag("memory.prefix_caching", off="--disable-radix-cache"),
    # Scheduling. `priority` is in the list of policies from 0.5.3 on and refused when the scheduler starts; it is a switch.
    Flag("scheduling.policy", "--schedule-policy", until="0.5.3"),
    Flag("scheduling.policy", "--schedule-policy", values={"priority": None}, since="0.5.3"),
    Flag("scheduling.policy", "--enable-priority-scheduling", values=spell.PRIORITY, also=(("--schedule-low-priority-values-first",),), since="0.5.3"),
    Flag("scheduling.conservativeness", "--schedule-conservativeness"),
    Flag("scheduling.max_running_requests", "--max-running-requests", convert=spell.over_ranks),
    Flag("scheduling.max_queued_requests", "--max-queued-requests"),
    Flag("scheduling.max_batched_tokens", "--max-prefill-tokens"),
    Flag("scheduling.chunked_prefill", "--chunked-prefill-size", values={True: None, False: -1}),
    Flag("attention.chunked_prefill_size", "--chunked-prefill-size", convert=spell.over_ranks),
    Flag("scheduling.overlap", off="--disable-overlap-schedule"),
    # Kernels.
    Flag("attention.backend", "--attention-backend", convert=spell.attention_backend),
    Flag("attention.prefill_backend", "--prefill-attention-backend", convert=spell.attention_backend),
    Flag("attention.decode_backend", "--decode-attention-backend", convert=spell.attention_backend),
    Flag("attention.moe_backend", "--moe-runner-backend", convert=spell.moe_backend),
    # Everything else.
    Flag("misc.context_length", "--context-length"),
    Flag("misc.load_format", "--load-format"),
    Flag("misc.trust_remote_code", "--trust-remote-code"),
    Flag("misc.cuda_graphs", off="--disable-cuda-graph", until="0.5.14"),
    Flag("misc.cuda_graphs", off="--disable-piecewise-cuda-graph", since="0.5.10", until="0.5.14"),
    Flag("misc.cuda_graphs", "--cuda-graph-backend-decode", values={True: None, False: "disabled"}, also=(("--cuda-graph-backend-prefill", "disabled"),), since="0.5.14"),
    Flag("misc.cuda_graph_sizes", "--cuda-graph-bs", convert=spell.graph_sizes, until="0.5.14", gpu_only=True),
    Flag("misc.cuda_graph_sizes", "--cuda-graph-bs-decode", convert=spell.graph_sizes, since="0.5.14", gpu_only=True),
    Flag("misc.torch_compile", "--enable-torch-compile"),
    Flag("misc.speculative.method", "--speculative-algorithm", values=spell.ALGORITHMS),
    Flag("misc.speculative.model", "--speculative-draft-model-path", convert=spell.draft_model),
    Flag("misc.speculative.num_tokens", "--speculative-num-steps", convert=spell.num_steps),
    Flag("misc.speculative.num_tokens", "--speculative-eagle-topk", convert=spell.topk),
    Flag("misc.speculative.num_tokens", "--speculative-num-draft-tokens", convert=spell.draft_tokens),
    Flag("misc.speculative.num_steps"),
    Flag("misc.speculative.topk"),
    Flag("runtime.nextn", "--speculative-algorithm", convert=spell.nextn_algorithm),
    Flag("runtime.nextn", "--speculative-num-steps", convert=spell.num_steps),
    Flag("runtime.nextn", "--speculative-eagle-topk", convert=spell.topk),
    Flag("runtime.nextn", "--speculative-num-draft-tokens", convert=spell.draft_tokens),
    Flag("misc.tool_call_parser", "--tool-call-parser", convert=spell.tool_parser),
    Flag("misc.reasoning_parser", "--reasoning-parser", convert=spell.reasoning_parser),
    Flag("misc.limit_mm_per_prompt", "--limit-mm-data-per-request", since="0.5.7"),
    Flag("misc.seed", "--random-seed"),
)  # fmt: skip

TABLE = FlagTable("sglang", "SGLang", ROWS, own=("model.served_name",))


class Sglang:
    """Lowers a config to `python3 -m sglang.launch_server`."""

    name = "sglang"
    #: 0.5.4 and 0.5.5 differ as 0.31 and 0.32 of vLLM do.
    minor_parts = 3

    def versions(self) -> tuple[str, ...]:
        """See `Engine.versions`."""
        return TABLE.versions()

    def lower(self, config: Config, facts: Facts) -> Lowered:
        """See `Engine.lower`."""
        known = TABLE.known(facts.engine_version)
        written = TABLE.write(config, facts)
        model = config.model
        fixed: dict[str, tuple[str, list[str]]] = {
            "--model-path": ("model.id", [model.path or model.id]),
            "--host": ("", ["0.0.0.0"]),  # noqa: S104
            "--port": ("deploy.port", [str(config.deploy.port)]),
            "--served-model-name": ("model.served_name", [model.served_name or model.id]),
            **({"--enable-metrics": ("deploy.monitor", [])} if wants_metrics(config) else {}),
        }
        flags = fixed | ({"--device": ("system.gpu", ["cpu"])} if facts.gpu.vendor == "cpu" else {}) | written.flags
        sources = {flag: path for flag, (path, _) in flags.items()}
        extra, wrong = extra_arguments(config.misc.extra_args, known, sources, TABLE.title)
        env, contradictions = spelled_environment(config.misc.env, written.env, known, TABLE.title)
        deployment = assemble(
            config,
            facts,
            argv=[
                *("python3", "-m", "sglang.launch_server"),
                *(part for flag, (_, values) in flags.items() for part in spell_flag(flag, values)),
                *extra,
            ],
            env=env,
            image=config.system.image or f"{IMAGE}:{image_tag(facts.engine_version, facts.gpu)}",
            gpus=0 if facts.gpu.vendor == "cpu" else shard(config, facts).gpus,
        )
        found = [
            *deploy_findings(config),
            *find_contradictions(config, facts),
            *written.diagnostics,
            *wrong,
            *contradictions,
        ]
        return Lowered(deployment, tuple(found))


def image_tag(version: str, gpu: Gpu) -> str:
    """`v` and the version on NVIDIA, `-cu126` added in 0.5.2, which has no plain tag.

    AMD's tags name ROCm and the GPU, CPU's the processor; where a release has other ones, name the image in system.image.
    """
    if gpu.vendor == "amd":
        return f"v{version}-rocm{'700' if Version(version) < Version('0.5.11') else '720'}-mi30x"
    if gpu.vendor == "cpu":
        return f"v{version}-xeon"
    return f"v{version}-cu126" if Version(version) < Version("0.5.3") else f"v{version}"
