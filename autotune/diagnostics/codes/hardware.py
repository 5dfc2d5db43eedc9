"""Models, GPUs, parallel sizes and memory."""

from autotune.diagnostics.codes.code import Code, Example

HARDWARE_CODES: dict[str, Code] = {
    "AT010": Code(
        "error",
        "unknown model",
        "Checks, memory sizes and predictions rest on facts about the model; without them nothing could be promised.",
        "Use the nearest name the message gives, or the path of a local folder that holds the model's config.json.",
        Example("autotune check model.id=Qwen/Qwen3-8"),
    ),
    "AT011": Code(
        "error",
        "unknown GPU",
        "Memory fit, quantization support and predictions rest on facts about the GPU.",
        "`autotune systems` lists the GPUs known.",
        Example("autotune check system.gpu=h1000"),
    ),
    "AT012": Code(
        "error",
        "tensor parallelism does not divide the attention heads",
        "Each tensor-parallel rank holds a whole number of attention heads; engines refuse to start otherwise.",
        "Use a size that divides the model's number of attention heads.",
        Example("autotune check parallel.tp=3"),
    ),
    "AT013": Code(
        "error",
        "tensor parallelism does not fit the KV heads",
        "KV heads are either split evenly over the ranks or replicated evenly; neither is possible when no side divides the other.",
        "Use a size that divides the number of KV heads or is a multiple of it.",
        Example("autotune check model.id=Qwen/Qwen3-14B parallel.tp=5"),
    ),
    "AT014": Code(
        "error",
        "more pipeline stages than layers",
        "Each pipeline stage needs at least one layer.",
        "Lower parallel.pp.",
        Example("autotune check parallel.pp=40 system.nodes=5"),
    ),
    "AT015": Code(
        "error",
        "not enough GPUs",
        "The parallel sizes multiply to more GPUs than the system has.",
        "Lower tp, pp or dp, or raise system.nodes or system.gpus_per_node.",
        Example("autotune check parallel.tp=16"),
    ),
    "AT016": Code(
        "error",
        "the model does not fit into GPU memory",
        "Weights, activations and a KV cache for at least one request must fit into the part of GPU memory that the engine may use.",
        "More tensor parallelism, quantized weights or KV cache, a shorter context, or a larger GPU; the message says which would do.",
        Example("autotune check model.id=meta-llama/Llama-3.1-70B-Instruct system.gpu=h100_sxm"),
    ),
    "AT033": Code(
        "error",
        "expert parallelism does not fit",
        "Each expert-parallel rank holds whole experts, and the ranks are taken from those of tensor parallelism; a dense model has no experts.",
        "Use a size that divides both the number of experts and parallel.tp, or leave parallel.ep unset.",
        Example("autotune check parallel.tp=2 parallel.ep=2"),
    ),
    "AT034": Code(
        "error",
        "tensor parallelism cuts through quantization blocks",
        "Block-quantized FP8 weights have one scale per 128 x 128 values; a rank must hold whole blocks, and engines refuse otherwise.",
        "Lower parallel.tp, or use expert parallelism, which keeps experts whole.",
        Example("autotune check model.id=Qwen/Qwen3-30B-A3B-FP8 parallel.tp=4"),
    ),
    "AT036": Code(
        "error",
        "decode context parallelism does not fit",
        "parallel.dcp splits the tokens of the KV cache over ranks that would otherwise keep copies of the same KV heads; without copies there is nothing to split, and engines refuse.",
        "Use a size that divides parallel.tp and is at most tp / KV heads, or leave parallel.dcp unset.",
        Example("autotune check parallel.tp=4 parallel.dcp=2"),
    ),
    "AT102": Code(
        "warning",
        "little room for the KV cache",
        "The point starts, but its KV cache holds fewer tokens than the asked-for requests need, so requests will queue or be preempted.",
        "Lower scheduling.max_running_requests or the context, quantize the KV cache, or give it more GPUs.",
        Example(
            "autotune check system.gpu=l4 model.id=Qwen/Qwen3-4B misc.context_length=8192 runtime.isl=4000 'benchmark.num_concurrency=[64]'"
        ),
    ),
    "AT103": Code(
        "warning",
        "GPUs left idle",
        "The point uses fewer GPUs than were reserved.",
        "Raise parallel.tp or parallel.dp, or lower system.num_gpus.",
        Example("autotune check parallel.tp=2 system.num_gpus=8"),
    ),
    "AT106": Code(
        "warning",
        "pipeline stages of unequal length",
        "A pipeline is as fast as its longest stage; where the stages do not divide the layers, the GPUs of the shorter ones wait.",
        "Use a parallel.pp that divides the number of layers.",
        Example("autotune check parallel.pp=5"),
    ),
    "AT109": Code(
        "warning",
        "data parallel attention without a use",
        "It gives every rank all of the attention weights and a KV cache of its own. That pays for MLA, whose cache every rank keeps anyway, and for experts spread over the ranks; elsewhere it only costs memory.",
        "Remove parallel.dp_attention, and use parallel.dp for copies of the model.",
        Example("autotune check system.backend=sglang parallel.tp=2 parallel.dp_attention=true"),
    ),
    "AT110": Code(
        "warning",
        "weights in host memory slow down every step",
        "Offloaded weights cross the bus to the GPU in every step, which sets a floor under TPOT.",
        "Quantize the weights or raise parallel.tp before offloading; the message says what it costs.",
        Example("autotune check memory.cpu_offload_gb=8"),
    ),
    "AT111": Code(
        "warning",
        "tensor parallelism across nodes",
        "Each layer ends with an exchange between all tensor parallel ranks; between nodes it runs at the speed of the network.",
        "Keep parallel.tp within a node and use parallel.pp or parallel.dp across nodes.",
        Example("autotune check parallel.tp=16 system.nodes=2"),
    ),
    "AT114": Code(
        "warning",
        "a memory fraction that the engine cannot reach",
        "memory.mem_fraction_static counts weights and KV cache. The number that vLLM takes counts activations and its overhead too, and past 0.98 it refuses to start, so what does not fit below that is taken from the KV cache.",
        "Lower memory.mem_fraction_static, or scheduling.max_batched_tokens, so that the engines keep KV caches of the same size.",
        Example("autotune check memory.mem_fraction_static=0.97"),
    ),
    "AT201": Code(
        "note",
        "system.gpu=auto found no GPU",
        "With no GPU in sight the catalog's reference system is taken, so that compiling works on a laptop.",
        "Name the GPU: system.gpu=h100_sxm.",
        Example("autotune check"),
    ),
}
