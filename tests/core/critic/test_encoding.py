from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.core.critic.encoding import TextEncoder, length_sorted_batches


@pytest.fixture(scope="module")
def text_encoder(base_folder: Path) -> TextEncoder:
    return TextEncoder(base_folder, max_tokens=12)


def test_a_text_that_fits_is_kept_whole_between_its_special_tokens(text_encoder):
    (encoded,) = text_encoder.encode(["the film was good"])
    assert encoded.own.tolist() == [False, True, True, True, True, False]
    assert encoded.ids[[0, -1]].tolist() == [2, 3]
    assert encoded.starts.tolist() == [0, 4, 9, 13]


def test_a_long_text_keeps_its_head_and_its_tail(text_encoder):
    middle = "bad " * 50
    long, short = text_encoder.encode(["good great lovely moving film " + middle + "a the it and not", "film not"])
    film, no = short.ids[1:-1]
    assert len(long.ids) == 12
    assert (long.head, long.tail) == (5, 5)
    assert long.ids[5] == film
    assert long.ids[-2] == no
    assert len(long.starts) == 60


def test_the_head_may_get_the_larger_part(base_folder):
    (encoded,) = TextEncoder(base_folder, max_tokens=12, head_share=0.8).encode(["bad " * 50])
    assert (encoded.head, encoded.tail) == (8, 2)


def test_tokens_know_where_they_start_in_the_text_as_written(text_encoder):
    text = "&quot;Good&quot;<br />the film"
    (encoded,) = text_encoder.encode([text])
    assert [text[start:][:4] for start in encoded.starts] == ["&quo", "Good", "&quo", "the ", "film"]


def test_padding_is_neither_attended_to_nor_a_texts_own(text_encoder):
    batch = text_encoder.collate(text_encoder.encode(["good", "the film was good", ""]))
    assert batch.input_ids.shape == (3, 6)
    assert batch.attention_mask.sum(dim=1).tolist() == [3, 6, 2]
    assert batch.own.sum(dim=1).tolist() == [1, 4, 0]


def test_no_room_for_head_and_tail_is_refused(base_folder):
    with pytest.raises(ValueError, match="no room"):
        TextEncoder(base_folder, max_tokens=3)


@given(st.lists(st.integers(0, 30)), st.integers(1, 100))
def test_batches_hold_every_text_once_within_the_budget(base_folder, lengths, budget):
    encoder = TextEncoder(base_folder, max_tokens=20)
    encoded = encoder.encode(["a " * length for length in lengths])
    batches = list(length_sorted_batches(encoded, budget))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(len(encoded[i].ids) for i in batch) <= budget
