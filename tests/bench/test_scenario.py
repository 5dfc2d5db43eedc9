from random import Random

import pytest

from autotune.bench import parse_scenario
from autotune.diagnostics import InputError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("D(100,200)", "D(100,200)"),
        (" D( 100 , 200 ) ", "D(100,200)"),
        ("N(80,10)/(40,5)", "N(80,10)/(40,5)"),
        ("U(10,20)/(30,40)", "U(10,20)/(30,40)"),
        ("U(20,40)", "U(1,20)/(1,40)"),
    ],
)
def test_every_form_is_read_and_written_as_genai_bench_reads_it(text, canonical):
    assert str(parse_scenario(text)) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "D(100)", "D(100,200", "D(0,5)", "D(5,0)", "D(1.5,2)", "N(80,10)", "N(0,10)/(40,5)", "U(20,10)/(1,2)", "U(20)/(40)",
     "D(10,10)/(5,5)", "E(64)", "dataset", "D(-1,5)", "D(1,2);rm"],
)  # fmt: skip
def test_anything_else_is_an_error_that_names_the_path_and_the_forms(text):
    with pytest.raises(InputError) as caught:
        parse_scenario(text)
    [found] = caught.value.diagnostics
    assert (found.code, found.path) == ("AT003", "benchmark.traffic_scenarios")
    assert "D(in,out)" in (found.help or "")


def test_fixed_lengths_are_fixed():
    random = Random(0)
    assert {parse_scenario("D(7,9)").sample(random) for _ in range(20)} == {(7, 9)}


def test_uniform_lengths_reach_both_ends_and_go_no_further():
    random = Random(0)
    drawn = [parse_scenario("U(3,5)/(1,2)").sample(random) for _ in range(300)]
    assert {tokens for tokens, _ in drawn} == {3, 4, 5}
    assert {tokens for _, tokens in drawn} == {1, 2}


def test_normal_lengths_have_their_mean_and_spread_and_are_never_below_one():
    random = Random(0)
    drawn = [parse_scenario("N(80,10)/(2,50)").sample(random) for _ in range(4000)]
    inputs = [tokens for tokens, _ in drawn]
    mean = sum(inputs) / len(inputs)
    assert abs(mean - 80) < 1
    assert abs((sum((value - mean) ** 2 for value in inputs) / len(inputs)) ** 0.5 - 10) < 1
    assert min(tokens for _, tokens in drawn) == 1


def test_the_same_seed_gives_the_same_lengths():
    scenario = parse_scenario("N(80,10)/(40,5)")
    assert [scenario.sample(Random(3)) for _ in range(3)] == [scenario.sample(Random(3)) for _ in range(3)]
