from dataclasses import replace

import numpy as np
import pytest

from sentiment.core.corpus.data import Example, labels_of
from sentiment.core.training.nb_svm import nb_svm, repeated_folds, words


def right(positive, examples):
    return np.mean((np.asarray(positive) > 0.5) == labels_of(examples))


def test_nb_svm_learns_the_words_that_decide(examples):
    answer = nb_svm(examples[:30], [example.text for example in examples], seed=0)
    assert right(answer.positive, examples) == 1


def test_nb_svm_learns_from_pairs_what_no_single_word_tells():
    said = {"good": 1, "bad": 0, "not good": 0, "not bad": 1}
    nouns = ["film", "plot", "cast", "ending", "music"]
    known = [Example(f"the {noun} was {words}", label) for noun in nouns for words, label in said.items()]
    answer = nb_svm(known, [f"my review : it was {words}" for words in said], seed=0)
    assert [p > 0.5 for p in answer.positive] == [label == 1 for label in said.values()]


@pytest.mark.parametrize("count", [10, 40])
def test_nb_svm_gives_the_same_answer_again_and_from_few_labels(examples, count):
    texts = [example.text for example in examples]
    first, second = (nb_svm(examples[:count], texts, seed=1) for _ in range(2))
    assert first.detail == second.detail
    np.testing.assert_array_equal(first.positive, second.positive)
    assert right(first.positive, examples) > 0.5


def test_words_keep_negations_whole_and_marks_apart():
    assert words("It isn't good!<br />Bad&amp;dull.") == ["it", "isn't", "good", "!", "bad", "&", "dull", "."]


def test_folds_keep_films_whole_where_there_are_enough(examples):
    for train_part, test_part in repeated_folds(examples, 0, 1)[0]:
        films = [{examples[i].group for i in part} for part in (train_part, test_part)]
        assert not films[0] & films[1]


def test_texts_of_a_single_film_are_cross_validated_one_by_one(examples):
    alone = [replace(example, group="the film") for example in examples[:10]]
    (folds,) = repeated_folds(alone, 0, 1)
    assert sorted(i for _, test in folds for i in test) == list(range(10))
    assert right(nb_svm(alone, [e.text for e in examples], 0).positive, examples) > 0.5
