import sys

import pytest

from sentiment.core.curve.baselines import word2vec_means
from sentiment.core.curve.ulmfit import ulmfit
from sentiment.core.extras import ExperimentError


def test_what_needs_an_extra_says_which(tmp_path, monkeypatch):
    for module in ("gensim", "gensim.models", "fastai", "fastai.text", "fastai.text.all"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExperimentError, match=r"gensim.*pip install -e '\.\[experiments\]'"):
        word2vec_means(["a text"], tmp_path / "vectors.npz")
    with pytest.raises(ExperimentError, match=r"fastai.*pip install -e '\.\[experiments\]'"):
        ulmfit(["a text"], tmp_path)
    assert list(tmp_path.iterdir()) == []
