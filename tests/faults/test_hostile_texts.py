"""What `make test` tries on five hundred hostile texts, on all ten thousand."""

import pytest

from sentiment.core.critic.scorer import Scorer
from tests.hostile import assert_all_harmless

pytestmark = pytest.mark.faults


def test_ten_thousand_hostile_texts_do_no_harm(tiny_scorer: Scorer) -> None:
    assert_all_harmless(10_000, tiny_scorer)
