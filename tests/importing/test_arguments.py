import pytest

from autotune.engines.known import known_flags
from autotune.importing.arguments import read_arguments, same

VLLM = known_flags("vllm", "0.33.0")


def values(text, known=VLLM):
    return read_arguments(text.split(" "), known).values


@pytest.mark.parametrize(
    "text",
    [
        "--tensor-parallel-size 2",
        "--tensor_parallel_size=2",
        "-tp 2",
        "-tp=2",
        "--tensor-parallel-si 2",
    ],
)
def test_spellings_of_one_flag(text):
    assert values(text) == {"--tensor-parallel-size": 2}


def test_keys_of_a_json_flag_are_one_flag():
    whole = values('--speculative-config {"method":"ngram","num_speculative_tokens":3}')
    assert whole == values("--speculative-config.method ngram --speculative_config.num_speculative_tokens=3")
    assert whole == {"--speculative-config#method": "ngram", "--speculative-config#num_speculative_tokens": 3}
    assert values("--compilation-config.pass_config.fuse true -cc.sizes+ 1,2") == {
        "--compilation-config#pass_config": {"fuse": True},
        "--compilation-config#sizes": [1, 2],
    }


def test_switches_numbers_and_lists():
    assert values(
        "--no-enable-prefix-caching --max-model-len 16k --chunk=1 --cudagraph-capture-sizes 1 2 4 --seed -1"
    ) == {
        "--no-enable-prefix-caching": True,
        "--max-model-len": 16000,
        "--chunk": ("1",),
        "--cudagraph-capture-sizes": (1, 2, 4),
        "--seed": -1,
    }
    assert values("--max-model-len 1K")["--max-model-len"] == 1024


def test_levels_of_optimization_by_version():
    assert values("-O3") == {"--optimization-level": "3"}
    assert values("-O3", known_flags("vllm", "0.10.2")) == {"--compilation-config#level": 3}


def test_what_has_no_value_or_one_too_many_is_named():
    read = read_arguments(["--max-model-len", "--enforce-eager=yes"], VLLM)
    assert set(read.wrong) == {"--max-model-len", "--enforce-eager"}


def test_the_last_of_several_counts_and_it_is_said():
    read = read_arguments(["--seed", "1", "--seed", "2"], VLLM)
    assert read.values == {"--seed": 2}
    assert read.notes


def test_equal_is_not_alike():
    assert same(0.9, 0.90000000000001)
    assert same((1, 2), [1, 2])
    assert not same(True, 1)
    assert not same("1", 1)
