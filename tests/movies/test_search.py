import re

import pytest
from django.http import QueryDict

from tests.makers import make_movie
from textflix.movies.forms import BrowseForm

pytestmark = pytest.mark.django_db
HOSTILE = [
    "\0",
    "god\0father",
    "' OR 1=1 --",
    '"',
    "\\",
    "a & | ! ( ) : * <-> \\ %_",
    "!!!",
    ":*",
    "%",
    "_",
    "🎬",
    "\u200b",
    "ʹ",
    "½",
    "＆｜",
    "\u202e\u0301",
    "x" * 100_000,
    "the " * 10_000,
    "<script>alert(1)</script>",
    "{{ 7 }}",
    "\r\n\t",
    "\x7f\x01",
]


@pytest.fixture(autouse=True)
def films(load):
    load(
        {"Title": "The Godfather", "Year": 1972, "Director": "Francis Ford Coppola", "Cast": "Al Pacino"},
        {"Title": "The Godfather Part II", "Year": 1974, "Director": "Francis Ford Coppola", "Cast": "Al Pacino"},
        {"Title": "Rear Window", "Year": 1954, "Director": "Alfred Hitchcock", "Cast": "Grace Kelly"},
        {"Title": "Hitchcock", "Year": 2012, "Director": "Sacha Gervasi", "Cast": "Anthony Hopkins"},
        {"Title": "Amélie", "Year": 2001, "Director": "Jean-Pierre Jeunet", "Cast": "Audrey Tautou"},
        {"Title": "Schindler's List", "Year": 1993, "Director": "Steven Spielberg", "Cast": "Liam Neeson"},
        {"Title": "Spider-Man", "Year": 2002, "Director": "Sam Raimi", "Writer": "David Koepp"},
        {"Title": "Alien", "Year": 1979, "Director": "Ridley Scott"},
        {"Title": "Aliens", "Year": 1986, "Director": "James Cameron"},
    )


def found(text):
    form = BrowseForm(QueryDict(mutable=True) | {"q": text})
    return [film.title for film in form.keyset.page(form.films(), "", 24)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("godfather", "The Godfather"),
        ("GODFATHER  the", "The Godfather"),
        ("godfahter", "The Godfather"),
        ("the godfther", "The Godfather"),
        ("amelie", "Amélie"),
        ("Amélie", "Amélie"),
        ("schindlers list", "Schindler's List"),
        ("Schindler’s", "Schindler's List"),
        ("spider man", "Spider-Man"),
        ("tautou", "Amélie"),
        ("audrey tatou", "Amélie"),
        ("koepp", "Spider-Man"),
        ("spielber", "Schindler's List"),
        ("godfather pacino", "The Godfather"),
    ],
)
def test_titles_and_people_are_found_with_accents_and_typos_or_without(text, first):
    assert found(text)[0] == first


def test_a_misspelt_director_brings_their_films():
    assert set(found("hitchkock")) == {"Hitchcock", "Rear Window"}


def test_the_title_itself_comes_before_titles_that_begin_so_and_those_before_people():
    assert found("alien") == ["Alien", "Aliens"]
    assert found("hitchcock") == ["Hitchcock", "Rear Window"]


def test_among_equals_the_one_with_more_reviews_comes_first(judge):
    from textflix.movies.models import Movie

    judge(Movie.objects.get(title="The Godfather Part II"), positive=2)
    assert found("coppola") == ["The Godfather Part II", "The Godfather"]


def test_what_nothing_is_like_finds_nothing():
    assert found("zzyzx qwertz") == []


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_any_input_is_answered(client, text):
    answer = client.get("/films/", {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_films_outside_the_catalogue_are_not_found(client, load):
    from textflix.movies.models import Movie

    Movie.objects.filter(title="Alien").update(listed=False)
    assert found("alien") == ["Aliens"]


def test_results_go_on_over_pages(client, load):
    load(*({"Title": f"Sequel {n}", "Director": "Nobody Else"} for n in range(60)))
    seen, address = [], "/films/?q=nobody+else"
    while address:
        page = client.get(address).context["page"]
        seen += [film.title for film in page]
        address = page.next and f"/films/?q=nobody+else&after={page.next}"
    assert len(seen) == len(set(seen)) == 60


class TestSuggestions:
    def suggested(self, client, text):
        html = client.get("/films/suggest/", {"q": text}).content.decode()
        return re.findall(r'<a role="option"[^>]+ href="/(film|person)/[^"]+">([^<]+)</a>', html)

    def test_what_is_typed_so_far_is_completed(self, client):
        make_movie("zebra", title="Zebra Crossing")
        make_movie("gone", title="Zebra Crossings", listed=False)
        assert self.suggested(client, "zebra cr") == [("film", "Zebra Crossing (1954)")]

    @pytest.mark.parametrize(
        ("text", "person"),
        [
            ("hitchkock", "Alfred Hitchcock"),
            ("hitch", "Alfred Hitchcock"),
            ("audrey tatou", "Audrey Tautou"),
            ("coppola", "Francis Ford Coppola"),
        ],
    )
    def test_people_are_suggested_with_typos_or_unfinished(self, client, text, person):
        assert ("person", person) in self.suggested(client, text)

    def test_typos_and_accents_do_not_keep_films_away(self, client):
        assert ("film", "Amélie (2001)") in self.suggested(client, "amelei")
        assert ("film", "Rear Window (1954)") in self.suggested(client, "hitchkock")

    def test_who_is_called_something_else_is_not_suggested(self, client):
        assert [name for kind, name in self.suggested(client, "pacino") if kind == "person"] == ["Al Pacino"]
        assert [kind for kind, _ in self.suggested(client, "godfather")] == ["film", "film"]

    def test_it_takes_few_queries(self, client, django_assert_max_num_queries):
        for text in ("hitchkock", "the"):
            with django_assert_max_num_queries(3):
                client.get("/films/suggest/", {"q": text})

    @pytest.mark.parametrize("text", ["", "r", "  ", "%", "\0", "zzzzqqq", *HOSTILE], ids=ascii)
    def test_little_or_nothing_suggests_nothing_and_anything_is_answered(self, client, text):
        make_movie("zebra", title="Zebra Crossing")
        answer = client.get("/films/suggest/", {"q": text})
        assert answer.status_code == 200
        assert "Zebra" not in answer.content.decode()

    def test_titles_stay_text(self, client):
        make_movie("payload", title='"><script>alert(1)</script>')
        answer = client.get("/films/suggest/", {"q": "script"}).content.decode()
        assert "<script" not in answer
        assert "&lt;script&gt;" in answer


def test_a_search_lists_the_people_it_promises(client):
    page = client.get("/films/?q=hitchkock").content.decode()
    assert "Films and people like “hitchkock”" in page
    assert re.search(r'<a href="/person/\d+-alfred-hitchcock/">Alfred Hitchcock</a>', page)
    assert "Grace Kelly</a>" not in page
    assert 'aria-label="People of these films"' not in client.get("/films/").content.decode()


def test_without_scripts_the_search_is_a_form(client):
    page = client.get("/films/").content.decode()
    form = page.split('<form role="search"')[1].split("</form>")[0]
    assert 'action="/films/"' in form
    assert 'name="q"' in form
    assert "combobox" not in form
    assert "datalist" not in page
