"""Context, load and latency targets."""

from autotune.diagnostics.codes.code import Code, Example

WORKLOAD_CODES: dict[str, Code] = {
    "AT019": Code(
        "error",
        "context length contradiction",
        "The context must hold the input and the output and may not be longer than the model was trained for.",
        "Lower misc.context_length or runtime.isl and runtime.osl.",
        Example("autotune check misc.context_length=100000"),
    ),
    "AT047": Code(
        "error",
        "the load client cannot make this load",
        "Load clients differ in what they can do; one that is asked for more would measure something else, or fail after the model was loaded.",
        "Take another client, or another load; the message names them.",
        Example("autotune check benchmark.tool=genai_bench 'benchmark.request_rate=[2.0]'"),
    ),
    "AT048": Code(
        "error",
        "a data set that cannot be used",
        "The prompts must be there, be what their checksum says, and be readable, before a server is started for them.",
        "Mend the path, the address, the checksum or the file, as the message says.",
        Example(
            "autotune check 'benchmark.dataset=\"s3://bucket/prompts.jsonl\"' 'benchmark.traffic_scenarios=[dataset]'"
        ),
    ),
    "AT104": Code(
        "warning",
        "no prediction meets this latency target",
        "Even the roofline, which is optimistic, is slower than the target.",
        "More GPUs, quantization, less concurrency, or another target.",
        Example("autotune check runtime.ttft_target=1"),
    ),
    "AT107": Code(
        "warning",
        "some requests of the load are longer than the context",
        "The engine refuses a request that does not fit into its context, and a refused request is a failed one.",
        "Lower the upper end of the traffic scenario, or raise misc.context_length.",
        Example("autotune check misc.context_length=4096 'benchmark.traffic_scenarios=[\"U(100,6000)/(100,200)\"]'"),
    ),
    "AT112": Code(
        "warning",
        "requests will be refused",
        "The load has more requests in flight than the server runs and lets wait; it answers the rest with an error, and those count as failed.",
        "Raise scheduling.max_queued_requests or scheduling.max_running_requests, or lower benchmark.num_concurrency.",
        Example("autotune check scheduling.max_running_requests=8 scheduling.max_queued_requests=8"),
    ),
    "AT113": Code(
        "warning",
        "a shared prefix that is computed anew",
        "The workload shares a prefix (runtime.prefix), but prefix caching is off, so each request prefills it again.",
        "Set memory.prefix_caching=true, or runtime.prefix=0 if the measurement is to be without it.",
        Example("autotune check runtime.prefix=512 memory.prefix_caching=false"),
    ),
    "AT115": Code(
        "warning",
        "a search strategy that cannot steer launched jobs",
        "A launcher starts all jobs together, so a strategy that chooses the next point by what was measured has nothing to choose by; the points are run as the grid gives them.",
        "Leave hydra/launcher out where the strategy is to choose; or set optimization.strategy=grid or random, and optimization.max_experiments to run fewer points.",
        Example("autotune run hydra/launcher=submitit_local optimization.strategy=progressive_pareto -m"),
    ),
    "AT150": Code(
        "warning",
        "goodput that nothing defines",
        "Goodput counts the requests that met the SLO; without a target nobody can say which did, so no load has a goodput, and one that is to be maximised or bounded by it cannot win.",
        "Set targets in the slo group, such as slo.ttft.p95.threshold=500 (in ms).",
        Example("autotune check 'optimization.objectives=[maximize_goodput,minimize_tpot]'"),
    ),
    "AT151": Code(
        "warning",
        "a weight of no objective",
        "Weights are those of the objectives, by name; one for anything else changes no score.",
        "Name an objective that optimization.objectives has, or add it there.",
        Example("autotune check optimization.weights.minimize_ttft=0.5"),
    ),
    "AT122": Code(
        "warning",
        "a data set that may change",
        "The content of an address can be replaced; results that were taken from other prompts cannot be compared, and nothing would say so.",
        "Add `#sha256=...` to the address, or set benchmark.dataset_sha256.",
        Example(
            "autotune check 'benchmark.dataset=\"https://example.org/prompts.jsonl\"' 'benchmark.traffic_scenarios=[dataset]'"
        ),
    ),
    "AT123": Code(
        "warning",
        "a data set that no load uses",
        "Only the traffic scenario `dataset` takes prompts from benchmark.dataset; the others make theirs up.",
        "Set benchmark.traffic_scenarios=[dataset].",
        Example("autotune check benchmark.dataset=prompts.jsonl"),
    ),
    "AT205": Code(
        "note",
        "requests wait for a place in the batch",
        "The load has more requests in flight than may run at once; the rest wait, and their TTFT counts the wait.",
        "Nothing, if that is what is measured; else raise scheduling.max_running_requests.",
        Example("autotune check scheduling.max_running_requests=16"),
    ),
}
