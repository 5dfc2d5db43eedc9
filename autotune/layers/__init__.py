"""Layers: base < profiles < user, with a record of who wrote what."""

from autotune.layers.apply import Layered, LayerRecord, WriteRecord, apply_layers
from autotune.layers.condition import Condition, ConditionError, compile_condition
from autotune.layers.paths import copy_tree, flatten, get_path, set_path, split_path
from autotune.layers.profile import FIXED_PATHS, Layer, Profile, parse_profile
from autotune.layers.registry import Entry, select_layers
from autotune.layers.yaml_source import YamlSource, parse_documents, parse_yaml

__all__ = [
    "FIXED_PATHS",
    "Condition",
    "ConditionError",
    "Entry",
    "Layer",
    "LayerRecord",
    "Layered",
    "Profile",
    "WriteRecord",
    "YamlSource",
    "apply_layers",
    "compile_condition",
    "copy_tree",
    "flatten",
    "get_path",
    "parse_documents",
    "parse_profile",
    "parse_yaml",
    "select_layers",
    "set_path",
    "split_path",
]
