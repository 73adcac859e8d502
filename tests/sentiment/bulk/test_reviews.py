"""Reviews come in bulk exactly once, joined to their films, or not at all."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sentiment.bulk import demo
from sentiment.demo import records
from sentiment.models import Label, MovieSentiment, Reading
from sentiment.worker.scoring import claim
from tests.conftest import PRAISE
from tests.makers import make_member, make_movie, make_review
from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")

FILES = {
    "train/urls_pos.txt": "http://www.imdb.com/title/tt0000001/usercomments\nhttp://www.imdb.com/title/tt0000002/usercomments\n",
    "train/urls_neg.txt": "http://www.imdb.com/title/tt0000001/usercomments\n",
    "train/urls_unsup.txt": "http://www.imdb.com/title/tt0000009/usercomments\n",
    "train/pos/0_9.txt": "Wonderful.<br /><br />Twice, with\ttabs and back\\slashes — naïve?",
    "train/pos/1_7.txt": "Good fun from the first minute to the last.",
    "train/neg/0_2.txt": "Dreadful from the first minute to the last.",
    "train/unsup/0_0.txt": "Nobody has labelled this one, and nobody knows its film.",
}


@pytest.fixture
def films() -> list[Movie]:
    return [make_movie(imdb_id="tt0000001"), make_movie(imdb_id="tt0000002")]


@pytest.fixture(params=["folder", "tar.gz", "tar.xz with the lists last"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "folder":
        for name, text in FILES.items():
            path = tmp_path / "aclImdb" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "aclImdb"
    names = sorted(FILES, key=lambda name: "urls" in name)
    path = tmp_path / "aclImdb.tar"
    with tarfile.open(path, "w:xz" if "xz" in request.param else "w:gz") as out:
        for name in names:
            content = FILES[name].encode()
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return path


def imported(path: Path, *options: str, form: str = "aclimdb") -> str:
    out = io.StringIO()
    call_command("import_reviews", str(path), f"--format={form}", *options, stdout=out)
    return out.getvalue()


def test_the_archive_comes_in_once(archive: Path, films: list[Movie]) -> None:
    assert imported(archive).startswith("4 read, 3 imported, 0 known already, 1 of unknown films skipped")
    assert imported(archive).startswith("4 read, 0 imported, 3 known already, 1 of unknown films skipped")
    review = Review.objects.get(external_id="train/pos/0")
    assert review.text == "Wonderful.\n\nTwice, with\ttabs and back\\slashes — naïve?"
    assert (review.movie, review.author, review.written_at, review.rating) == (films[0], None, None, 4.5)
    assert {label.value for label in Label.objects.filter(source="imported")} == {"positive", "negative"}
    counts = MovieSentiment.objects.get(pk=films[0].pk)
    assert (counts.reviews, counts.imported, counts.positive, counts.movie.for_search_engines) == (2, 2, 0, False)
    assert Reading.objects.filter(live=False, version=None).count() == 3


def test_reviews_of_unknown_films_can_be_kept_out_of_browse(archive: Path, films: list[Movie]) -> None:
    assert imported(archive, "--create-missing").startswith("4 read, 4 imported")
    kept = Movie.objects.get(imdb_id="tt0000009")
    assert (kept.listed, kept.reviews.count(), kept.reviews.get().rating) == (False, 1, None)


def test_a_stopped_import_goes_on_where_it_stopped(archive: Path, films: list[Movie]) -> None:
    imported(archive, "--limit=2")
    before = Review.objects.count()
    imported(archive)
    assert before < Review.objects.count() == 3


def test_what_was_imported_waits_behind_what_people_wait_for(archive, films, version) -> None:
    imported(archive)
    awaited = make_review(films[0], make_member(), text=PRAISE)
    assert [item.review_id for item in claim(version, 8)] == [awaited.pk]


def test_json_lines_and_csv(tmp_path: Path, films: list[Movie]) -> None:
    rows = [{"imdb_id": "tt0000001", "text": "Fine\u2028 really.", "stars": 3.5, "label": "positive"}]
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert imported(path, form="jsonl").startswith("1 read, 1 imported")
    table = tmp_path / "reviews.csv"
    table.write_text('imdb_id,text,stars,external_id\ntt0000002,"Two\nlines, and a comma",,7\n')
    assert imported(table, form="csv").startswith("1 read, 1 imported")
    assert Review.objects.get(external_id="7").text == "Two\nlines, and a comma"


def file_of(imdb_id: str, folder: Path, form: str) -> Path:
    path, row = folder / f"reviews.{form}", {"imdb_id": imdb_id, "text": "Good fun."}
    path.write_text(json.dumps(row) if form == "jsonl" else f"{','.join(row)}\n{','.join(row.values())}\n")
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_ids_are_as_long_as_the_catalogues(form: str, tmp_path: Path) -> None:
    film = make_movie(imdb_id="tt1234567890")
    assert imported(file_of(film.imdb_id, tmp_path, form), form=form).startswith("1 read, 1 imported")
    assert Review.objects.get().movie == film


@pytest.mark.parametrize(("form", "line"), [("csv", 2), ("jsonl", 1)])
@pytest.mark.parametrize("imdb_id", ["tt123456", "tt12345678901"])
def test_shorter_and_longer_ids_are_refused_by_line(imdb_id, form: str, line: int, tmp_path: Path, db: None) -> None:
    path = file_of(imdb_id, tmp_path, form)
    with pytest.raises(CommandError, match=rf"reviews\.{form}, line {line}: imdb_id must look like .*'{imdb_id}'"):
        imported(path, "--create-missing", form=form)
    assert not Movie.objects.exists()


def test_the_archives_films_have_such_ids_too(tmp_path: Path, db: None) -> None:
    (tmp_path / "train" / "pos").mkdir(parents=True)
    (tmp_path / "train" / "urls_pos.txt").write_text("http://www.imdb.com/title/tt12345678901/usercomments\n")
    (tmp_path / "train" / "pos" / "0_9.txt").write_text("Good fun.")
    with pytest.raises(CommandError, match="train/pos/0 is of tt12345678901, which is no IMDb id"):
        imported(tmp_path, "--create-missing")
    assert not Movie.objects.exists()


GOOD = '{"imdb_id": "tt0000001", "text": "Good fun from the first minute to the last."}'


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"imdb_id": "tt1", "text": "short id"}', "imdb_id must look like"),
        ('{"imdb_id": "tt0000001", "text": " "}', "text must be"),
        ('{"imdb_id": "tt0000001", "text": "nul \\u0000"}', "text must be"),
        ('{"imdb_id": "tt0000001", "text": "x", "stars": 6}', "stars must be"),
        ('{"imdb_id": "tt0000001", "text": "x", "stars": 3.3}', "stars must be"),
        ('{"imdb_id": "tt0000001", "text": "x", "stars": "many"}', "stars must be"),
        ('{"imdb_id": "tt0000001", "text": "x", "label": "good"}', "label must be"),
    ],
)
def test_a_bad_line_is_named_and_nothing_comes_in(line: str, complaint: str, tmp_path: Path, films) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(CommandError, match=rf"reviews\.jsonl, line 2: .*{complaint}"):
        imported(path, form="jsonl")
    assert not Review.objects.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path, db: None) -> None:
    path = tmp_path / "aclImdb.tar.gz"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"archive|holds no aclImdb"):
        imported(path)


def test_the_demo_corpus_is_marked_and_brings_only_its_seed_labels() -> None:
    for name in {record["imdb_id"] for record in records()}:
        make_movie(imdb_id=name)
    assert not demo.is_loaded()
    demo.load()
    demo.load()
    assert demo.is_loaded()
    assert (Review.objects.count(), Label.objects.filter(source="seed").count(), Label.objects.count()) == (
        1200,
        500,
        500,
    )
    assert not Review.objects.exclude(source="demo").exists()
    writers = User.objects.all()
    assert len(writers) >= 40
    assert all(writer.is_demo and not writer.has_usable_password() for writer in writers)
    dates = Review.objects.order_by("written_at").values_list("written_at", flat=True)
    assert 600 < (dates.last() - dates.first()).days <= 730
    assert not MovieSentiment.objects.filter(reviews__gt=0, demo=0).exists()
