"""Hugging Face transformers: `transformers serve MODEL --flag value ...`.

Which versions have a flag was read from transformers' own wheels (autotune/engines/known/transformers); a test holds every
row against every version. The server knows little of what other engines do; what it does by itself anyway is in
transformers_findings.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.engines import transformers_values as spell
from autotune.engines.assemble import assemble, deploy_findings
from autotune.engines.engine import Lowered
from autotune.engines.extra import extra_arguments, spelled_environment
from autotune.engines.flag import Flag
from autotune.engines.spelling import spell_flag
from autotune.engines.table import FlagTable
from autotune.engines.transformers_findings import CONSTANT, find_contradictions

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Images of the library with PyTorch, by the vendor of the device. None is published for each release, nor for the server.
IMAGES = {
    "nvidia": "huggingface/transformers-pytorch-gpu:latest",
    "amd": "huggingface/transformers-pytorch-amd-gpu:latest",
    "cpu": "huggingface/transformers-pytorch-gpu:latest",
}

ROWS = (
    # Number formats.
    Flag("quantization.gemm_mode", "--quantization", convert=spell.online_format),
    Flag("misc.dtype", "--dtype"),
    Flag("quantization.gemm_mode", "--dtype", convert=spell.weight_dtype),
    # Memory and steps of continuous batching: options of the command since 5.5.
    Flag("memory.mem_fraction_static", "--cb-max-memory-percent", convert=spell.max_memory_percent, since="5.5", gpu_only=True),
    Flag("memory.max_total_tokens", "--cb-num-blocks", convert=spell.kv_blocks, since="5.5"),
    Flag("memory.page_size", "--cb-block-size", since="5.5"),
    Flag("scheduling.max_batched_tokens", "--cb-max-batch-tokens", since="5.5"),
    # Kernels. Continuous batching has paged forms of all of them but flex_attention.
    Flag("attention.backend", "--attn-implementation", convert=spell.attention_implementation, not_taken=frozenset({"flex_attention"})),
    Flag("misc.cuda_graphs", "--cb-use-cuda-graph", off="--no-cb-use-cuda-graph", since="5.5", gpu_only=True),
    Flag("misc.torch_compile", "--compile", off="--no-compile", since="5.5"),
    # Everything else.
    Flag("misc.trust_remote_code", "--trust-remote-code"),
    Flag("misc.seed", "--default-seed"),
)  # fmt: skip

TABLE = FlagTable("transformers", "transformers", ROWS, own=("model.revision", "model.served_name", "model.aliases", "runtime.nextn", "quantization.kvcache_mode", *CONSTANT))  # fmt: skip


class Transformers:
    """Lowers a config to `transformers serve`."""

    name = "transformers"

    def versions(self) -> tuple[str, ...]:
        """See `Engine.versions`."""
        return TABLE.versions()

    def lower(self, config: Config, facts: Facts) -> Lowered:
        """See `Engine.lower`. Continuous batching is always on: without it requests are served one after the other."""
        known = TABLE.known(facts.engine_version)
        written = TABLE.write(config, facts)
        on_cpu = facts.gpu.vendor == "cpu"
        model = spell.model_argument(config)
        optional = "--force-model" in known.flags
        fixed: dict[str, tuple[str, list[str]]] = {
            **({"--force-model": ("model.id", [model])} if optional else {}),
            # In a container; executors on this machine listen on loopback.
            "--host": ("", ["0.0.0.0"]),  # noqa: S104
            "--port": ("deploy.port", [str(config.deploy.port)]),
            "--continuous-batching": ("", []),
            **({"--device": ("system.gpu", ["cpu"])} if on_cpu else {}),
        }
        flags = fixed | written.flags
        sources = {flag: path for flag, (path, _) in flags.items()}
        extra, wrong = extra_arguments(config.misc.extra_args, known, sources, TABLE.title)
        env, contradictions = spelled_environment(config.misc.env, written.env, known, TABLE.title)
        deployment = assemble(
            config,
            facts,
            argv=[
                "transformers",
                "serve",
                *(() if optional else (model,)),
                *(part for flag, (_, values) in flags.items() for part in spell_flag(flag, values)),
                *extra,
            ],
            env=env,
            image=config.system.image or IMAGES[facts.gpu.vendor],
            gpus=0 if on_cpu else 1,
        )
        found = [
            *deploy_findings(config),
            *find_contradictions(config, facts, model),
            *written.diagnostics,
            *wrong,
            *contradictions,
        ]
        # Newer versions refuse a request for any other name.
        return Lowered(replace(deployment, served_name=model), tuple(found))
