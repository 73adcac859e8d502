import numpy as np
import pytest

from sentiment.core.curve.features import SHARD, FeatureStore


def test_a_store_computes_each_text_once_and_keeps_it(tmp_path):
    asked = []

    def lengths(texts):
        asked.extend(texts)
        return np.array([[len(text)] for text in texts], np.float32)

    texts = ["a" * (i + 1) for i in range(SHARD + 3)]
    store = FeatureStore(tmp_path / "kept", lengths)
    np.testing.assert_array_equal(store.of([texts[4], texts[0], texts[4]])[:, 0], [5, 1, 5])
    np.testing.assert_array_equal(store.of(texts)[:, 0], np.arange(1, SHARD + 4))
    again = FeatureStore(tmp_path / "kept", lengths)
    np.testing.assert_array_equal(again.of(texts[::-1])[:, 0], np.arange(SHARD + 3, 0, -1))
    assert sorted(asked, key=len) == texts


def test_an_interrupted_store_keeps_its_whole_shards(tmp_path):
    texts = [str(i) for i in range(2 * SHARD)]

    def interrupted(texts):
        if "0" not in texts:
            raise KeyboardInterrupt
        return np.zeros((len(texts), 1), np.float32)

    with pytest.raises(KeyboardInterrupt):
        FeatureStore(tmp_path, interrupted).of(texts)
    asked = []
    FeatureStore(tmp_path, lambda texts: asked.extend(texts) or np.ones((len(texts), 1), np.float32)).of(texts)
    assert asked == texts[SHARD:]
