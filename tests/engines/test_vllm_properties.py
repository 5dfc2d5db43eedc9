"""What holds for every config that passes the schema, in every version, on every device."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from tests.engines.random_configs import configs
from tests.engines.samples import facts

VLLM = ENGINES["vllm"]


def read(argv, known):
    """Flag as written -> its values, as a parser takes the line apart."""
    flags = {}
    current = None
    for part in argv:
        if part.startswith("--"):
            name, tied, value = part.partition("=")
            assert name not in flags, f"{name} is given twice"
            current = flags[name] = [value] if tied else []
        else:
            current.append(part)
    return {name: (known.find(name), values) for name, values in flags.items()}


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs(), st.sampled_from(known_versions("vllm")), st.sampled_from(["h100_sxm", "mi300x", "cpu"]))
def test_every_command_line_is_one_that_the_version_takes(config, version, gpu):
    known = known_flags("vllm", version)
    lowered = VLLM.lower(config, facts(config.model.id, version, gpu))
    deployment = lowered.deployment
    assert deployment.argv[:3] == ("vllm", "serve", config.model.path or config.model.id)
    assert VLLM.lower(config, facts(config.model.id, version, gpu)) == lowered
    assert "None" not in deployment.argv
    if any(item.path in ("model.path", "model.aliases") and item.code == "AT003" for item in lowered.diagnostics):
        return
    flags = read(deployment.argv[3:], known)
    seen = [spelling and spelling.flag.name for spelling, _ in flags.values()]
    assert None not in seen, f"not all of {list(flags)} are in {version}"
    assert len(set(seen)) == len(seen), "one flag is given in two spellings"
    for name, (spelling, values) in flags.items():
        check_values(name, spelling.flag, values)
    if gpu == "cpu":
        assert "--gpu-memory-utilization" not in flags
        assert deployment.gpus == 0


def check_values(name, flag, values):
    assert all(values), f"{name} has an empty value"
    if flag.kind in ("pair", "bare"):
        assert values == []
        return
    assert len(values) == 1 or flag.many
    for value in values:
        assert not flag.choices or value in flag.choices
        if flag.kind in ("int", "float"):
            float(value)
        if flag.kind == "json":
            assert None not in json.loads(value).values()
