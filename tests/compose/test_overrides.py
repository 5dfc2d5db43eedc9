import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.compose.overrides import format_value, parse_overrides, split_launcher
from autotune.compose.settings import Assign
from tests.examples import examples

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.text(alphabet=st.characters(codec="ascii", exclude_characters="\n\r\\$"), min_size=1, max_size=12)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=4)


@settings(max_examples=examples(300), deadline=None, derandomize=True)
@given(VALUES)
def test_a_formatted_value_reads_back_as_itself(value):
    (dimension,) = parse_overrides([f"a.b={format_value(value)}"], (), lambda _: [], sweeps=False)
    ((setting,),) = dimension.alternatives
    assert isinstance(setting, Assign)
    assert setting.value == value
    assert type(setting.value) is type(value)


@pytest.mark.parametrize(
    ("words", "to_hydra", "rest"),
    [
        (["a.b=1", "hydra/launcher=submitit_slurm", "hydra.launcher.x=1"], ["hydra/launcher=submitit_slurm", "hydra.launcher.x=1"], ["a.b=1"]),
        (["a.b=1", "hydra/launcher=basic"], [], ["a.b=1"]),
        (["a.b=1", "hydra.job.name=x"], [], ["a.b=1", "hydra.job.name=x"]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_launcher_is_set_apart_where_one_is_chosen(words, to_hydra, rest):
    assert split_launcher(words) == (to_hydra, rest)
