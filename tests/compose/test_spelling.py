"""Text typed into a field becomes the override that means it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autotune.compose.overrides import format_value, parse_overrides
from autotune.compose.spelling import spell_field
from autotune.schema import Config
from autotune.schema.fields import fields_of

FIELDS = {field.path: field for group in Config.model_fields for field in fields_of(group)}


@pytest.mark.parametrize(
    ("path", "typed", "spelled"),
    [
        ("parallel.tp", " 2,4 ", ["parallel.tp=2,4"]),
        ("parallel.tp", "", []),
        ("model.id", "org/a,org/b", ["model.id=org/a,org/b"]),
        ("model.revision", "123", ["model.revision='123'"]),
        ("model.revision", "null", ["model.revision=null"]),
        ("model.id", "[broken", ["model.id='[broken'"]),
        ("system.backend_version", "0.10", ["system.backend_version=0.10"]),
        ("misc.env", "A=1\nB=x y", ["misc.env.A='1'", "misc.env.B='x y'"]),
        ("misc.env", "{A: b}", ["misc.env={A: b}"]),
        ("deploy.labels", "a.b/c=x", ["deploy.labels={a.b/c:x}"]),
        ("misc.extra_args", "--seed=7\n--name=a(b", ["misc.extra_args.--seed=7", "misc.extra_args.--name='a(b'"]),
        ("benchmark.traffic_scenarios", "D(1,2), D(3,4)", ["benchmark.traffic_scenarios=['D(1,2)','D(3,4)']"]),
        ("benchmark.num_concurrency", "[1,8]", ["benchmark.num_concurrency=[1,8]"]),
        (
            "optimization.constraints",
            "ttft_ms.p95 < 300.0 && error_rate == 0.0",
            ["optimization.constraints=['ttft_ms.p95 < 300.0 && error_rate == 0.0']"],
        ),
    ],
)
def test_spelled_as_an_override(path, typed, spelled):
    assert spell_field(FIELDS[path], typed) == spelled


@given(st.text(min_size=1) | st.text("\\'\"a ,=[]{}()\n", min_size=1))
@example("\\\n")
@example("it's \\")
@example("A¹")
def test_any_text_comes_back_from_its_spelling(text):
    if "${" in text or "\0" in text:
        return
    ((((setting,),),),) = [
        [dimension.alternatives]
        for dimension in parse_overrides([f"model.id={format_value(text)}"], (), lambda _: [], sweeps=True)
    ]
    assert setting.value == text
