"""Engines, their flags, and manifests."""

from autotune.diagnostics.codes.code import Code, Example

ENGINE_CODES: dict[str, Code] = {
    "AT020": Code(
        "error",
        "unknown engine or engine version",
        "Flags differ by engine and version; lowering for a version outside the table would be a guess.",
        "Use an engine and a version that the message lists.",
        Example("autotune check system.backend=vlm"),
    ),
    "AT021": Code(
        "error",
        "value unknown to the engine",
        "The engine's own command line takes one of a fixed list of values here.",
        "Use one of the values that the message lists.",
        Example("autotune check scheduling.policy=lpm"),
    ),
    "AT022": Code(
        "error",
        "flag unknown to this engine version",
        "The engine would stop at once with an unknown-argument error.",
        "Use the nearest flag that the message gives, or another system.backend_version.",
        Example("autotune check misc.extra_args.--tensor-paralel-size=2"),
    ),
    "AT027": Code(
        "error",
        "two options that exclude each other",
        "The engine refuses the combination when it starts, after the model was loaded.",
        "Drop one of the two settings; the message names them.",
        Example("autotune check scheduling.max_batched_tokens=64 scheduling.max_running_requests=128"),
    ),
    "AT028": Code(
        "error",
        "an engine flag given twice",
        "misc.extra_args repeats a flag that a config path already sets; which one wins depends on the engine.",
        "Set the config path named, or remove it and keep the extra argument.",
        Example("autotune check parallel.tp=2 misc.extra_args.--tensor-parallel-size=4"),
    ),
    "AT029": Code(
        "error",
        "cannot be emitted to this target",
        "The target is unknown, or cannot hold what the point asks for.",
        "Use a target that the message lists, or change the value named.",
        Example("autotune emit --target k9s"),
    ),
    "AT035": Code(
        "error",
        "speculative decoding without its draft",
        "Someone has to propose the tokens: eagle, eagle3 and draft_model need a draft model of their own, and mtp and runtime.nextn need multi-token-prediction layers in the checkpoint. Engines stop when they load what is not there.",
        "Name the draft in misc.speculative.model, take a checkpoint with prediction layers, or use ngram, which needs neither.",
        Example("autotune check runtime.nextn=1"),
    ),
    "AT038": Code(
        "error",
        "this engine cannot serve it so",
        "The engine has no such way of spreading a model over GPUs. Without it the server would take other GPUs and another amount of memory than asked for, so it is not dropped with a warning.",
        "Take the value that the message names, or choose another engine in system.backend.",
        Example("autotune check system.backend=transformers parallel.tp=2"),
    ),
    "AT040": Code(
        "error",
        "no router for disaggregated serving",
        "Prefill and decode servers need a router before them, and this engine ships none; another project's would be a guess.",
        "Use an engine that has one, or system.serving_mode=agg.",
        Example("autotune check system.serving_mode=disagg"),
    ),
    "AT041": Code(
        "error",
        "autoscaling settings that do not go together",
        "An autoscaler needs bounds that hold a number and, where it asks Prometheus itself, the address; the API server or the autoscaler would refuse the object, or scale to nothing.",
        "Set what the message names: deploy.autoscale.kind and max_replicas, with KEDA also prometheus.",
        Example("autotune check deploy.autoscale.kind=hpa"),
    ),
    "AT101": Code(
        "warning",
        "a setting this engine does not have",
        "The engine has no flag for it; the setting is dropped, which may change what is measured.",
        "Remove the setting, or choose another engine in system.backend.",
        Example("autotune check scheduling.conservativeness=0.5"),
    ),
    "AT108": Code(
        "warning",
        "a secret in the config",
        "What stands in misc.env and misc.extra_args is part of manifests, stored results and reports; a token there is a token shown.",
        "Take it out, and reference it: deploy.hf_token_secret names a Kubernetes Secret; on this machine set it in the environment of the shell, or in executor.env.",
        Example("autotune check misc.env.HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz"),
    ),
    "AT116": Code(
        "warning",
        "a disruption budget that lets nothing go",
        "With no pod to spare, every eviction is refused: a node drain, and with it an upgrade of the cluster, waits until somebody deletes the budget.",
        "Set deploy.disruption_budget to 1 or more, unless the server is only ever to be stopped by hand.",
        Example("autotune check deploy.disruption_budget=0"),
    ),
    "AT119": Code(
        "warning",
        "a manifest was edited after it was emitted",
        "Its annotations carry a checksum of every flag, variable and file. Where one does not fit, the annotations say who set a value that is no longer there, and the next emit undoes the edit.",
        "Make the change in the config and emit again; `autotune diff FILE TASK` shows the two side by side.",
        Example(
            "autotune explain --from-manifest pod.yaml",
            {
                "pod.yaml": """\
kind: Pod
metadata:
  name: vllm-x
  annotations:
    autotune/point: 0a1b2c3d4e
    autotune/emitted: '{"image":"vllm/vllm-openai:v0.33.0","flags":{"":"51681122","--seed":"8784154d"},"env":{},"files":{}}'
spec:
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.33.0
    args: [vllm, serve, m, --seed, "2"]
"""
            },
        ),
    ),
    "AT204": Code(
        "note",
        "an engine of the fallback list was passed over",
        "system.backend names several engines; the first that can serve this config is taken, and this one could not.",
        "Mend what the message names to have that engine, or name only the one wanted in system.backend.",
        Example("autotune check 'system.backend=[transformers,vllm]' parallel.tp=2"),
    ),
    "AT206": Code(
        "note",
        "the Hub asks for a login",
        "The model's licence has to be accepted on the Hub; a server without a token cannot download it.",
        "Set deploy.hf_token_secret to a Kubernetes Secret with the key HF_TOKEN; on this machine export HF_TOKEN.",
        Example("autotune check model.id=meta-llama/Llama-3.1-8B-Instruct"),
    ),
    "AT207": Code(
        "note",
        "remote code of no fixed revision",
        "misc.trust_remote_code runs Python code from the model's repository; without model.revision it is whatever was pushed last.",
        "Pin model.revision to a commit that was read.",
        Example("autotune check misc.trust_remote_code=true"),
    ),
    "AT209": Code(
        "note",
        "no image of this engine version is known",
        "Nobody publishes an image for each version of this server; the one named need not hold the version that the flags are for.",
        "Build an image with the server in that version, and name it in system.image. An engine on this machine needs none.",
        Example("autotune check system.backend=transformers"),
    ),
}
