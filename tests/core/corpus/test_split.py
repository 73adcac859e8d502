import random
from collections import Counter, defaultdict

import pytest

from sentiment.core.corpus import data
from sentiment.core.corpus.data import DataError, Example, draw, identity_of, imdb_split
from sentiment.core.corpus.duplicates import near_duplicates

WORDS = [f"word{n}" for n in range(500)]


def text(chance: random.Random, length: int = 60) -> str:
    return " ".join(chance.choices(WORDS, k=length))


@pytest.fixture
def reviews(monkeypatch) -> list[Example]:
    monkeypatch.setattr(data, "HELDOUT_AT_LEAST", 50)
    monkeypatch.setattr(data, "SEED_LABELS", 40)
    chance = random.Random(1)
    return [Example(text(chance), (0, 1, None)[i % 3], f"film {i % 40}", identity=f"train/{i}") for i in range(600)]


def test_whole_films_are_held_out(reviews):
    splits = defaultdict(set)
    for example in (named := imdb_split(reviews)):
        splits[example.group].add(example.split)
    held_out = {film for film, names in splits.items() if names & {"heldout", "unused"}}
    assert all(splits[film] <= {"heldout", "unused"} for film in held_out)
    counts = Counter(example.split for example in named)
    assert 50 <= counts["heldout"] < 70
    assert counts["seed"] == 40
    assert Counter(example.label for example in named if example.split == "seed") == {0: 20, 1: 20}
    assert all((e.label is None) == (e.split in ("unlabelled", "unused")) for e in named)
    assert [example.text for example in named] == [example.text for example in reviews]


def test_what_repeats_a_held_out_review_is_held_out_with_its_film(reviews):
    words = reviews[0].text.split()
    words[30] = "changed"
    copy = Example(" ".join(words), 1, "another film", identity="train/copy")
    sides = []
    for seed in range(12):
        named = imdb_split([*reviews, copy], seed)
        sides.append((named[0].split == "heldout", named[-1].split == "heldout"))
    assert set(sides) == {(True, True), (False, False)}


def test_the_split_is_the_same_again_and_another_with_another_seed(reviews):
    assert imdb_split(reviews) == imdb_split(reviews)
    assert imdb_split(reviews, seed=1) != imdb_split(reviews)


def test_a_larger_draw_holds_the_smaller_one_and_order_does_not_matter(reviews):
    few, many = draw(reviews, 20), draw(list(reversed(reviews)), 60)
    assert {e.identity for e in few} < {e.identity for e in many}
    assert identity_of(few) == identity_of(list(reversed(few)))
    with pytest.raises(DataError, match="200 negative texts to draw from; 250 are needed"):
        draw(reviews, 500)


def test_near_duplicates_are_found_and_texts_of_the_same_words_are_not():
    chance = random.Random(2)
    texts = [text(chance) for _ in range(50)]
    texts += [f"{texts[7]} one more sentence", " ".join(sorted(texts[9].split()))]
    assert list(near_duplicates(texts)) == [(7, 50)]
