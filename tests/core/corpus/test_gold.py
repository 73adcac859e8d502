"""What was read by hand fits the texts that it was read of, or is not joined to them."""

import json

import pytest

from sentiment.core.__main__ import main
from sentiment.core.corpus import gold
from sentiment.core.corpus.annotated import read_annotated
from sentiment.core.corpus.data import DataError, digest
from sentiment.core.corpus.gold import Gold, Judgement, Reading, agreement, join, read_gold
from sentiment.core.critic.aspects import ASPECTS

TEXT = "The acting is superb. The plot is thin but fun. See it."
ACTING, STORY = Judgement("+", 0, 20), Judgement("mixed", 22, 46)


@pytest.fixture
def archive(tmp_path):
    for polarity in ("pos", "neg"):
        folder = tmp_path / "aclImdb" / "train" / polarity
        folder.mkdir(parents=True)
        (folder.parent / f"urls_{polarity}.txt").write_text("http://www.imdb.com/title/tt0000001/\n")
        (folder / "0_9.txt").write_text(TEXT)
    return tmp_path / "aclImdb"


def read(**judged):
    return Reading(judged, [(48, 55)])


def row(**changes):
    named = {"identity": "train/pos/0", "digest": digest(TEXT)[:16], "split": "test", "again": None}
    return Gold(**(named | {"first": read(acting=ACTING, story=STORY)} | changes))


def test_what_is_joined_can_be_measured_by(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sentiment.core.measuring.commands.read_gold", lambda: [row(again=read(acting=ACTING))])
    assert main(["gold", "--data", str(archive), "--output", str(tmp_path / "joined.jsonl")]) == 0
    assert "F1 0.667" in capsys.readouterr().out
    (found,) = read_annotated(tmp_path / "joined.jsonl")
    assert (found.example.text, found.example.label, found.example.split) == (TEXT, 1, "test")
    assert found.aspects == {"acting": True, "story": None}
    joined = json.loads((tmp_path / "joined.jsonl").read_text())
    assert [TEXT[j["start"] : j["end"]] for j in joined["judgements"].values()] == [
        "The acting is superb",
        "The plot is thin but fun",
    ]
    assert [TEXT[start:end] for start, end in joined["decisive"]] == ["See it."]


@pytest.mark.parametrize("other", [{"identity": "train/pos/7"}, {"digest": "0" * 16}])
def test_another_text_is_not_joined(archive, other):
    with pytest.raises(DataError, match="does not hold"):
        list(join([row(**other)], archive))


def test_agreement_counts_judgements_their_polarity_and_shared_sentences():
    other = Reading({"acting": Judgement("-", 0, 5), "music": ACTING}, [(0, 20)])
    found = agreement([row(again=read(acting=ACTING, story=STORY)), row(again=other), row()])
    assert found == {"reviews": 2, "judgements": 5, "f1": 0.75, "polarity": pytest.approx(2 / 3), "decisive": 0.5}
    with pytest.raises(DataError, match="read twice"):
        agreement([row()])


def test_the_readings_that_are_kept_are_as_their_card_says():
    rows = read_gold()
    assert [sum(row.split == split for row in rows) for split in ("test", "validation", "learn")] == [200, 200, 2_600]
    assert sum(row.again is not None for row in rows) == 200
    assert len({row.identity for row in rows}) == 3_000
    assert [
        sum("/pos/" in row.identity for row in rows if row.split == s) for s in ("test", "validation", "learn")
    ] == [100, 100, 1_300]
    judged = {aspect for row in rows for aspect in row.first.judgements}
    assert judged == set(ASPECTS)
    assert all(row.first.decisive for row in rows)
    assert "text" not in gold.GOLD.read_text()
