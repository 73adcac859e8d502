import pytest

from sentiment.core.corpus.data import DataError
from sentiment.core.significance import mcnemar


@pytest.mark.parametrize(
    ("both", "only_a", "only_b", "p"),
    [
        (50, 0, 0, 1.0),
        (50, 7, 7, 1.0),
        (50, 5, 0, 2 / 2**5),
        (50, 0, 5, 2 / 2**5),
        (0, 1, 9, 2 * (1 + 10) / 2**10),
    ],
)
def test_mcnemar_weighs_only_the_texts_that_one_of_two_got_right(both, only_a, only_b, p):
    right_a = [True] * (both + only_a) + [False] * only_b
    right_b = [True] * both + [False] * only_a + [True] * only_b
    assert mcnemar(right_a, right_b) == (only_a, only_b, pytest.approx(p))


def test_critics_judged_on_different_texts_cannot_be_compared():
    with pytest.raises(DataError, match="judge both on the same"):
        mcnemar([True], [True, False])
