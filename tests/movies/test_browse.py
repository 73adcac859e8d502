import random
import re

import pytest
from django.utils import timezone

from sentiment.models import MovieAspect, Reading
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read
from textflix.movies.models import Movie
from textflix.pages import site_figures

pytestmark = pytest.mark.django_db
SORTS = ["reviews", "positive", "negative", "divided", "newest", "title"]


def titles(client, address="/films/", **asked):
    return [film.title for film in client.get(address, asked).context["page"]]


def walk(client, **asked):
    """Every film's title, by following "next" from the first page on."""
    seen, after = [], ""
    while True:
        page = client.get("/films/", asked | ({"after": after} if after else {})).context["page"]
        seen += [film.title for film in page]
        if not page.next:
            return seen
        after = page.next


class TestOrder:
    @pytest.fixture(autouse=True)
    def films(self, judge):
        for title, year, counts in (
            ("One of one", 2001, {"positive": 1}),
            ("Loved by many", 1999, {"positive": 95, "negative": 5}),
            ("None of one", 2003, {"negative": 1}),
            ("Hated by many", 1980, {"positive": 4, "negative": 60}),
            ("Divided", 1990, {"positive": 30, "negative": 30}),
            ("Split by two", 1991, {"positive": 1, "negative": 1}),
            ("Unread", 1970, {"unread": 2}),
        ):
            judge(make_movie(title.lower().replace(" ", "-"), title=title, year=year), **counts)
        make_movie("alone", title="Alone", year=2010)
        make_movie("undated", title="Undated", year=None)

    def test_most_reviews_come_first_and_films_without_any_last(self, client):
        order = titles(client)
        assert order[:3] == ["Loved by many", "Hated by many", "Divided"]
        assert set(order[-2:]) == {"Alone", "Undated"}

    def test_one_of_one_never_beats_95_of_100(self, client):
        order = titles(client, sort="positive")
        assert order[0] == "Loved by many"
        assert order.index("One of one") > order.index("Divided")

    def test_one_pan_never_beats_sixty(self, client):
        order = titles(client, sort="negative")
        assert order[0] == "Hated by many"
        assert order.index("None of one") > order.index("Divided")

    def test_the_most_divided_have_both_sides_and_many_beat_two(self, client):
        assert titles(client, sort="divided")[:2] == ["Divided", "Split by two"]

    def test_newest_by_year_and_undated_last(self, client):
        order = titles(client, sort="newest")
        assert order[:2] == ["Alone", "None of one"]
        assert order[-1] == "Undated"

    def test_titles_in_alphabetical_order(self, client):
        order = titles(client, sort="title")
        assert order == sorted(order, key=str.lower)

    @pytest.mark.parametrize("sort", SORTS)
    def test_every_order_holds_every_film(self, client, sort):
        assert len(set(titles(client, sort=sort))) == 9


class TestPages:
    @pytest.fixture(autouse=True)
    def films(self, load, judge):
        """Sixty films with many ties and gaps: equal titles, years and figures, no year, no reviews."""
        chance = random.Random(7)
        load(*({"Title": f"{'AÉz'[n % 3]} {n:02}", "Year": chance.choice([None, 1990, 1991])} for n in range(60)))
        for movie in Movie.objects.order_by("pk")[:24]:
            judge(movie, positive=chance.randrange(3), negative=chance.randrange(3), unread=chance.randrange(2))

    @pytest.mark.parametrize("sort", SORTS)
    def test_next_leads_to_every_film_exactly_once(self, client, sort):
        seen = walk(client, sort=sort)
        assert len(seen) == 60
        assert len(set(seen)) == 60

    def test_each_page_holds_24(self, client):
        assert len(titles(client)) == 24

    def test_films_that_come_in_while_reading_shift_nothing(self, client, judge):
        first = client.get("/films/").context["page"]
        newcomer = make_movie("newcomer", title="Newcomer", imdb_id="tt9999999")
        judge(newcomer, positive=50)
        second = titles(client, after=first.next)
        assert not {film.title for film in first} & set(second)
        assert "Newcomer" not in second

    def test_the_links_lead_on_and_back_and_keep_what_was_asked(self, client):
        html = client.get("/films/", {"decade": "1990", "sort": "title"}).content.decode()
        onward = re.search(r'rel="next" href="([^"]+)"', html)[1].replace("&amp;", "&")
        second = client.get(onward)
        assert second.context["form"].order == "title"
        assert {film.year // 10 for film in second.context["page"]} == {199}
        assert 'href="/films/?sort=title&amp;decade=1990">First page' in second.content.decode()

    @pytest.mark.parametrize("cursor", ["x", "1", ":", "W10:abc", "é", "\0", "a" * 5000, "WzAsIDFd:" + "A" * 43])
    def test_a_cursor_that_is_not_ours_is_not_found(self, client, cursor):
        answer = client.get("/films/", {"after": cursor})
        assert answer.status_code == 404
        assert "nothing at this address" in answer.content.decode()

    def test_a_cursor_of_another_order_is_not_followed(self, client):
        cursor = client.get("/films/", {"sort": "title"}).context["page"].next
        assert client.get("/films/", {"sort": "newest", "after": cursor}).status_code == 404


class TestFilters:
    @pytest.fixture(autouse=True)
    def films(self, load):
        load(
            {"Title": "A", "Year": 1989, "Genre": "Drama, War", "Language": "French, English", "Country": "France"},
            {"Title": "B", "Year": 1990, "Genre": "Drama", "Language": "English"},
            {"Title": "C", "Year": 1999, "Genre": "Comedy", "Language": "French"},
            {"Title": "D", "Year": None, "Genre": "", "Language": ""},
        )
        make_movie("hidden", imdb_id="tt9999999", title="tt9999999", year=1990, listed=False)

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"genre": "drama"}, "AB"),
            ({"decade": "1990"}, "BC"),
            ({"language": "French"}, "AC"),
            ({"country": "France"}, "A"),
            ({"genre": "drama", "decade": "1990"}, "B"),
            ({"genre": "drama", "decade": "1980", "language": "French"}, "A"),
            ({"genre": "comedy", "language": "English"}, ""),
            ({"q": "b", "genre": "drama"}, "B"),
        ],
    )
    def test_they_narrow_down_together(self, client, asked, expected):
        assert sorted(titles(client, **asked)) == list(expected)

    @pytest.mark.parametrize(
        "asked",
        [
            {"genre": "nothing-such"},
            {"decade": "199"},
            {"decade": "-1"},
            {"decade": "9" * 400},
            {"decade": "1990'"},
            {"sort": "password"},
            {"sort": "-id; DROP"},
            {"sort": "relevance"},
            {"genre": "\0"},
            {"language": "\0"},
            {"language": "x" * 61},
            {"genre": ["a", "b"], "unknown": "1"},
        ],
        ids=ascii,
    )
    def test_what_makes_no_sense_is_as_if_it_had_not_been_asked(self, client, asked):
        assert sorted(titles(client, **asked)) == list("ABCD")

    def test_a_language_that_no_film_has_finds_none_and_says_so(self, client):
        assert "No film" in client.get("/films/", {"language": "Klingon"}).content.decode()

    def options(self, client, facet, **asked):
        """A facet's choices with their counts, and which is chosen."""
        html = client.get("/films/", asked).content.decode()
        select = html.split(f'<select name="{facet}">')[1].split("</select>")[0]
        found = re.findall(r'<option value="([^"]+)"( selected)?>[^·<]*(?: · ([0-9,]+))?<', select)
        return {value: int(n) if n else None for value, _, n in found}, [value for value, chosen, _ in found if chosen]

    def test_each_choice_says_how_many_films_it_would_leave(self, client):
        assert self.options(client, "genre") == ({"comedy": 1, "drama": 2, "war": 1}, [])
        assert self.options(client, "decade") == ({"1990": 2, "1980": 1}, [])
        assert self.options(client, "genre", language="French") == ({"comedy": 1, "drama": 1, "war": 1}, [])

    def test_a_choice_that_was_made_does_not_hide_the_others_of_its_kind(self, client):
        assert self.options(client, "genre", genre="war") == ({"comedy": 1, "drama": 2, "war": 1}, ["war"])
        assert self.options(client, "language", genre="war") == ({"English": 1, "French": 1}, [])

    def test_a_choice_that_leaves_nothing_stays_chosen(self, client):
        assert self.options(client, "language", language="Klingon")[1] == ["Klingon"]

    def test_a_rare_language_that_was_chosen_is_counted_too(self, client, load, monkeypatch):
        monkeypatch.setattr("textflix.movies.facets.LONGEST", 1)
        assert self.options(client, "language", language="French") == ({"English": 2, "French": 2}, ["French"])

    def test_being_praised_is_counted_apart_from_being_criticised(self, client):
        for title, sides in (("A", {"acting": "praised", "story": "faulted"}), ("B", {"music": "praised"})):
            for aspect, side in sides.items():
                MovieAspect.objects.create(
                    movie=Movie.objects.get(title=title), aspect=aspect, side=side, positive=3, negative=3,
                    praise=[], criticism=[], praise_low=0, criticism_low=0,
                )  # fmt: skip
        praised, _ = self.options(client, "praised", criticised="story")
        assert {name: n for name, n in praised.items() if n} == {"acting": 1}

    def test_a_search_counts_what_it_finds_itself(self, client, load):
        load({"Title": "Bee", "Year": 1990, "Genre": "Drama, War", "Language": "French"})
        assert self.options(client, "genre", q="bee") == ({"drama": 1, "war": 1}, [])
        assert self.options(client, "language", q="bee", genre="war") == ({"French": 1}, [])
        assert self.options(client, "genre", q="bee", genre="comedy") == (
            {"comedy": 0, "drama": 1, "war": 1},
            ["comedy"],
        )
        assert self.options(client, "genre")[0]["drama"] == 3, "what a search counted is not kept for others"

    def test_narrowing_a_search_only_takes_films_away(self, client, load):
        load(*({"Title": f"Star {n}", "Year": 1990, "Genre": "Drama"} for n in range(6)))
        load({"Title": "Stark", "Year": 1990, "Genre": "War"}, {"Title": "Stars", "Year": 1990, "Genre": "War"})
        for text in ("star", "stra"):
            assert set(titles(client, q=text, genre="war")) <= set(titles(client, q=text))

    @pytest.mark.usefixtures("nothing_is_off")
    def test_films_are_found_by_what_they_are_praised_and_criticised_for(self, client):
        for title, positive, negative in (("A", 7, 1), ("B", 1, 7), ("C", 3, 0)):
            movie = Movie.objects.get(title=title)
            for n in range(positive + negative):
                review = read(make_review(movie, make_member(f"{title}{n}")), 0.9)
                side = 0.9 if n < positive else 0.1
                review.reading.score.mentions.create(aspect="acting", start=0, end=10, positive=side)
                settle([review.pk])
            refresh([movie.pk])
        assert titles(client, praised="acting") == ["A"]
        assert titles(client, criticised="acting") == ["B"]
        assert titles(client, praised="acting", criticised="acting") == []
        assert self.options(client, "praised") == ({"acting": 1}, [])
        assert self.options(client, "genre", criticised="acting") == ({"drama": 1}, [])


class TestCards:
    def card(self, client):
        html = client.get("/films/").content.decode()
        return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<article") : html.index("</article>")]).split())

    def test_all_facts(self, client, load):
        load({"Title": "Rear Window", "Year": 1954, "Runtime": 112, "Rating": "PG", "Director": "A. Hitchcock"})
        assert self.card(client) == "Rear Window 1954 · 112 min · PG · A. Hitchcock No reviews yet"

    @pytest.mark.parametrize(
        ("facts", "shown"),
        [
            ({}, "X No reviews yet"),
            ({"Year": 1954}, "X 1954 No reviews yet"),
            ({"Runtime": 90, "Director": "Ann"}, "X 90 min · Ann No reviews yet"),
            ({"Director": "Ann"}, "X Ann No reviews yet"),
            ({"Director": "Ann, Bo, Cy, Di"}, "X Ann, Bo, Cy and others No reviews yet"),
        ],
    )
    def test_absent_facts_leave_no_gap(self, client, load, facts, shown):
        load({"Title": "X"} | facts)
        assert self.card(client) == shown

    def test_the_bar_in_words(self, client, load, judge):
        load({"Title": "X"})
        judge(Movie.objects.get(), positive=24, negative=6)
        assert self.card(client) == "X 30 reviews · 24 positive (80%)"


class TestHome:
    def home(self, client):
        """The home page once a sweep has been over what has happened."""
        site_figures.renew()
        return client.get("/").content.decode()

    def test_totals_and_what_is_still_being_read(self, client, judge):
        movie = make_movie()
        read(make_review(movie, make_member()), 0.9)
        judge(movie, unread=3)
        html = self.home(client)
        assert "1 review read so far" in html
        assert "3 reviews still being read" in html
        assert "3 of 4 were written for the demo or imported for evaluation" in html

    def test_what_could_not_be_read_is_not_called_still_being_read(self, client):
        review = make_review(make_movie(), make_member())
        Reading.objects.update(quarantined_at=timezone.now())
        refresh([review.movie_id])
        html = self.home(client)
        assert "1 could not be read" in html
        assert "still being read" not in html

    def test_an_empty_site_is_a_page_too(self, client):
        assert client.get("/").status_code == 200

    def test_search_engines_stay_out_while_it_rests_on_imported_reviews(self, client, judge):
        robots = '<meta name="robots" content="noindex">'
        movie = make_movie()
        assert robots not in self.home(client)
        judge(movie, positive=1)
        assert robots in self.home(client)
        assert robots in client.get("/films/").content.decode()

    @pytest.mark.parametrize("address", ["/", "/films/", "/films/?q=film&genre=drama"])
    @pytest.mark.parametrize("member", [False, True])
    def test_queries_do_not_grow_with_the_films(
        self, client, load, judge, address, member, django_assert_max_num_queries
    ):
        load(*({"Title": f"Film {n}", "Director": "Ann, Bo", "Genre": "Drama"} for n in range(30)))
        for movie in Movie.objects.all():
            judge(movie, positive=1)
        if member:
            client.force_login(make_member())
        with django_assert_max_num_queries(15):
            client.get(address)
        # What a search leaves is counted each time, what all films leave is kept for a while.
        with django_assert_max_num_queries({"/": 11, "/films/": 8}.get(address, 9)):
            client.get(address)
