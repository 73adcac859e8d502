import tarfile

import pytest

from sentiment.core.corpus.aclimdb import read_aclimdb
from sentiment.core.corpus.data import DataError


@pytest.fixture
def folder(tmp_path):
    train = tmp_path / "aclImdb" / "train"
    for polarity, stars in [("pos", 10), ("neg", 1), ("unsup", 0)]:
        (train / polarity).mkdir(parents=True)
        (train / f"urls_{polarity}.txt").write_text(
            "".join(f"http://www.imdb.com/title/tt000000{n}/\n" for n in (1, 2))
        )
        for number in (0, 1):
            (train / polarity / f"{number}_{stars}.txt").write_text(f"A {polarity} film.<br />Number {number}.")
    return tmp_path / "aclImdb"


def test_a_folder_and_its_archives_hold_the_same_reviews(folder, tmp_path):
    wanted = sorted(read_aclimdb(folder), key=lambda example: example.identity)
    assert [example.identity for example in wanted] == [
        f"train/{polarity}/{n}" for polarity in ("neg", "pos", "unsup") for n in (0, 1)
    ]
    assert [example.label for example in wanted] == [0, 0, 1, 1, None, None]
    assert [example.stars for example in wanted] == [0.5, 0.5, 5, 5, None, None]
    assert {example.group for example in wanted} == {"tt0000001", "tt0000002"}
    for suffix in ("gz", "xz"):
        path = tmp_path / f"acl.tar.{suffix}"
        with tarfile.open(path, f"w:{suffix}") as archive:
            archive.add(folder, "aclImdb")
        assert sorted(read_aclimdb(path), key=lambda example: example.identity) == wanted


def test_what_cannot_be_read_is_named(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no aclImdb reviews"):
        list(read_aclimdb(tmp_path / "empty"))
    with pytest.raises(DataError, match="not a readable archive"):
        list(read_aclimdb(tmp_path / "absent"))
    (folder / "train" / "urls_neg.txt").write_text("http://www.imdb.com/title/tt0000001/\n")
    with pytest.raises(DataError, match=r"urls_neg\.txt has no line 2 for 1_1\.txt"):
        list(read_aclimdb(folder))
    (folder / "train" / "urls_neg.txt").write_text("no film\n")
    with pytest.raises(DataError, match=r"urls_neg\.txt, line 1: no IMDb id"):
        list(read_aclimdb(folder))
    (folder / "train" / "urls_neg.txt").unlink()
    with pytest.raises(DataError, match=r"no train/urls_neg\.txt"):
        list(read_aclimdb(folder))
