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
        "Wait until it is done, or stop it with `autotune cancel RUN`; if it is gone, its lock went with it.",
        Example("autotune parallel.tp=2,4 -m"),
    ),
    "AT049": Code(
        "error",
        "nobody works on the run",
        "Only a run that a process works on can be cancelled; this one is over, was interrupted, or is worked on where its folder cannot be seen from here.",
        "`autotune runs` shows what every run does; `autotune resume RUN` goes on with one that was interrupted.",
        Example("autotune cancel 20261123-041500-3f2a1c"),
    ),
    "AT050": Code(
        "error",
        "the run's folder cannot be written",
        "Logs, config files and raw output of a run go into a folder of its own. Its disk is full, its quota used up, it is mounted read-only, or it belongs to someone else.",
        "Free some space, or set AUTOTUNE_HOME to a folder on another disk.",
        Example("autotune run parallel.tp=2"),
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
    "AT060": Code(
        "error",
        "nothing to verify a predictor with",
        "A prediction is verified by what was measured on hardware. The run was emulated (its timing is a predictor's), nothing of it came to an end, or the points named were never measured.",
        "Measure with an executor that starts real servers, or take in what a load client measured: `autotune results import DIR`.",
        Example("autotune verify"),
    ),
    "AT061": Code(
        "error",
        "too little is known of the server that was measured",
        "A prediction needs the GPU and how the model was spread over it. A load client's own results do not say, and a guess would be held against the predictor.",
        "Say it beside the run: autotune verify RUN system.gpu=NAME parallel.tp=N.",
        Example("autotune verify RUN"),
    ),
    "AT062": Code(
        "error",
        "unusable calibration",
        "No calibration of that name is kept, its file cannot be read or written, or it was fitted to another predictor.",
        "`autotune calibrations` lists those that are kept; `autotune verify RUN --calibrate` makes one.",
        Example("autotune predict parallel.tp=2 --calibration nope"),
    ),
    "AT160": Code(
        "warning",
        "left out of the comparison",
        "Loads that were emulated, that failed, or of which the predictor says nothing cannot be laid against a prediction; the figures are of the others.",
        "Measure them, or compare with another predictor (--predictor).",
        Example("autotune verify"),
    ),
    "AT161": Code(
        "warning",
        "a calibration that may mislead",
        "It rests on few servers, brings a metric no nearer to what was measured when the server is left out of the fit, or was fitted to another version of the predictor.",
        "Measure more settings of the server, and fit again with `autotune verify RUN RUN --calibrate`.",
        Example("autotune verify RUN --calibrate"),
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
    "AT045": Code(
        "error",
        "the Docker engine cannot run the server",
        "Before the first server is started the Docker engine is asked whether it is there, and whether it has the image, the mounts and the variables that the server needs.",
        "Start Docker, or name another engine with executor.host or DOCKER_HOST; the message says what it lacks.",
        Example("autotune run executor=docker executor.host=unix:///nowhere/docker.sock system.gpu=h100_sxm"),
    ),
    "AT120": Code(
        "warning",
        "a doubt about the Docker engine",
        "The Docker engine can be used, but something about it is unusual: it shows no sign of NVIDIA's container toolkit, or it is on another machine, where the server's port is open to whoever reaches that address.",
        "Look at that machine; the message says at what.",
        Example("autotune run executor=docker system.gpu=h100_sxm"),
    ),
    "AT125": Code(
        "warning",
        "a fault that the run lives with",
        "The store was locked or its disk full when a result was there, and is waited for; or a server could not be removed, by the daemon's or the cluster's fault.",
        "Make room, or end what holds the lock; `autotune gc` shows and removes what was left running.",
        Example("autotune run parallel.tp=2"),
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
    "AT064": Code(
        "error",
        "a predictor that does not know this config",
        "aiconfigurator reads tables of kernels that were measured on some GPUs, for some engines and formats, and ships the shapes of some models; it takes a concurrency. What lies outside would be invented.",
        "Do as the message says, or predict with the roofline, which knows every model and GPU of the catalog.",
        Example("autotune predict --predictor aiconfigurator system.backend=transformers"),
    ),
    "AT063": Code(
        "error",
        "no such pick in the run",
        "A package is of a point that was measured. `slo` is the best among those that meet every limit, `knee` lies between the ends of the frontier; a run may have neither.",
        "Name a pick that the message lists, or a point by its id; `autotune results` shows both.",
        Example("autotune emit --run RUN --pick slo -o FOLDER"),
    ),
    "AT171": Code(
        "warning",
        "a package of what was not measured",
        "The figures of an emulated point come from a model of the engine; the manifests are right, how fast they are nobody has seen.",
        "Run the point on the real engine before you deploy it.",
        Example("autotune emit --run EMULATED_RUN --pick best -o FOLDER"),
    ),
    "AT172": Code(
        "warning",
        "a point that compiles to something else today",
        "autotune, a profile or the model's files have changed since the point was measured. The package has the command, image and environment that were measured; probes and the like are today's.",
        "Compare with `autotune compile`; measure again if today's is what you want.",
        Example("autotune emit --run RUN --pick best -o FOLDER"),
    ),
    "AT167": Code(
        "warning",
        "runs that are not compared",
        "A report of several runs lays them side by side. What a real engine was measured at is never laid against an emulation or a prediction: the difference would say nothing about the configs.",
        "Compare runs that were all measured, or all emulated.",
        Example("autotune report MEASURED_RUN EMULATED_RUN"),
    ),
    "AT203": Code(
        "note",
        "executor=auto made a choice",
        "auto takes local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated.",
        "Name the executor: executor=local.",
        Example("autotune parallel.tp=2"),
    ),
    "AT216": Code(
        "note",
        "the cluster is asked again and again",
        "Pods and events are watched, which tells of a change at once and costs the API server little; where the right to is missing, they are listed every second.",
        "Ask for the verb watch beside list on what the message names; docs/clusters.md has the whole Role.",
        Example("autotune run executor=kubernetes"),
    ),
    "AT211": Code(
        "note",
        "configs that failed to load are left alone for a while",
        "A server that ran out of memory, crashed or was late while it was loading does so again on the same machine; other runs of this machine do not spend their time on it. The results name the run and its failure.",
        "Mend the config; or, where the machine was mended, optimization.cooldown_h=0 tries it at once.",
        Example("autotune run executor=local parallel.tp=2"),
    ),
}
