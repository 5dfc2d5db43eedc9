"""Commands as the engines' own documentation gives them: imported, compiled as a task, and the same arguments come out."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from autotune.api import compile_dimensions
from autotune.catalog import extend_catalog
from autotune.compose.points import compose_points
from autotune.compose.task_file import read_task
from autotune.engines.known import known_flags
from autotune.importing.arguments import same
from autotune.importing.config import to_settings
from autotune.importing.hardware import STAND_INS
from autotune.importing.imported import Status
from autotune.importing.launch import find_launch
from autotune.importing.read import read_servers
from autotune.importing.render import render_task
from autotune.importing.target import lowered_values, read_target
from autotune.importing.unwrap import unwrap
from autotune.layers import parse_yaml
from autotune.workspace.load import load_workspace

DATA = yaml.safe_load((Path(__file__).parent / "data" / "commands.yaml").read_text())
#: What every server of autotune has, whether or not the command had it.
OURS = {"--host", "--port", "--served-model-name", "--served_model_name", "--backend", "--force-model", "--continuous-batching"}  # fmt: skip


@pytest.fixture(scope="module")
def workspace():
    return load_workspace()


def title(entry):
    return f"{entry['engine']}-{entry['source'].rpartition('/')[2]}"


def test_there_are_enough_of_each_engine():
    assert len(DATA) >= 40
    assert {entry["engine"] for entry in DATA} == {"vllm", "sglang", "trtllm", "transformers"}
    assert all(entry["source"].startswith("https://github.com/") for entry in DATA)


def compiled(workspace, text, model, stand_in):
    """The task's text through composer and compiler, with the facts of a stand-in where nobody knows the model."""
    catalog = workspace.world.catalog
    if model not in catalog.models:
        catalog = extend_catalog(catalog, models=[replace(catalog.models[stand_in], id=model, aliases=())])
    known = replace(workspace, world=replace(workspace.world, catalog=catalog))
    composer = workspace.composer
    (point,) = compile_dimensions(known, read_task(parse_yaml(text, "task.yaml"), composer.groups, composer.options))
    return point


@pytest.mark.parametrize("entry", DATA, ids=map(title, DATA))
def test_it_goes_in_and_comes_out_the_same(workspace, entry):
    (server,) = read_servers(entry["command"], "a page")
    (base,) = compose_points([], workspace.composer)
    imported = to_settings(server, workspace.world.catalog, base={**base.data})
    assert imported.engine == entry["engine"]
    assert [part for part in imported.parts if part.status is Status.REFUSED] == []
    known = known_flags(imported.engine, imported.version)
    command = unwrap(server)
    said = read_target(imported.engine, command.words, {}, server.files, known)
    if imported.keeps_file:
        said = read_target(imported.engine, command.words, {}, {}, known)
    model = next(item.value for item in imported.settings if item.path == ("model", "id"))
    for stand_in in STAND_INS if model not in workspace.world.catalog.models else STAND_INS[:1]:
        point = compiled(workspace, render_task(imported), model, stand_in)
        assert point.deployment is not None, [item for item in point.diagnostics if item.code != "AT201"]
        lowered = lowered_values(point.deployment, known, keep_file=imported.keeps_file)
        for name, value in said.arguments.values.items():
            if name != "--host":
                assert name in lowered, name
                assert same(lowered[name], value), name
        beyond = set(lowered) - set(said.arguments.values) - OURS
        assert {name for name in beyond if not name.startswith("env:")} == set()
        launch = find_launch(point.deployment.argv)
        assert (said.model in point.deployment.argv[launch.begin :]) == (said.model is not None)
        assert (
            server.env.items() - {item for item in server.env.items() if "TOKEN" in item[0]}
            <= point.deployment.env.items()
        )
