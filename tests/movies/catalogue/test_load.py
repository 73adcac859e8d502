import gzip
import os
import sqlite3
from contextlib import closing

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests.makers import make_member, make_movie, make_review
from textflix.movies.catalogue.files import BadRow, read_wikidata, wikidata_path
from textflix.movies.models import Credit, Genre, Movie, Person
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db
FILM = {
    "imdbID": "tt0047396",
    "Title": "Rear Window",
    "Year": 1954,
    "Rating": "PG",
    "Runtime": 112.0,
    "Genre": "Crime, Mystery",
    "Director": "Alfred Hitchcock",
    "Writer": "John Michael Hayes, Cornell Woolrich",
    "Cast": "James Stewart, Grace Kelly, James Stewart, Robert Downey, Jr., Thelma Ritter",
    "Language": "English",
    "Country": "United States",
    "Metacritic": 100,
    "Meter": 98,
    "BoxOffice": 36764313.0,
}
OTHER = {"imdbID": "tt0053125", "Title": "North by Northwest", "Year": 1959, "Director": "Alfred Hitchcock"}
HEADER = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres"


@pytest.fixture
def run(capsys):
    """Run the command; what it said on stdout and stderr."""

    def run(*arguments):
        call_command("import_catalogue", *map(str, arguments))
        return capsys.readouterr()

    return run


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Movie, Genre, Person, Credit)]


def open_files():
    return {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}


def names(movie, role):
    return list(movie.credits.filter(role=role).order_by("position").values_list("person__name", flat=True))


class TestFacts:
    def test_every_fact_arrives(self, run, movies_db):
        run(movies_db(FILM))
        film = Movie.objects.get()
        assert (film.title, film.year, film.runtime, film.certificate) == ("Rear Window", 1954, 112, "PG")
        assert (film.languages, film.countries) == (["English"], ["United States"])
        assert (film.tomatometer, film.metacritic, film.box_office) == (98, 100, 36_764_313)
        assert [genre.slug for genre in film.genres.all()] == ["crime", "mystery"]
        assert film.listed

    def test_credits_are_in_order_each_once_and_juniors_keep_their_suffix(self, run, movies_db):
        run(movies_db(FILM))
        film = Movie.objects.get()
        assert names(film, "cast") == ["James Stewart", "Grace Kelly", "Robert Downey Jr.", "Thelma Ritter"]
        assert names(film, "writer") == ["John Michael Hayes", "Cornell Woolrich"]

    def test_absent_facts_stay_absent(self, run, movies_db):
        run(movies_db({"imdbID": "tt0000001", "Title": "Untold"}))
        film = Movie.objects.get()
        assert (film.year, film.runtime, film.certificate, film.languages) == (None, None, "", [])
        assert film.slug == "untold"

    def test_people_and_genres_are_shared(self, run, movies_db):
        run(movies_db(FILM, OTHER))
        assert Person.objects.get(name="Alfred Hitchcock").movies.count() == 2

    def test_the_packaged_catalogue_is_read_whole(self):
        rows = list(read_wikidata(wikidata_path()))
        assert [row for row in rows if isinstance(row, BadRow)] == []
        assert (len(rows), len({row.imdb_id for row in rows})) == (17_472, 17_470)


class TestAgain:
    def test_a_second_run_changes_nothing(self, run, movies_db):
        run(movies_db(FILM, OTHER))
        before = everything()
        assert "0 new, 0 changed, 2 as before" in run(movies_db(FILM, OTHER)).out
        assert everything() == before

    def test_changed_facts_are_brought_up_to_date_and_reviews_and_address_stay(self, run, movies_db):
        run(movies_db(FILM, OTHER))
        film = Movie.objects.get(title="Rear Window")
        review = make_review(film, make_member())
        changed = FILM | {"Title": "Rear Window!", "Year": 1955, "Cast": "Grace Kelly", "Genre": "Crime"}
        assert "0 new, 1 changed, 1 as before" in run(movies_db(changed, OTHER)).out
        now = Movie.objects.get(imdb_id=film.imdb_id)
        assert (now.pk, now.slug, now.title, now.year) == (film.pk, "rear-window-1954", "Rear Window!", 1955)
        assert names(now, "cast") == ["Grace Kelly"]
        assert [genre.name for genre in now.genres.all()] == ["Crime"]
        assert Review.objects.get().pk == review.pk

    def test_what_was_altered_by_hand_is_put_right(self, run, movies_db):
        run(movies_db(FILM))
        Movie.objects.update(title="Rare Widow")
        run(movies_db(FILM))
        assert Movie.objects.get().title == "Rear Window"

    def test_a_film_known_by_its_id_alone_becomes_listed_and_keeps_its_reviews(self, run, movies_db):
        untitled = make_movie("tt0047396", imdb_id="tt0047396", title="tt0047396", year=None, listed=False)
        make_review(untitled, source="aclimdb", external_id="1")
        run(movies_db(FILM))
        film = Movie.objects.get()
        assert (film.pk, film.listed, film.title, film.slug) == (untitled.pk, True, "Rear Window", "rear-window-1954")
        assert film.reviews.count() == 1

    def test_a_genre_is_one_however_it_is_spelt(self, run, movies_db):
        rows = [FILM | {"Genre": "Sci-Fi, ???"}, OTHER | {"Genre": "Sci-fi, !!!"}]
        run(movies_db(*rows))
        assert [genre.slug for genre in Genre.objects.all()] == ["sci-fi"]
        assert Genre.objects.get().movies.count() == 2
        assert "2 as before" in run(movies_db(*rows)).out

    def test_films_of_no_catalogue_are_left_alone(self, run, movies_db):
        make_movie("a-film-of-ours", imdb_id="tt9999999", title="A film of ours")
        run(movies_db(FILM))
        assert Movie.objects.filter(slug="a-film-of-ours", listed=True).exists()


class TestSlugs:
    @pytest.mark.parametrize(
        ("title", "slug"),
        [
            ("Amélie", "amelie-2001"),
            ("Schindler’s List", "schindlers-list-2001"),
            ("Smørrebrød & Œufs", "smorrebrod-oeufs-2001"),
            ("三", "film-2001"),
            ("℀" * 300, "ac" * 50 + "-2001"),
            ("x" * 300, "x" * 100 + "-2001"),
        ],
    )
    def test_title_and_year_without_accents(self, run, movies_db, title, slug):
        run(movies_db({"imdbID": "tt0000001", "Title": title, "Year": 2001}))
        assert Movie.objects.get().slug == slug

    def test_films_of_one_title_and_year_have_different_ones_whichever_comes_first(self, run, movies_db):
        twins = [{"imdbID": f"tt000000{n}", "Title": "Twins", "Year": 1988} for n in (1, 2, 3)]
        run(movies_db(twins[1]))
        run(movies_db(*twins))
        slugs = dict(Movie.objects.values_list("imdb_id", "slug"))
        assert slugs["tt0000002"] == "twins-1988"
        assert slugs["tt0000001"] == "twins-1988-tt0000001"
        assert slugs["tt0000003"] == "twins-1988-tt0000003"


class TestBadRows:
    def test_each_is_named_by_its_line_and_skipped(self, run, movies_db):
        said = run(
            movies_db(
                FILM,
                {"imdbID": "nm0000033", "Title": "A person"},
                {"imdbID": "tt0000002", "Title": "  "},
                {"imdbID": "tt0000003", "Title": "From the future", "Year": 20140},
                {"imdbID": "tt0000004", "Title": "Endless", "Runtime": -3},
                {"imdbID": "tt0000005", "Title": "x" * 301},
                {"imdbID": "tt0000006", "Title": "N\0ll"},
                {"imdbID": "tt0000007", "Title": "A dynasty", "Cast": "Al" + ", Jr." * 60},
                {"imdbID": "tt0047396\n", "Title": "A line too much"},
                FILM | {"Title": "The same again"},
                OTHER,
            )
        )
        lines = said.err.splitlines()
        assert [line.split(":")[0] for line in lines] == [f"line {n}" for n in range(2, 11)]
        reasons = ["IMDb id", "title", "year", "runtime", "301", "UTF-8", "cast", "IMDb id", "line 1"]
        assert [reason in line for line, reason in zip(lines, reasons, strict=True)] == [True] * 9
        assert "2 films" in said.out
        assert "9 rows skipped" in said.out
        assert set(Movie.objects.values_list("title", flat=True)) == {"Rear Window", "North by Northwest"}

    def test_broken_text_costs_its_row_alone(self, run, movies_db):
        path = movies_db(FILM, OTHER)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE omdb SET Title = CAST(x'ff41' AS TEXT) WHERE ID = 1")
        assert "line 1: the title is not valid UTF-8 text" in run(path).err
        assert [film.title for film in Movie.objects.all()] == ["North by Northwest"]


class TestNothingToRead:
    @pytest.mark.parametrize("source", ["wikidata", "imdb"])
    def test_a_missing_file_is_named(self, run, tmp_path, source):
        with pytest.raises(CommandError, match=r"nowhere: no such file"):
            run(tmp_path / "nowhere", "--source", source)

    def test_another_layout_is_named(self, run, tmp_path):
        path = tmp_path / "notes.txt"
        path.write_text("tconst\ttitle\n" * 3)
        with pytest.raises(CommandError, match=r"notes.txt: not a database"):
            run(path)
        with pytest.raises(CommandError, match=r"notes.txt, line 1: the columns"):
            run("--source", "imdb", path)

    def test_a_file_of_bad_rows_alone_is_an_error(self, run, movies_db):
        with pytest.raises(CommandError, match="none of its 1 rows is a film"):
            run(movies_db({"imdbID": "x", "Title": "y"}))

    def test_imdb_needs_a_path(self, run):
        with pytest.raises(CommandError, match="needs the PATH"):
            run("--source", "imdb")


class TestInterrupted:
    @pytest.mark.parametrize("source", ["wikidata", "imdb"])
    def test_the_file_is_closed_before_the_error_is_told(self, run, movies_db, tmp_path, monkeypatch, source):
        def store(films):
            raise OperationalError("the connection is gone")

        monkeypatch.setattr("textflix.movies.catalogue.load.CHUNK", 1)
        monkeypatch.setattr("textflix.movies.catalogue.load.store", store)
        path = tmp_path / "title.basics.tsv"
        path.write_text("\n".join(TestImdb.LINES))
        path = movies_db(FILM, OTHER) if source == "wikidata" else path
        with pytest.raises(OperationalError, match="gone") as held:
            run("--source", source, path)
        assert str(path) not in open_files(), held


class TestImdb:
    LINES = (
        HEADER,
        "tt0000001\tshort\tCarmencita\tCarmencita\t0\t1894\t\\N\t1\tDocumentary,Short",
        "tt0047396\tmovie\tRear Window\tRear Window\t0\t1954\t\\N\t112\tMystery,Thriller",
        "tt0000003\tmovie\tNot for here\tNot for here\t1\t1990\t\\N\t80\tAdult",
        'tt0000004\ttvMovie\t"Quoted" title\tx\t0\t\\N\t\\N\t\\N\t\\N',
        "tt0000005\tmovie\ttoo few",
    )

    @pytest.fixture(params=["plain", "gz"])
    def path(self, request, tmp_path):
        content = "\n".join(self.LINES).encode() + b"\ntt0000006\tmovie\t\xff\xfe\tx\t0\t2000\t\\N\t90\tDrama\n"
        path = tmp_path / f"title.basics.tsv.{request.param}"
        path.write_bytes(gzip.compress(content) if request.param == "gz" else content)
        return path

    def test_films_are_taken_and_all_else_is_left(self, run, path):
        said = run("--source", "imdb", path)
        assert dict(Movie.objects.values_list("slug", "title")) == {
            "rear-window-1954": "Rear Window",
            "quoted-title": '"Quoted" title',
        }
        film = Movie.objects.get(slug="rear-window-1954")
        assert (film.runtime, [genre.name for genre in film.genres.all()]) == (112, ["Mystery", "Thriller"])
        assert [line.split(":")[0] for line in said.err.splitlines()] == ["line 6", "line 7"]

    def test_what_it_does_not_say_stays_as_another_catalogue_said_it(self, run, movies_db, path):
        run(movies_db(FILM))
        run("--source", "imdb", path)
        film = Movie.objects.get(imdb_id="tt0047396")
        assert names(film, "director") == ["Alfred Hitchcock"]
        assert (film.certificate, film.languages, film.metacritic) == ("PG", ["English"], 100)
        assert [genre.name for genre in film.genres.all()] == ["Mystery", "Thriller"]

    def test_a_cut_off_archive_says_how_far_it_was_read(self, run, tmp_path):
        path = tmp_path / "cut.tsv.gz"
        path.write_bytes(gzip.compress("\n".join(self.LINES).encode())[:-12])
        with pytest.raises(CommandError, match=r"cut.tsv.gz, after line \d+: cannot be read further"):
            run("--source", "imdb", path)
