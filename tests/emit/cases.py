"""Deployments as the engines would hand them over, made by hand."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from autotune.engines.deployment import Autoscaling, Deployment, Probe, SecretRef, Volume

GIB = 2**30

PLAIN = Deployment(
    name="qwen3-8b-vllm-3f2a9c11d0",
    engine="vllm",
    engine_version="0.33.0",
    image="vllm/vllm-openai:v0.33.0",
    argv=("vllm", "serve", "Qwen/Qwen3-8B", "--host", "0.0.0.0", "--port", "8000", "--tensor-parallel-size", "2"),
    env={"VLLM_LOGGING_LEVEL": "INFO"},
    port=8000,
    gpus=2,
    gpu_name="h100_sxm",
    gpu_vendor="nvidia",
    gpu_resource="nvidia.com/gpu",
    served_name="Qwen/Qwen3-8B",
    model="Qwen/Qwen3-8B",
    shm_bytes=8 * GIB,
    annotations={"autotune/overrides": "parallel.tp=2 +profile=fp8_quantized"},
)

FULL = replace(
    PLAIN,
    name="llama-trtllm-77aa",
    engine="trtllm",
    engine_version="1.2.0",
    image="nvcr.io/nvidia/tensorrt-llm/release:1.2.0",
    argv=("trtllm-serve", "/models/llama", "--config", "/etc/autotune/trtllm.yaml", "--port", "8001"),
    env={"TRTLLM_LOG": "info", "HF_HOME": "/cache"},
    port=8001,
    gpus=8,
    model="meta-llama/Llama-3.3-70B-Instruct",
    served_name="llama",
    files={"/etc/autotune/trtllm.yaml": "kv_cache_config:\n  dtype: fp8\n  free_gpu_memory_fraction: 0.9\n"},
    replicas=3,
    namespace="serving",
    volumes=(
        Volume("model", "/models", pvc="llama-weights", sub_path="checkpoints", read_only=True),
        Volume("cache", "/cache", host_path="/data/hf-cache"),
        Volume("scratch", "/scratch", medium="", size_bytes=20 * GIB),
        Volume("pages", "/pages", medium="Memory", size_bytes=1500 * 2**20),
    ),
    secrets=(SecretRef("HF_TOKEN", "hf-token", "HF_TOKEN"),),
    shm_bytes=16 * GIB,
    startup=Probe("/health", period_s=10, failure_threshold=360),
    node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
    labels={"team": "search", "app.kubernetes.io/part-of": "chat"},
)

AMD = replace(
    PLAIN,
    name="qwen3-8b-sglang-amd",
    engine="sglang",
    engine_version="0.5.23",
    image="lmsysorg/sglang:v0.5.23-rocm700-mi30x",
    argv=("python3", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen3-8B", "--tp-size", "2"),
    env={},
    gpu_name="mi300x",
    gpu_vendor="amd",
    gpu_resource="amd.com/gpu",
    annotations={},
)

CPU = replace(
    PLAIN,
    name="tiny-vllm-cpu",
    engine_version="0.32.0+cpu",
    image="public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0",
    argv=("vllm", "serve", "tiny"),
    env={"VLLM_CPU_KVCACHE_SPACE": "1"},
    gpus=0,
    gpu_name="cpu",
    gpu_vendor="cpu",
    gpu_resource="",
    shm_bytes=0,
    annotations={},
)

HOSTILE_TEXTS = (
    "", " ", "it's", 'say "hi"', "two\nlines\n", "  indented\n\n", "tab\there", "$(reboot)", "$((1+1))", "$$", "$", "$é", "$HOME ${HOME}",
    "`id`", "{{ env }} {% if x %}", "---", "\n---\nkind: Pod\n", "é 日本語 😀 “quoted”", "\\ \\n", "!history", "# no comment", "*", "~", "a;b&c|d",
    "yes", "No", "y", "null", "~", "1e3", "0x10", "0o17", "08", "1_000", "12:30:45", "2024-01-01", ".5", "-.inf", ".nan", "=", "<<", "true", "- a", "a: b",
    "@x", "%x", "&a", "*a", "!t", "|", ">", "\u2028", "\x85", "\x7f", "\ufeff", "-", "--", "-x",
)  # fmt: skip

HOSTILE = replace(
    PLAIN,
    name="hostile",
    argv=("vllm", *HOSTILE_TEXTS),
    env={f"VALUE_{number:02}": text for number, text in enumerate(HOSTILE_TEXTS)},
    files={"/etc/autotune/a/x.yaml": "a: $HOME\n---\n`id` 'x'", "/etc/autotune/b/x.yaml": "\n  $(reboot)\n\n"},
    volumes=(Volume("model", "/a b,'c'", host_path='/data/"x", $(id)'),),
    model="o'brien/$(id)\n# x",
    annotations={"note": "first\n---\nsecond `id` \u2028 $(id)", "empty": ""},
)

#: A model from a claim, by its path, under a name of its own.
LOCAL = replace(
    PLAIN,
    name="chat-vllm-5e1f",
    argv=("vllm", "serve", "/models/team/qwen3-8b", "--served-model-name", "chat", "--port", "8000"),
    env={"HF_HOME": "/models/hf", "VLLM_LOGGING_LEVEL": "INFO"},
    model="/models/team/qwen3-8b",
    served_name="chat",
    namespace="serving",
    replicas=2,
    volumes=(Volume("model", "/models", pvc="weights", sub_path="v2", read_only=True),),
    labels={"autotune/gpu": "h100_sxm"},
)

KEDA = Autoscaling("keda", 1, 8, 5, "http://prometheus-operated.monitoring.svc:9090")
#: Everything that may be asked for besides the server itself.
OPERATED = replace(
    PLAIN, name="qwen3-8b-vllm-operated", namespace="serving", disruption_budget=1, monitor=True, autoscaling=KEDA
)
#: The same with Kubernetes' own autoscaler, and an engine that shows metrics when told to.
SCALED = replace(
    AMD,
    name="qwen3-8b-sglang-scaled",
    argv=(*AMD.argv, "--enable-metrics"),
    disruption_budget=0,
    monitor=True,
    autoscaling=replace(KEDA, kind="hpa", min_replicas=2, prometheus=None),
)

#: For the targets that start one process a node.
TWO_NODES = replace(
    PLAIN, name="two-nodes", gpus=16, nodes=2, argv=("vllm", "serve", "m", "--tensor-parallel-size", "16")
)

#: Any text that a process can be given, with a leaning to what breaks quoting.
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.lists(
    st.sampled_from(HOSTILE_TEXTS)
).map("".join)

CASES = {
    "plain": PLAIN,
    "full": FULL,
    "amd": AMD,
    "cpu": CPU,
    "hostile": HOSTILE,
    "local": LOCAL,
    "operated": OPERATED,
    "scaled": SCALED,
}

#: Hostile values that Go's YAML library gives back when it prints them anew.
PRINTABLE = replace(
    HOSTILE,
    argv=tuple(text for text in HOSTILE.argv if not {"\x7f", "\x85"} & set(text)),
    env={name: text for name, text in HOSTILE.env.items() if not {"\x7f", "\x85"} & set(text)},
)

#: Cases that a target refuses: an LLMInferenceService has port 8000 and drops empty arguments, Helm and Kustomize lose
#: control characters beyond ASCII's; KServe's and OME's own autoscalers do not count requests, or do not stay the same;
#: Dynamo's images hold other versions of the engines (test_dynamo.py has cases of its own).
REFUSED = {
    "dynamo": set(CASES) - {"cpu"},
    "helm": {"hostile"},
    "kserve": {"scaled"},
    "kserve-llm": {"full", "hostile", "scaled"},
    "kustomize": {"hostile"},
    "ome": {"operated", "scaled"},
}
