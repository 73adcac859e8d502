import numpy as np

from sentiment.core.critic.evidence import Sentence, sentence_shares


def test_a_token_belongs_to_the_sentence_in_which_it_starts():
    starts = np.array([0, 3, 9, 10])
    shares = sentence_shares([(0, 5), (10, 14)], starts, 4, 0, np.array([1.0, 2.0, 4.0, 8.0]))
    assert shares == (Sentence(0, 5, 7.0, True), Sentence(10, 14, 8.0, True))


def test_a_sentence_partly_in_the_middle_keeps_the_share_that_was_read():
    starts = np.arange(0, 60, 10)
    spans = [(0, 19), (20, 29), (30, 59)]
    shares = sentence_shares(spans, starts, 1, 2, np.array([1.0, 2.0, 4.0]))
    assert [(s.share, s.read) for s in shares] == [(1.0, True), (0.0, False), (6.0, True)]


def test_nothing_written_has_no_evidence():
    assert sentence_shares([], np.array([], dtype=np.int64), 0, 0, np.array([])) == ()
