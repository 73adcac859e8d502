"""What is not judged is said to be so, and where the words judge nothing, a stated rating does."""

import json
from typing import get_args

import pytest

from sentiment import models
from sentiment.core.__main__ import main
from sentiment.core.critic.scorer import Scorer
from sentiment.core.labels import verdict
from sentiment.core.measuring import behaviour
from sentiment.core.words.judging import By, Unread, judge, why_unread
from sentiment.core.words.ratings import positive_of, stated_ratings
from tests.conftest import PAN, PRAISE

GERMAN = "Der schlechteste Film, den ich je gesehen habe. Furchtbar langweilig und dumm."


@pytest.fixture(scope="module")
def shipped() -> Scorer:
    return Scorer.load()


@pytest.mark.parametrize(
    "text",
    [
        GERMAN,
        "Le pire film que j'ai jamais vu. Ennuyeux, bête et mal joué.",
        "La peor película que he visto. Aburrida, tonta y mal actuada.",
        "Худший фильм, который я видел. Скучно и глупо.",
        "这是我看过的最差的电影，无聊又愚蠢。",
        "史上最悪の映画。退屈で馬鹿げている。",
        "أسوأ فيلم شاهدته في حياتي، ممل وغبي.",
        f"😡 {GERMAN} 👎 1/10",
    ],
)
def test_what_is_not_english_is_left_unread(text: str) -> None:
    assert why_unread(text) == "language"


@pytest.mark.parametrize("text", ["", "\u200b" * 25, "!" * 24, "… — …", "\u3164" * 30, "1234567890", "\u0301\u0301"])
def test_nothing_to_read_is_left_unread(text: str) -> None:
    assert why_unread(text) == "nothing"


@pytest.mark.parametrize(
    "text",
    [PRAISE, "Superb.", "brilliant", "😍👏", "★★☆☆☆", "9/10", "Le samouraï bored me.", "Not bad", "Half a star."],
)
def test_english_emoji_and_ratings_are_read(text: str) -> None:
    assert why_unread(text) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("9/10", [0.9]),
        ("I give it 4 out of 5 stars", [0.8]),
        ("8,5 / 10", [0.85]),
        ("3 stars of 4", [0.75]),
        ("2.5 stars", [0.5]),
        ("11/10", [1.0]),
        ("85/100", [0.85]),
        ("★★☆☆☆", [0.4]),
        ("★★★½☆", [0.7]),
        ("⭐⭐⭐⭐", [0.8]),
        ("☆☆☆☆☆", [0.0]),
        ("The first is a 9/10, this a 3/10.", [0.9, 0.3]),
        ("3 of 4 stars", [0.75]),
        ("On 9/11, 24/7, on 12/10/2024, in 4/4 time", []),
        ("1 of 5 of us saw it, 24 of 100 asked", []),
        ("Route 66/5000", []),
        ("The stars of this film are three of 50", []),
    ],
)
def test_ratings_are_read_as_what_they_are(text: str, values: list[float]) -> None:
    assert [rating.value for rating in stated_ratings(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("tenths", "said"), [(0, "negative"), (4, "negative"), (5, "unsure"), (6, "unsure"), (7, "positive")]
)
def test_one_table_says_what_a_rating_means(tenths: int, said: str) -> None:
    assert verdict(positive_of(tenths / 10)) == said


def test_the_core_and_the_database_name_the_same_reasons() -> None:
    assert set(get_args(Unread)) == set(models.Unread.values)
    assert set(get_args(By)) == set(models.By.values)


def test_a_rating_decides_only_where_no_word_judges() -> None:
    assert judge("My rating: 10/10. See you next week.", 0.01) == (0.95, "rating")
    assert judge("My rating: 1/10. See you next week.", 0.9) == (0.05, "rating")
    assert judge("10/10? No. It is awful.", 0.01) == (0.01, "critic")
    assert judge("My rating: 10/10. No, 1/10.", 0.01).by == "brevity", "which one is meant, nobody knows"


def test_a_few_words_that_do_not_judge_are_unsure() -> None:
    assert judge("See you next week.", 0.03) == (0.4, "brevity")
    assert judge("It is a masterpiece.", 0.97) == (0.97, "critic")
    assert judge("Not worth the ticket.", 0.01) == (0.01, "critic")


def test_emoji_are_words(shipped: Scorer) -> None:
    angry, glad = shipped.predict(["😡😡🤮🤮👎👎 😡😡🤮🤮👎👎", "😍😍😍👏👏🎉 😍😍😍👏👏🎉"])
    assert verdict(angry.positive) == "negative"
    assert verdict(glad.positive) == "positive"
    assert [(sentence.start, sentence.end) for sentence in glad.sentences] == [(0, 13)]


def test_the_suite_of_languages_ratings_and_emoji_comes_out_as_expected(shipped: Scorer) -> None:
    kinds = {"languages", "english_of_foreign_films", "nothing_to_read", "ratings", "emoji", "short_without_judgement"}
    found = behaviour.report(shipped, [case for case in behaviour.suite() if case.kind in kinds])
    assert found["kinds"].keys() == kinds
    assert {name: kind["failed"] for name, kind in found["kinds"].items()} == {kind: [] for kind in kinds}


def test_an_unread_text_has_no_verdict_and_no_share_in_any_company(shipped: Scorer) -> None:
    unread, praise, nothing = shipped.predict([GERMAN, PRAISE, "!!!"])
    assert (unread.positive, unread.unread, unread.mentions) == (None, "language", ())
    assert (nothing.positive, nothing.unread) == (None, "nothing")
    assert (praise.unread, praise.by) == (None, "critic")
    assert unread.logit == unread.bias
    assert [(sentence.share, sentence.read) for sentence in unread.sentences] == [(0, False)] * 2
    assert praise == shipped.predict([PRAISE])[0]
    assert shipped.predict([GERMAN], everything=True)[0].unread is None


def test_score_has_a_line_for_each_text_and_says_why_one_is_unread(tmp_path) -> None:
    texts = [PRAISE, GERMAN, "", "My rating: 1/10. See you next week.", PAN]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    assert main(["score", "--input", str(source), "--output", str(target)]) == 0
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["verdict"] for row in rows] == ["positive", "unread", "unread", "negative", "negative"]
    assert [row.get("reason") for row in rows] == [None, "language", "nothing", None, None]
    assert [row["positive"] is None for row in rows] == [False, True, True, False, False]
    assert (rows[3]["by"], rows[3]["positive"]) == ("rating", 0.05)
    assert all(row["logit"] == pytest.approx(row["bias"] + sum(s["share"] for s in row["sentences"])) for row in rows)
