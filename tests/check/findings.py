"""Running one check and reading what it found."""

from tests.catalog.facts_for import config_for, facts_for


def findings(check, model="Llama-3.1-8B-Instruct", gpu="h100_sxm", engine="vllm", gpus_per_node=None, **groups):
    return list(check(config_for(**groups), facts_for(model, gpu, engine, gpus_per_node)))


def codes(check, *args, **kwargs):
    return [item.code for item in findings(check, *args, **kwargs)]
