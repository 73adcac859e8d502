import pytest
from django.http import QueryDict

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
