"""Facts about models and GPUs, and the memory arithmetic over them."""

from autotune.catalog.config_json import facts_from_config
from autotune.catalog.facts import Catalog, Gpu, ModelFacts
from autotune.catalog.measured import Measured, measurements, status, statuses
from autotune.catalog.model_settings import kwargs_for, settings_for
from autotune.catalog.registry import (
    builtin_catalog,
    extend_catalog,
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
    "Measured",
    "ModelFacts",
    "builtin_catalog",
    "condition_variables",
    "describe_variables",
    "extend_catalog",
    "facts_from_config",
    "find_gpu",
    "find_model",
    "get_model",
    "kwargs_for",
    "list_gpus",
    "list_models",
    "make_catalog",
    "measurements",
    "settings_for",
    "status",
    "statuses",
]
