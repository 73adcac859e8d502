import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.core.text import clean, sentence_spans

FRAGMENTS = [
    "Mr. ",
    "U.S.",
    "J.",
    "... ",
    "?!",
    '"',
    "(",
    ")",
    "\n",
    "\n\n",
    "\r\n\r\n",
    "<br />",
    "&quot;",
    "&#1;",
    " I ",
]
messy = st.lists(
    st.one_of(st.sampled_from([*FRAGMENTS, "\x00", "\x85", "\u2028", "\u2029", "\ud800", "😀"]), st.text())
).map("".join)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@given(messy)
def test_every_character_read_lies_in_exactly_one_sentence(text):
    covered = [0] * len(text)
    previous_end = 0
    for start, end in sentence_spans(text):
        assert previous_end <= start < end <= len(text)
        previous_end = end
        covered[start:end] = [n + 1 for n in covered[start:end]]
    cleaned = clean(text)
    for i, (character, start) in enumerate(zip(cleaned.text, cleaned.starts, strict=True)):
        end = cleaned.end(i)
        if not character.isspace():
            assert covered[start:end] == [1] * (end - start)


@given(st.text(st.characters(exclude_characters="<&"), max_size=60))
def test_plain_text_is_covered_but_for_its_spaces(text):
    outside = list(text)
    for start, end in sentence_spans(text):
        outside[start:end] = " " * (end - start)
        assert text[start:end]
    assert not "".join(outside).strip()


def test_abbreviations_and_initials_do_not_end_sentences():
    assert sentences("Mr. Lee and J. Doe act well, e.g. in Rome. I liked it!") == [
        "Mr. Lee and J. Doe act well, e.g. in Rome.",
        "I liked it!",
    ]


@pytest.mark.parametrize(
    "gap", ["\n\n", "\n \t\n", "\r\n\r\n", "\r\r", "<br /><br />", "<BR>\n<br/>", "\u2029", "\u2028\u2028"]
)
def test_a_blank_line_ends_a_sentence_that_has_no_full_stop(gap):
    assert sentences(f"Best film of the year{gap}the cast is superb") == [
        "Best film of the year",
        "the cast is superb",
    ]


def test_spans_of_marked_up_text_point_into_the_text_as_written():
    text = "<br />&quot;Am&eacute;lie&quot; &amp; me.<br /><br />Don&#39;t miss it&#33; Bye."
    assert clean(text).text == '\n"Amélie" & me.\n\nDon\'t miss it! Bye.'
    assert sentences(text) == ["&quot;Am&eacute;lie&quot; &amp; me.", "Don&#39;t miss it&#33;", "Bye."]


def test_misdecoded_windows_punctuation_is_read_as_punctuation():
    assert clean("it\x92s slow\x97very slow\x85").text == "it’s slow—very slow…"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Good" + " " * 5_000 + "film", "Good film"),
        ("Good" + " \n" * 5_000 + "film", "Good\n\nfilm"),
        ("Good" + " " * 5_000 + "\nfilm", "Good\nfilm"),
        ("Good&nbsp;" + "&nbsp;" * 5_000 + "film", "Good film"),
        ("Ha" + "!" * 5_000 + " yes", "Ha" + "!" * 64 + " yes"),
        ("plot " * 4_000 + "plots", "plot " * 64 + "plots"),
        ("So very,\n" * 2, "So very,\n" * 2),
        ("very " * 64 + "good", "very " * 64 + "good"),
        ("a" + " " * 19_000 + "a " * 70, "a " + "a " * 64),
        ("a " * 70 + " " * 19_000 + "a", "a " * 63 + "a a"),
        ("Good" + " " * 64 + "film", "Good" + " " * 64 + "film"),
    ],
)
def test_of_what_is_only_repeated_the_beginning_is_read(text, read):
    assert clean(text).text == read


def test_what_stands_after_a_long_run_is_found_where_it_was_written():
    text = "Good.  " * 1_000 + "Bad." + " " * 1_000 + "The end."
    found = sentences(text)
    assert found[:63] == ["Good."] * 63
    assert found[63] == ("Good.  " * 937).strip()
    assert found[64:] == ["Bad.", "The end."]
    cleaned = clean(text)
    assert text[cleaned.starts[cleaned.text.index("Bad")] :].startswith("Bad.")


def test_a_boundary_inside_an_entity_leaves_that_in_one_sentence():
    text = "&notit;" * 2_500
    spans = sentence_spans(text)
    assert len(spans) > 1
    assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
    assert {start % len("&notit;") for start, _ in spans} == {0}


def test_a_paragraph_that_is_searched_step_by_step_has_the_same_sentences():
    sentence = "I thought, e.g. after Mr. Lee's scene, that it was over... It was not! "
    assert sentences(sentence * 300) == sentences(sentence) * 300
    assert sentences("word " * 10 + "unended " * 1_200)[0].endswith("unended")


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\u2029", "<br />"])
def test_nothing_to_read_has_no_sentences(text):
    assert sentence_spans(text) == []


def test_a_long_review_takes_under_two_milliseconds_and_a_megabyte_a_few_seconds():
    review = "I thought, e.g. after Mr. Lee's scene, that it was over... It was not! " * 17
    started = time.perf_counter()
    for _ in range(20):
        sentence_spans(review)
    assert (time.perf_counter() - started) / 20 < 0.002
    started = time.perf_counter()
    for hostile in ("a. ", "\n ", "(", "&amp;", "<br /> x", '"Hi." '):
        sentence_spans(hostile * (1_000_000 // len(hostile)))
    assert time.perf_counter() - started < 15
