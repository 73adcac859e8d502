"""People's pages: their films by what they did, and what all reviews of these say together."""

import pytest

from textflix.movies.models import Movie, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(load, judge):
    load(
        {"Title": "First", "Year": 1990, "Director": "Ann Lee", "Cast": "Ann Lee, Bo"},
        {"Title": "Second", "Year": 2000, "Director": "Ann Lee"},
        {"Title": "Third", "Year": 1995, "Director": "Bo", "Writer": "Ann Lee"},
    )
    judge(Movie.objects.get(title="First"), positive=3, negative=1)
    judge(Movie.objects.get(title="Second"), negative=2)
    return Person.objects.get(name="Ann Lee")


def test_films_stand_under_what_was_done_in_them_the_newest_first(client, ann):
    works = client.get(ann.get_absolute_url()).context["works"]
    titles = [(work.title, [film.title for film in work.films]) for work in works]
    assert titles == [("Directed", ["Second", "First"]), ("Wrote", ["Third"]), ("Acted in", ["First"])]


def test_each_review_counts_once_whatever_they_did_in_the_film(client, ann):
    assert client.get(ann.get_absolute_url()).context["totals"] == {"positive": 3, "negative": 3, "unsure": 0}


def test_an_old_or_wrong_name_in_the_address_leads_to_the_right_one(client, ann):
    answer = client.get(f"/person/{ann.pk}-somebody-else/")
    assert (answer.status_code, answer["Location"]) == (301, f"/person/{ann.pk}-ann-lee/")
    assert client.get("/person/999999-nobody/").status_code == 404


def test_a_name_without_latin_letters_has_a_page(client, load):
    load({"Title": "Film", "Director": "黒澤明"})
    assert client.get(Person.objects.get(name="黒澤明").get_absolute_url()).status_code == 200


def test_directors_are_listed_by_the_reviews_of_their_films(client, ann):
    rows = client.get("/people/").context["people"]
    assert [(person.name, person.films, sides["positive"], sides["negative"]) for person, sides in rows] == [
        ("Ann Lee", 2, 3, 3)
    ]


def test_a_films_page_leads_to_its_people(client, ann):
    assert (
        f'href="{ann.get_absolute_url()}"'
        in client.get(Movie.objects.get(title="Third").get_absolute_url()).content.decode()
    )


def test_queries_do_not_grow_with_the_films(client, ann, load, judge, django_assert_max_num_queries):
    load(*({"Title": f"Film {n}", "Director": "Ann Lee"} for n in range(20)))
    for movie in Movie.objects.all():
        judge(movie, positive=1)
    for address in (ann.get_absolute_url(), "/people/"):
        with django_assert_max_num_queries(7):
            client.get(address)
