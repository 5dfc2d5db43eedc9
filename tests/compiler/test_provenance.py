import autotune
from autotune.engines.provenance import CONFIG_HASH, POINT, PROFILES, SET_BY, VERSION, read_set_by


def one(*overrides):
    (point,) = autotune.compile(list(overrides))
    return point


def test_a_server_carries_its_point():
    point = one("+profile=fp8_quantized", "parallel.tp=2")
    notes = point.deployment.annotations
    assert notes[POINT] == point.id == point.deployment.labels[POINT]
    assert notes[PROFILES] == "fp8_quantized"
    assert notes[VERSION] == autotune.__version__
    said = read_set_by(notes[SET_BY])
    assert said["parallel.tp"] == (2, "override parallel.tp=2")
    assert said["quantization.gemm_mode"] == ("fp8", "profiles/fp8_quantized.yaml, layer `weights`")
    assert "runtime.isl" not in said


def test_provenance_is_no_part_of_the_name():
    assert one("parallel.tp=2").deployment.name == one("+parallel.tp=2").deployment.name


def test_points_that_differ_in_their_load_have_one_config_hash():
    light, heavy = (one(f"benchmark.num_concurrency=[{load}]") for load in (1, 64))
    assert light.id != heavy.id
    assert light.deployment.annotations[CONFIG_HASH] == heavy.deployment.annotations[CONFIG_HASH]
    assert one("parallel.tp=2").deployment.annotations[CONFIG_HASH] != light.deployment.annotations[CONFIG_HASH]


def test_labels_and_annotations_of_the_user_are_no_settings_of_the_server():
    said = read_set_by(one("deploy.labels={team: x}", "deploy.annotations={a: b}").deployment.annotations[SET_BY])
    assert not [path for path in said if path.startswith("deploy")]


def test_servers_behind_a_router_carry_it_too():
    router = one("system.serving_mode=disagg", "system.backend=sglang").deployment
    assert router.parts
    for part in router.parts:
        assert part.annotations[POINT] == router.annotations[POINT]
        assert part.labels[POINT] == router.labels[POINT]


def test_a_label_of_the_user_wins():
    (point,) = autotune.compile({"deploy.labels": {POINT: "mine"}})
    assert point.deployment.labels[POINT] == "mine"
