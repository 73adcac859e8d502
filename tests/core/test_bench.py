from sentiment.core.bench import measure
from sentiment.core.scorer import Scorer


def test_every_text_is_read_and_every_figure_means_something(critic):
    speed = measure(Scorer(critic), ["A film with a story.", "Another one."] * 150)
    assert speed["reviews"] == 300
    assert 0 < speed["single_p50_ms"] <= speed["single_p95_ms"]
    assert speed["reviews_per_second"] > 0
    assert speed["peak_memory_mib"] > 100
