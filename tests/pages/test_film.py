import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from sentiment.labelling.labels import relabel
from sentiment.models import Reading
from sentiment.verdicts.aggregates import refresh
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.movies.models import Movie, Person
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
NOINDEX = '<meta name="robots" content="noindex">'
PAGE = "/film/rear-window/"


@pytest.fixture
def movie():
    return make_movie()


def html(client, **asked):
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def words(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def listed(client, **asked):
    """Primary keys of the reviews in the list, in order, over all its pages."""
    seen, after = [], ""
    while True:
        page = client.get(PAGE, asked | ({"after": after} if after else {})).context["reviews"].page
        seen += [review.pk for review in page]
        if not page.next:
            return seen
        after = page.next


def review_of(movie, number, **fields):
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return make_review(movie, make_member(f"m{number}"), written_at=at, **fields)


def asked_by(markup):
    """The address that the bar asks for again."""
    return unescape(re.search(r'id="film-share" hx-get="([^"]+)"', markup)[1])


class TestFacts:
    def test_all_that_is_known_is_told(self, client, load):
        load(
            {
                "Title": "Rear Window",
                "Year": 1954,
                "Runtime": 112,
                "Rating": "PG",
                "Director": "Ann, Bo",
                "Genre": "Crime",
                "Cast": "Cy",
                "Language": "English",
                "Country": "France, Italy",
                "Metacritic": 0,
                "Meter": 98,
                "BoxOffice": 1234567,
            }
        )
        markup = client.get("/film/rear-window-1954/").content.decode()
        text = words(markup)
        assert "1954 · 112 min · PG · directed by Ann and Bo Crime" in text
        for fact in ("With Cy", "Countries France, Italy", "Metacritic 0 of 100", "Tomatometer 98%", "US $1,234,567"):
            assert fact in text
        assert 'href="/films/?genre=crime"' in markup
        assert Person.objects.get(name="Ann").get_absolute_url() in markup
        assert "<title>Rear Window (1954) · Textflix</title>" in markup
        assert '<link rel="canonical" href="http://testserver/film/rear-window-1954/">' in markup

    def test_absent_facts_leave_no_gap(self, client):
        make_movie(year=None)
        head = html(client)
        assert '<p class="facts">' not in head
        for label in ("Written by", "With", "Language", "Countr", "Tomatometer", "Metacritic", "Box office"):
            assert f"<dt>{label}" not in head

    def test_an_imdb_id_leads_to_the_film_for_good(self, client, movie):
        answer = client.get(f"/film/{movie.imdb_id}/")
        assert (answer.status_code, answer["Location"]) == (301, PAGE)

    @pytest.mark.parametrize("slug", ["nothing-such", "tt0999999", "x" * 500])
    def test_an_unknown_film_is_not_found(self, client, slug):
        assert client.get(f"/film/{slug}/").status_code == 404

    def test_a_film_outside_the_catalogue_is_titled_by_its_id(self, client):
        make_movie("tt0000009", imdb_id="tt0000009", title="tt0000009", year=None, listed=False)
        answer = client.get("/film/tt0000009/")
        assert answer.status_code == 200
        assert "<h1>tt0000009</h1>" in answer.content.decode()
        assert NOINDEX in answer.content.decode()


class TestBar:
    def test_no_reviews(self, client, movie):
        assert "No reviews yet." in html(client)
        assert f'hx-get="{PAGE}bar/' not in html(client)

    def test_few(self, client, movie, judge):
        judge(movie, positive=3, negative=1)
        assert "Too few to tell: 3 positive , 1 negative ." in words(html(client))

    @pytest.mark.parametrize(
        ("counts", "word"),
        [
            ({"positive": 9, "negative": 1}, "Loved"),
            ({"positive": 9, "negative": 2}, "Liked"),
            ({"positive": 8, "negative": 2}, "Probably liked"),
            ({"positive": 52, "negative": 28, "unsure": 8}, "Divided"),
            ({"positive": 5, "negative": 5}, "Divided"),
            ({"positive": 2, "negative": 8}, "Probably disliked"),
            ({"positive": 2, "negative": 9}, "Disliked"),
            ({"positive": 2, "negative": 1, "unsure": 7}, "Hard to tell"),
        ],
    )
    def test_many_with_their_interval(self, client, movie, judge, counts, word):
        judge(movie, **counts)
        assert f"{word}: {counts['positive']} positive" in words(html(client))

    def test_the_share_and_its_interval_in_words(self, client, movie, judge):
        judge(movie, positive=5, negative=5)
        assert "10 reviews · 5 positive (50%, likely 24–76%)" in words(html(client))

    def test_while_reviews_are_being_read_it_says_so_and_asks_until_all_are_read(self, client, movie):
        for number in range(6):
            review_of(movie, number)
        read(Review.objects.first(), 0.9)
        page = html(client)
        assert "5 still being read" in page
        address = asked_by(page)
        assert client.get(address).status_code == 204, "nothing has changed, so nothing is swapped"
        read(Review.objects.last(), 0.9)
        fragment = client.get(address).content.decode()
        assert "4 still being read" in fragment
        assert client.get(asked_by(fragment)).status_code == 204
        for review in Review.objects.order_by("id")[1:5]:
            read(review, 0.9)
        fragment = client.get(address).content.decode()
        assert "6 reviews · 6 positive (100%" in fragment
        assert "hx-get" not in fragment

    def test_an_opened_list_of_what_is_counted_stays_open_while_its_lines_change(self, client, movie):
        review_of(movie, 1)
        read(review_of(movie, 2), 0.9)
        page = html(client)
        share = page[page.index('<div id="film-share"') : page.index("<details")]
        assert share.count("<div") == share.count("</div>")
        read(Review.objects.first(), 0.9)
        fragment = client.get(asked_by(page)).content.decode()
        assert "<details" not in fragment
        assert "2 of them read by an earlier version" in fragment.split('<ul id="film-sources" hx-swap-oob="true">')[1]

    def test_a_film_that_is_gone_is_asked_about_no_more(self, client):
        assert client.get("/film/nowhere/bar/").status_code == 286

    def test_what_could_not_be_read_is_said_and_not_waited_for(self, client, movie):
        for number in range(6):
            review_of(movie, number)
        for review in Review.objects.order_by("pk")[:5]:
            read(review, 0.9)
        Reading.objects.filter(review=Review.objects.last()).update(quarantined_at=timezone.now())
        refresh([movie.pk])
        page = html(client)
        assert "6 reviews · 5 positive of 5 judged (100%, likely 57–100%) · 1 could not be read" in words(page)
        assert "still being read" not in page
        assert f'hx-get="{PAGE}bar/' not in page

    def test_labelled_reviews_that_wait_to_be_read_are_counted_once(self, client, movie):
        waiting = [review_of(movie, number) for number in range(10)]
        relabel([review.pk for review in waiting[:6]], "positive", source="seed")
        assert "10 reviews · 6 positive of 6 judged (100%, likely 61–100%) · 4 still being read" in words(html(client))

    @pytest.mark.parametrize("since", ["0", "1700000000", "-1", "x", "٣", "9" * 10, "9" * 5000, ""])
    def test_it_asks_less_often_after_a_while_and_any_time_is_answered(self, client, movie, since):
        review_of(movie, 1)
        fragment = client.get(f"{PAGE}bar/", {"since": since})
        assert fragment.status_code == 200
        assert ("every 30s" in fragment.content.decode()) == (since in ("0", "1700000000"))

    def test_nothing_judged_yet(self, client, movie):
        review_of(movie, 1)
        assert "1 review, still being read." in html(client)


class TestReviews:
    def test_newest_first_and_imported_ones_after_all_that_have_a_date(self, client, movie):
        imported = make_review(movie, source="aclimdb", external_id="1")
        older, newer = review_of(movie, 1), review_of(movie, 2)
        assert listed(client) == [newer.pk, older.pk, imported.pk]

    def test_most_positive_and_most_negative_with_unread_ones_last(self, client, movie):
        unread, bad, good, fair = (review_of(movie, number) for number in range(4))
        for review, positive in ((bad, 0.1), (good, 0.95), (fair, 0.7)):
            read(review, positive)
        assert listed(client, sort="positive") == [good.pk, fair.pk, bad.pk, unread.pk]
        assert listed(client, sort="negative") == [bad.pk, fair.pk, good.pk, unread.pk]

    def test_a_persons_label_counts_before_the_score(self, client, movie, judge):
        good = read(review_of(movie, 1), 0.6)
        judge(movie, negative=1)
        overruled = Review.objects.get(source="file")
        read(overruled, 0.99)
        assert listed(client, sort="positive") == [good.pk, overruled.pk]

    @pytest.mark.parametrize(
        ("stars", "expected"),
        [("4", [8]), ("3.5", [7]), ("4-5", [8, 10]), ("5-4", [8, 10]), ("0.5-2", [1]), ("", [None, 1, 7, 8, 10])]
        + [(junk, [None, 1, 7, 8, 10]) for junk in ("x", "6", "4.2", "-1", "4-", "\0", "9" * 500, "4-5-6")],
        ids=ascii,
    )
    def test_by_stars(self, client, movie, stars, expected):
        for number, half_stars in enumerate((None, 1, 7, 8, 10)):
            review_of(movie, number, stars=half_stars)
        found = Review.objects.filter(pk__in=listed(client, stars=stars)).values_list("stars", flat=True)
        assert sorted(found, key=lambda half_stars: half_stars or 0) == expected

    @pytest.mark.parametrize("sort", ["newest", "positive", "negative"])
    def test_next_leads_to_every_review_exactly_once(self, client, movie, judge, sort):
        judge(movie, positive=25, negative=10, unsure=5, unread=7)
        for number in range(3):
            read(review_of(movie, number), 0.5)
        seen = listed(client, sort=sort)
        assert len(seen) == 50
        assert len(set(seen)) == 50

    @pytest.mark.parametrize("asked", [{"sort": "x'"}, {"sort": "\0"}, {"sort": "reviews"}, {"unknown": "1"}])
    def test_junk_is_as_if_not_asked(self, client, movie, asked):
        review_of(movie, 1)
        assert len(listed(client, **asked)) == 1

    def test_a_damaged_cursor_is_not_found(self, client, movie):
        assert client.get(PAGE, {"after": "junk"}).status_code == 404

    def test_hidden_ones_are_not_shown(self, client, movie):
        review_of(movie, 1, hidden=True)
        assert listed(client) == []
        assert TEXT not in html(client)

    def test_pages_that_rest_on_imported_reviews_stay_out_of_search_engines_and_say_what_they_are(
        self, client, movie, judge
    ):
        review_of(movie, 1)
        assert NOINDEX not in html(client)
        judge(movie, positive=1)
        assert NOINDEX in html(client)
        assert "reviews imported for evaluation" in html(client)


class TestWriting:
    def test_visitors_are_asked_to_sign_in_and_come_back(self, client, movie):
        page = html(client)
        assert 'href="/accounts/login/?next=/film/rear-window/review/">Sign in to write a review' in page
        assert "<textarea" not in page

    def test_members_find_the_form(self, client, movie):
        client.force_login(make_member())
        page = html(client)
        assert 'action="/film/rear-window/review/"' in page
        assert 'name="text"' in page

    def test_who_has_written_finds_their_review_once_with_a_link_to_edit_it(self, client, movie):
        own = make_review(movie, make_member())
        other = review_of(movie, 1)
        client.force_login(own.author)
        page = html(client)
        assert "<textarea" not in page
        assert f'href="/review/{own.pk}/edit/"' in page
        assert page.count(f'id="review-{own.pk}"') == 1
        assert listed(client) == [other.pk]

    def test_who_wrote_what_was_hidden_is_told(self, client, movie):
        own = make_review(movie, make_member(), hidden=True)
        client.force_login(own.author)
        assert "It was hidden by" in html(client)


@pytest.mark.parametrize("member", [False, True])
def test_queries_do_not_grow_with_the_reviews(client, movie, judge, member, django_assert_max_num_queries):
    judge(movie, positive=30)
    for number in range(5):
        read(review_of(movie, number), 0.9)
    if member:
        client.force_login(Review.objects.exclude(author=None).first().author)
    with django_assert_max_num_queries(14):
        html(client)


def test_only_looking_is_possible(client, movie):
    assert client.post(PAGE).status_code == 405
    assert Movie.objects.count() == 1
