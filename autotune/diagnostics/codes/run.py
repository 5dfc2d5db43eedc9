"""Sweeps, runs and stored results."""

from autotune.diagnostics.codes.code import Code, Example

#: A summary of aiperf, as short as it may be, of two requests with 50 tokens each.
_AIPERF = """\
{"aiperf_version": "0.13.0", "request_count": {"unit": "requests", "avg": 2}, "request_throughput": {"unit": "requests/sec", "avg": 1},
 "output_token_throughput": {"unit": "tokens/sec", "avg": 64}, "benchmark_duration": {"unit": "sec", "avg": 2},
 "total_osl": {"unit": "tokens", "avg": 128}, "total_usage_completion_tokens": {"unit": "tokens", "avg": 100}}
"""

RUN_CODES: dict[str, Code] = {
    "AT023": Code(
        "error",
        "no point of the sweep can run",
        "Every combination was pruned; the reasons stand above.",
        "Mend what the pruned points have in common, most often GPUs, heads or memory.",
        Example("autotune emit parallel.tp=3,5 -m"),
    ),
    "AT030": Code(
        "error",
        "something this verb needs is missing",
        "A program, an optional package or a file that the step needs is not on this machine.",
        "Install what the message names.",
        Example("autotune run executor=local executor.bin_dir=nowhere"),
    ),
    "AT031": Code(
        "error",
        "unknown or unusable results",
        "No stored run or point answers to that name, or the store cannot be opened or written: locked, full, damaged, read-only, of a later version.",
        "`autotune results` lists what is stored.",
        Example("autotune results nope"),
    ),
    "AT032": Code(
        "error",
        "the run is in use",
        "Another autotune process is working on this run; two of them would measure each other's load.",
        "Wait until it is done, or stop it with Ctrl-C or SIGTERM; if it is gone, its lock went with it.",
        Example("autotune parallel.tp=2,4 -m"),
    ),
    "AT051": Code(
        "error",
        "the cluster cannot be reached",
        "The kubeconfig or its context is not there or cannot be read, or the API server does not answer.",
        "Name another with executor.context or executor.kubeconfig; `kubectl cluster-info` shows whether it answers.",
        Example("autotune run executor=kubernetes executor.kubeconfig=nowhere"),
    ),
    "AT052": Code(
        "error",
        "the cluster refuses the server",
        "Before anything is applied, the API server is asked for the rights that the run needs and for a dry run of each document.",
        "The message has the API server's own words: a right, a quota, an admission rule or an operator that is missing.",
        Example("autotune run executor=ome"),
    ),
    "AT053": Code(
        "error",
        "the Ray cluster cannot be reached",
        "Nobody listens at the address, no Ray runs there, or none runs on this machine where no address is given.",
        "Name the head node with executor.address=host:6379 or RAY_ADDRESS; `ray status --address host:6379` shows whether it answers.",
        Example("autotune run executor=ray executor.address=127.0.0.1:1"),
    ),
    "AT046": Code(
        "error",
        "no results to import",
        "The folder is not there, or none of its files is what a load client writes.",
        "Name the folder that genai-bench, guidellm, aiperf or `vllm bench` wrote its JSON into; one above it will do.",
        Example("autotune results import task", {"task/task.yaml": "parallel: {tp: 2}\n"}),
    ),
    "AT121": Code(
        "warning",
        "imported numbers are off or incomplete",
        "A load client's file could not be read, or its token counts are its own guesses: without --use-server-token-count aiperf tokenizes the text that came back, which need not give the tokens that were generated.",
        "Measure again with the option, or do not compare the TPOT and token rates of this import.",
        Example(
            "autotune results import bench",
            {"bench/profile_export_aiperf.json": _AIPERF},
        ),
    ),
    "AT124": Code(
        "warning",
        "fewer slots than asked for",
        "Servers run side by side on GPUs, or on CPU cores, of their own; this machine has fewer of them than executor.devices, executor.cores_per_server or optimization.max_parallel say, so that fewer run at once.",
        "Name GPUs that `nvidia-smi -L` lists, each once; ask for no more cores than there are.",
        Example(
            "autotune run executor=local executor.bin_dir=nowhere system.gpu=cpu model.id=Qwen/Qwen3-0.6B executor.cores_per_server=4096"
        ),
    ),
    "AT203": Code(
        "note",
        "executor=auto made a choice",
        "auto takes local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated.",
        "Name the executor: executor=local.",
        Example("autotune parallel.tp=2"),
    ),
}
