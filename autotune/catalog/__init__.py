"""Facts about models and GPUs, and the memory arithmetic over them."""

from autotune.catalog.config_json import facts_from_config
from autotune.catalog.facts import Catalog, Gpu, ModelFacts
from autotune.catalog.registry import (
    builtin_catalog,
    find_gpu,
    find_model,
    get_model,
    list_gpus,
    list_models,
    make_catalog,
)
from autotune.catalog.variables import condition_variables, describe_variables

__all__ = [
    "Catalog",
    "Gpu",
    "ModelFacts",
    "builtin_catalog",
    "condition_variables",
    "describe_variables",
    "facts_from_config",
    "find_gpu",
    "find_model",
    "get_model",
    "list_gpus",
    "list_models",
    "make_catalog",
]
