import math

import pytest

from autotune.bench.student_t import half_width, t_quantile


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, column 0.975.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (10, 2.228), (29, 2.045), (30, 2.042), (99, 1.984)],
)  # fmt: skip
def test_the_quantiles_are_those_of_the_printed_table(freedom, quantile):
    assert t_quantile(freedom, 0.95) == pytest.approx(quantile, abs=5e-4)


def test_other_confidences_are_known_too():
    assert t_quantile(4, 0.99) == pytest.approx(4.604, abs=5e-4)
    assert t_quantile(7, 0.9) == pytest.approx(1.895, abs=5e-4)


def test_the_interval_of_a_mean():
    # mean 10, s = 1, n = 3: 4.303 * 1 / sqrt(3)
    assert half_width([9.0, 10.0, 11.0]) == pytest.approx(2.484, abs=1e-3)
    assert half_width([5.0, 5.0]) == 0.0


def test_one_value_has_no_interval():
    assert math.isnan(half_width([3.0]))
