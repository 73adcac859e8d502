"""What `make test` tries on five hundred hostile texts, on all ten thousand, a part a process."""

import pytest

from sentiment.core.critic.scorer import Scorer
from tests.hostile import assert_all_harmless

pytestmark = pytest.mark.faults
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_hostile_texts_do_no_harm(tiny_scorer: Scorer, part: int) -> None:
    assert_all_harmless(10_000, tiny_scorer, part, PARTS)
