import pytest

from autotune.api import compile_dimensions, read_dimensions
from autotune.compare import found_side, point_sides
from autotune.importing.found_server import FoundServer
from autotune.workspace.load import load_workspace


def compiled(*overrides):
    workspace = load_workspace()
    return next(iter(compile_dimensions(workspace, read_dimensions(workspace, None, overrides, multirun=True))))


def test_a_compiled_point():
    (side,) = point_sides(compiled("parallel.tp=2", "misc.env.HF_TOKEN=opensesame"), "t")
    assert (side.engine, side.title, side.whole) == ("vllm", "t", True)
    assert side.config["parallel.tp"] == 2
    assert "parallel.tp" in side.said
    assert "model.id" not in side.said, "a base default"
    assert side.writers["parallel.tp"] == "override parallel.tp=2"
    assert "opensesame" not in str((side.config, dict(side.writers), side.key))


def test_a_map_without_entries_is_not_in_the_config():
    (side,) = point_sides(compiled(), "t")
    assert not [path for path, value in side.config.items() if value in ({}, None)]


def test_disaggregated_serving_is_a_side_a_server_and_one_config():
    sides = point_sides(compiled("system.backend=sglang", "system.serving_mode=disagg"), "t")
    assert [side.title for side in sides] == ["t, router", "t, prefill", "t, decode"]
    assert [side.config is not None for side in sides] == [True, False, False]
    assert len({side.key for side in sides}) == 3


@pytest.mark.parametrize(
    ("image", "engine", "version"),
    [
        ("vllm/vllm-openai:v0.33.0", "vllm", "0.33.0"),
        ("vllm/vllm-openai:v0.10.2-x86_64", "vllm", "0.10.2"),
        ("vllm/vllm-openai:v9999.0.0", "vllm", "newest"),
        ("vllm/vllm-openai:latest", "vllm", None),
        ("vllm/vllm-openai", "vllm", None),
        ("vllm/vllm-openai@sha256:ab", "vllm", None),
        ("example.org:5000/mine/sglang:v0.5.23-cu129", "sglang", "0.5.23"),
        ("grafana/grafana:1", None, None),
        (None, None, None),
    ],
)
def test_engine_and_version_by_the_image(image, engine, version):
    from autotune.engines.known import known_versions

    side = found_side(FoundServer("x", argv=("--seed", "1"), image=image), "x")
    wanted = known_versions("vllm")[-1] if version == "newest" else version
    assert (side.engine, side.version) == (engine, wanted)


def test_a_command_inside_a_shell_is_looked_into():
    found = FoundServer("x", argv=("/bin/sh", "-c", "exec vllm serve m --seed 1"), env={"A": "b"})
    side = found_side(found, "x")
    assert side.argv[-4:] == ("serve", "m", "--seed", "1")
    assert (side.engine, side.env) == ("vllm", {"A": "b"})


def test_a_script_that_is_more_than_a_command_is_left_as_it_stands():
    argv = ("bash", "-c", "vllm serve m 'unclosed")
    assert found_side(FoundServer("x", argv=argv), "x").argv == argv


def test_damaged_annotations_are_no_crash():
    for text in ("", "{", "[]", "null", '{"a": 1}', '{"a": ["b"]}', '{"a": ["b", 3]}', "[" * 100_000):
        side = found_side(FoundServer("x", argv=("vllm", "serve", "m"), annotations={"autotune/set-by": text}), "x")
        assert (side.config, side.writers) == ({}, {})
