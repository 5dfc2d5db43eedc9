import itertools

import pytest

from autotune.verify.common import in_common
from tests.verify.pairs import pair


def grid(error):
    """24 pairs over tp, concurrency and format; `error` gives the factor by which TPOT is predicted too high."""
    made = []
    for number, (tp, clients, mode) in enumerate(itertools.product((1, 2), (4, 16, 64), ("bf16", "fp8"))):
        for again in range(2):
            factor = error(tp, clients, mode) * (1.01 if again else 0.99)
            settings = {"parallel.tp": tp, "quantization.gemm_mode": mode}
            made.append(pair({"tpot": 10 * factor}, point=f"p{number}", concurrency=clients, settings=settings))
    return made


def test_the_setting_that_the_errors_follow_is_found():
    (found,) = in_common(grid(lambda tp, clients, mode: 0.5 if clients >= 16 else 1.0), "tpot_ms")
    assert found.words == "concurrency >= 16"
    assert found.inside == pytest.approx(-0.5, abs=0.01)
    assert found.outside == pytest.approx(0.0, abs=0.01)
    assert (found.pairs_inside, found.pairs_outside) == (16, 8)
    assert found.explained > 0.95


def test_the_side_that_is_further_off_is_named():
    (found,) = in_common(grid(lambda tp, clients, mode: 1.0 if clients >= 16 else 2.0), "tpot_ms")
    assert found.words == "concurrency < 16"
    assert found.inside == pytest.approx(1.0, abs=0.02)
    (worse,) = in_common(grid(lambda tp, clients, mode: 1.5 if mode == "fp8" else 1.0), "tpot_ms")
    assert worse.words == "quantization.gemm_mode = fp8"


def test_a_second_setting_is_sought_in_what_the_first_leaves_over():
    pairs = grid(lambda tp, clients, mode: (0.4 if mode == "fp8" else 1.0) * (1.3 if tp == 2 else 1.0))
    assert [item.words for item in in_common(pairs, "tpot_ms")] == ["quantization.gemm_mode = fp8", "parallel.tp < 2"]


def test_a_constant_error_has_nothing_in_common_and_neither_has_chance():
    assert in_common(grid(lambda *_: 3.0), "tpot_ms") == []
    assert in_common(grid(lambda *_: 3.0)[:3], "tpot_ms") == []
    assert in_common([], "tpot_ms") == []
