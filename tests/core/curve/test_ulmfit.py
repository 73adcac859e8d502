import os
from collections import Counter

import numpy as np
import pytest

from sentiment.core.corpus.data import labels_of
from sentiment.core.curve import ulmfit as ulmfit_module
from sentiment.core.curve.ulmfit import ulmfit
from sentiment.core.training.nb_svm import words


def right(positive, examples):
    return np.mean((np.asarray(positive) > 0.5) == labels_of(examples))


@pytest.fixture
def small_ulmfit(monkeypatch):
    pytest.importorskip("fastai")
    monkeypatch.setattr(ulmfit_module, "SIZES", {"emb_sz": 32, "n_hid": 32, "n_layers": 1})
    monkeypatch.setattr(ulmfit_module, "STAGES", ((-1, 40, 2e-2), (0, 100, 1e-2)))


# Fastai's own imports use what torch and pandas are about to drop.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_ulmfit_learns_and_gives_the_same_answer_again(tmp_path, examples, small_ulmfit):
    texts = [example.text for example in examples]
    read = ulmfit(texts * 20, tmp_path)
    first, second = (read(examples, texts, 3).positive for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert right(first, examples) > 0.8


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pretraining_learns_which_words_follow_which(tmp_path, examples, small_ulmfit, monkeypatch):
    learners, make = [], ulmfit_module._language_model

    def made(*args, **options):
        learners.append(make(*args, **options))
        return learners[0]

    monkeypatch.setattr(ulmfit_module, "_language_model", made)
    texts = [example.text for example in examples] * 500
    ulmfit(texts, tmp_path)
    with learners[0].no_bar(), learners[0].no_logging():
        surprise = learners[0].validate()[0]
    # Who knows nothing but how often each word comes is surprised by this much.
    counts = np.array(list(Counter(word for text in texts for word in words(text)).values()))
    frequencies = counts / counts.sum()
    assert surprise < -(frequencies @ np.log(frequencies))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_interrupted_pretraining_is_taken_up_where_it_was(tmp_path, examples, small_ulmfit, monkeypatch):
    texts = [example.text for example in examples] * 20
    replace_file, kept = os.replace, []

    def interrupted(source, target):
        replace_file(source, target)
        kept.append(target.name)
        if len(kept) == 3:
            raise KeyboardInterrupt

    of_another = tmp_path / "20.pth"
    of_another.write_bytes(b"made by another schedule")
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ulmfit(texts, tmp_path)
    ulmfit(texts, tmp_path)
    parts = ulmfit_module.PARTS
    assert kept == [f"{number}-of-{parts}.pth" for number in range(1, parts + 1)]
    assert {path.name for path in tmp_path.iterdir()} == {kept[-1], of_another.name}
